"""`python -m bench [--list] [ONLY=a,b]`: measure, one JSON line for each figure."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench import harness

USAGE = "usage: python -m bench [--list] [ONLY=name,name]"


def load_figures() -> None:
    """Import every module of the package, so that each registers its figures."""
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name != "__main__":
            importlib.import_module(f"bench.{module.name}")


def main(arguments: list[str], registry: harness.Registry = harness.REGISTRY) -> int:
    """Run the command; 2 means that it was asked for something it does not have."""
    only: list[str] = []
    listing = False
    for argument in arguments:
        if argument == "--list":
            listing = True
        elif argument.startswith("ONLY="):
            only += [name for name in argument.removeprefix("ONLY=").split(",") if name]
        else:
            print(USAGE, file=sys.stderr)
            return 2
    try:
        figures = registry.chosen(only)
    except harness.UnknownFigureError as error:
        print(error, file=sys.stderr)
        return 2
    if listing:
        for one in figures:
            print(f"{one.name} [{one.unit}]")
        return 0
    commit, machine = harness.commit(), harness.machine()
    for one in figures:
        try:
            for reading in one.read():
                print(harness.as_line(reading, commit, machine), flush=True)
        except harness.SkippedError as error:
            line = harness.as_skipped_line(one.name, str(error), commit, machine)
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    load_figures()
    sys.exit(main(sys.argv[1:]))
