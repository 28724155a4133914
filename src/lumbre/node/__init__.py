"""An engine over ports (clock, randomness, disks): what every carrier and page talks to."""
