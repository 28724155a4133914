"""An engine over ports (clock, randomness, disk, wire): what every carrier and page talks to."""
