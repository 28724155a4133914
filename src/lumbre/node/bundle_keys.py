"""Bundle keys beside the log: what lets a locked device open the bundles that it takes in.

A bundle key is derived from an epoch's secret (`lumbre.record.epoch`). It opens bundles and
nothing else: headers, and bodies that are sealed once more. The log, which a key on the same
disk opens, shows as much to who holds the device.
"""

from __future__ import annotations

from typing import Final

from lumbre.node.ports import LogDisk
from lumbre.node.spaces import Space
from lumbre.record.limits import HASH_BYTES, KEY_BYTES

_META: Final = "bundle-keys"
_ROW_BYTES: Final = HASH_BYTES + KEY_BYTES


def bundle_keys(log: LogDisk, space: bytes) -> dict[bytes, bytes]:
    """The bundle keys of a space that lie beside the log, by epoch."""
    rows = log.meta(f"{_META}/{space.hex()}") or b""
    return {
        rows[at : at + HASH_BYTES]: rows[at + HASH_BYTES : at + _ROW_BYTES]
        for at in range(0, len(rows), _ROW_BYTES)
    }


def keep_bundle_keys(log: LogDisk, space: Space) -> None:
    """Put the bundle keys of the epochs that a space knows beside the log."""
    kept = bundle_keys(log, space.id)
    known = space.bundle_keys()
    if known.keys() - kept.keys():
        rows = b"".join(epoch + key for epoch, key in sorted((kept | known).items()))
        log.set_meta(f"{_META}/{space.id.hex()}", rows)
