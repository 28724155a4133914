"""The signed record: canonical bytes, headers, logs, keys, seals. Pure.

Rules: nothing here reads a clock, a disk or randomness; bytes from outside come in by
`read_segment` and nowhere else; every failure on them is `Refused`.
"""

from lumbre.record.entry import NO_ENTRY, OPEN, START, Entry, Header, Tip
from lumbre.record.keys import SigningKey, is_signed
from lumbre.record.log import NO_SPACE, Lane, LogName, Mention, Ref
from lumbre.record.media import MediaName
from lumbre.record.seal import Envelope, Sealed
from lumbre.record.segment import read_segment, write_segment
from lumbre.record.writer import Writer

__all__ = [
    "NO_ENTRY",
    "NO_SPACE",
    "OPEN",
    "START",
    "Entry",
    "Envelope",
    "Header",
    "Lane",
    "LogName",
    "MediaName",
    "Mention",
    "Ref",
    "Sealed",
    "SigningKey",
    "Tip",
    "Writer",
    "is_signed",
    "read_segment",
    "write_segment",
]
