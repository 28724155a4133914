"""One `admit`, three verdicts, folds and the state hash. Pure; kinds are handed in."""

from lumbre.ledger.keep import surplus
from lumbre.ledger.ledger import Ledger
from lumbre.ledger.link import Linked, Linker, Run
from lumbre.ledger.memory import MemoryBook, MemoryTables
from lumbre.ledger.ports import Book, Tables
from lumbre.ledger.rebuild import replay
from lumbre.ledger.verdict import ACCEPTED, Outcome, Verdict

__all__ = [
    "ACCEPTED",
    "Book",
    "Ledger",
    "Linked",
    "Linker",
    "MemoryBook",
    "MemoryTables",
    "Outcome",
    "Run",
    "Tables",
    "Verdict",
    "replay",
    "surplus",
]
