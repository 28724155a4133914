"""Prints docs/KINDS.md: `python -m lumbre.kinds > docs/KINDS.md`."""

from __future__ import annotations

import sys

from lumbre.kinds import DOMAINS
from lumbre.kinds.document import document

if __name__ == "__main__":
    sys.stdout.write(document(DOMAINS))
