"""The command line: on top of everything, it wires the floors together and imports lazily.

`main` is what the program `lumbre` runs. Each command is a function in a module of its own,
imported when it is called. Text for people comes from the catalogues only.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends the process with the exit code."""
    from lumbre.cli.run import run

    raise SystemExit(run(arguments))


__all__ = ["main"]
