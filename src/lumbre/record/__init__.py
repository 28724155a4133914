"""The signed record: canonical bytes, headers, logs, keys, seals. Pure.

Rules: nothing here reads a clock, a disk or randomness; bytes from outside come in by
`read_segment` or `read_frame` and nowhere else; every failure on them is `Refused`.
"""

from lumbre.record.entry import NO_ENTRY, OPEN, START, Entry, Header, Tip, read_header
from lumbre.record.keys import SigningKey, is_signed
from lumbre.record.log import NO_SPACE, Lane, LogName, Mention, Ref
from lumbre.record.media import MediaName
from lumbre.record.radio import RadioRef, radio_frame_bytes, read_frame, write_frame
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
    "RadioRef",
    "Ref",
    "Sealed",
    "SigningKey",
    "Tip",
    "Writer",
    "is_signed",
    "radio_frame_bytes",
    "read_frame",
    "read_header",
    "read_segment",
    "write_frame",
    "write_segment",
]
