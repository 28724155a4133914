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
