"""`python -m bench.peers install`: fetch the peers by their lock file."""

from __future__ import annotations

import sys

from bench.harness import SkippedError
from bench.peers.install import ensure_installed

USAGE = "usage: python -m bench.peers install"


def main(arguments: list[str]) -> int:
    """Run the command; 1 means that something is missing, 2 that it was asked otherwise."""
    if arguments != ["install"]:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        ensure_installed()
    except SkippedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
