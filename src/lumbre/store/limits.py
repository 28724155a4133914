"""Caps and settings of the store, each with the reason for its number."""

from __future__ import annotations

from typing import Final

from lumbre.record.limits import SEQ_MAX

SEQ_BITS: Final = 40
assert 1 << SEQ_BITS == SEQ_MAX + 1

# A row's key is (branch number, seq) in one signed 64-bit integer: 63 - SEQ_BITS bits are
# left for the number, a log for each of a million people eight times over.
BRANCH_NUMBER_MAX: Final = 2 ** (63 - SEQ_BITS) - 1

# Written once, at creation. 4 KiB is what disks and the page cache move at once; with 8 KiB a
# commit of one entry wrote twice the bytes and bulk inserts gained 10 %.
PAGE_BYTES: Final = 4096

# A page cache of 4 MiB holds the inner pages of the trees of ten million entries.
CACHE_KIB: Final = 4096

# Where the write-ahead log is folded into the file by `tend`, which the node calls when it is
# idle: about 4 MiB, what an SD card writes in a second.
WAL_TEND_PAGES: Final = 1000

# Where a commit folds it itself, so that it never outgrows the disk: about 64 MiB.
WAL_MOST_PAGES: Final = 16_384

# Rows fetched at a time by readers: about 100 kB of ordinary entries.
READ_ROWS: Final = 256

# Logs whose branches are kept in memory: about 1 kB each.
CACHED_LOGS_MAX: Final = 4096

# A view's row is at most a few bodies; a value past this is a bug, not data.
VALUE_MAX_BYTES: Final = 16 * 1024 * 1024

# Pieces of media are up to 256 KiB: with 32 KiB pages they are read 1.6 times as fast as with
# 4 KiB ones, and a small one wastes little.
MEDIA_PAGE_BYTES: Final = 32 * 1024

# Read-only media are copied to memory: half of what a board with 4 GiB has.
MEMORY_COPY_MAX_BYTES: Final = 2 * 1024**3

# What one key takes: a household's or an office's people at one laptop. Each is tried in turn,
# at no cost beside the one Argon2id run.
SLOTS_MAX: Final = 64

# The least that makes sense for something that a person remembers; the board suggests six words.
PASSPHRASE_MIN_CHARS: Final = 8
PASSPHRASE_MAX_BYTES: Final = 1024

# Argon2id for passphrases: twice the memory of the second option that RFC 9106 recommends
# (3 passes, 64 MiB), which a board with 1 GiB can still spare while it runs.
ARGON2_PASSES: Final = 3
ARGON2_MEMORY_BYTES: Final = 128 * 1024**2

# A key file from elsewhere may ask for this much and no more: a laptop's patience.
ARGON2_PASSES_MAX: Final = 16
ARGON2_MEMORY_MAX_BYTES: Final = 1024**3

# A file of slots or a sealed secret: SLOTS_MAX slots of about 150 bytes.
KEY_FILE_MAX_BYTES: Final = 64 * 1024

# Notes of what happened, kept for whoever repairs a node: days of an ordinary node, in little.
EVENTS_FILE_BYTES: Final = 256 * 1024
EVENTS_FILES: Final = 4

# Pages copied between two looks at what else there is to do: 4 MiB, some milliseconds.
COPY_STEP_PAGES: Final = 1024

# Below this a node should say that the disk is nearly full: room to write on for a week.
FREE_LEAST_BYTES: Final = 64 * 1024**2

# Findings that a report lists; past them it says how many more there are.
FINDINGS_MAX: Final = 100

# Frontiers that are remembered, so that a record by somebody who had the same still says what
# it says after this device moved on: two months of a meeting a day.
FRONTIERS_MAX: Final = 64

# Arrivals that the census looks through for logs that moved lately: many times what one record
# has room for.
MOVED_ARRIVALS_MAX: Final = 4096
