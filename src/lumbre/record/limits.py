"""Caps on what comes from outside, each with the reason for its number.

They are checked before anything is parsed. Raising one is a change of the format: an older
node refuses what a newer one writes.
"""

from __future__ import annotations

from typing import Final

FORMAT_VERSION: Final = 1

# One screen of text with its references fits many times; media travels as pieces, not bodies.
BODY_MAX_BYTES: Final = 64 * 1024

# A mark (signed header) is at most this far away, so that a proof of one entry, and what an
# interrupted meeting loses, stay small.
MARK_MAX_ENTRIES: Final = 256
MARK_MAX_BYTES: Final = 64 * 1024

# A segment is read whole in memory: a phone's or a Raspberry Pi's share of one read. It has
# room for one body that crosses MARK_MAX_BYTES and for the marks around it.
SEGMENT_MAX_BYTES: Final = 1024 * 1024
SEGMENT_MAX_ENTRIES: Final = 4096

# Header sizes vary by some bytes with the size of their integers; in a log's running total
# each counts the same, so that the total does not depend on itself.
HEADER_COST_BYTES: Final = 128
# Ten fields with the greatest integers that the bounds below allow.
HEADER_MAX_BYTES: Final = 151

# 2^40 entries in a log are 10^4 entries a second for three years; the store packs the number
# of the branch above it in one 64-bit integer.
SEQ_MAX: Final = 2**40 - 1
# JSON and JavaScript hold integers up to 2^53 exactly.
DEPTH_MAX: Final = 2**53 - 1
WALL_MAX_S: Final = 2**40
TOTAL_MAX_BYTES: Final = 2**53 - 1

# Ordinary nesting is three deep: body, list of references, reference.
NESTING_MAX: Final = 8

# A fork is repaired by closing the key; until then each branch costs what a log costs.
BRANCHES_MAX: Final = 8

# Pieces of media are small enough for a phone's upload form and a bad radio.
PIECE_MAX_BYTES: Final = 256 * 1024
MEDIA_MAX_BYTES: Final = 2**32
# The greatest medium in the greatest pieces. A list of hashes is half a MiB, hashed once.
PIECES_MAX: Final = 2**14

# What a slow mesh radio carries in one packet, with room for its own address.
RADIO_FRAME_MAX_BYTES: Final = 200
# The frame's parts: signature 64, prev 32, salt and tag 24, header, padded body.
RADIO_HEADER_MAX_BYTES: Final = 24
RADIO_PADDED_MAX_BYTES: Final = 56
# Without the id byte and the padding's first byte.
RADIO_BODY_MAX_BYTES: Final = RADIO_PADDED_MAX_BYTES - 2
# A reference by radio: a tag may collide (the signature, or the hash beside it, decides);
# 8 bytes of hash are beyond chance, and who makes two entries alike harms his own log only.
RADIO_TAG_BYTES: Final = 4
RADIO_HASH_BYTES: Final = 8
# Its greatest seq takes 5 bytes; an urgent log never comes near.
RADIO_SEQ_MAX: Final = 2**32 - 1

HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEY_ID_BYTES: Final = 4
SALT_BYTES: Final = 8
