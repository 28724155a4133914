"""Frozen bytes of format version 1: a bundle that every later version must read alike.

`python -m tests.attacks.frozen` writes the state that this version folds from it. The bundle
itself is never written again: a change of the format gets a bundle of its own beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

from lumbre.sync.bundle import BundleReader, write_bundle
from tests.ledger.test_ledger import history
from tests.world import Device

FOLDER = Path(__file__).parent / "fixtures"
BUNDLE = FOLDER / "v1.lumbre"
FACTS = FOLDER / "v1.json"


def segments() -> list[bytes]:
    """The segments of the frozen bundle."""
    reader = BundleReader()
    found = list(reader.feed(BUNDLE.read_bytes()))
    assert reader.is_whole
    return found


def facts() -> dict[str, str]:
    """Space, epochs' secrets, and the state that was folded when the bundle was frozen."""
    return json.loads(FACTS.read_text(encoding="utf-8"))


def read(parts: list[bytes]) -> Device:
    """A device that took in these segments, with the keys of the frozen space."""
    told = facts()
    device = Device("reader of frozen bytes")
    device.space = bytes.fromhex(told["space"])
    device.node.add_space(device.space)
    for epoch, secret in told["epochs"].items():
        device.node.learn_epoch(device.space, bytes.fromhex(epoch), bytes.fromhex(secret))
    while device.node.take(parts).new:
        pass
    return device


def freeze() -> None:
    """Write the bundle, once, and the facts."""
    if not BUNDLE.exists():
        world = history(2026)
        world.meet_all()
        FOLDER.mkdir(exist_ok=True)
        BUNDLE.write_bytes(b"".join(write_bundle(world.founder.node.give(world.space))))
        epochs = {
            id_[32:].hex(): secret.hex() for id_, secret in world.founder.private.secrets("epoch")
        }
        FACTS.write_text(json.dumps({"space": world.space.hex(), "epochs": epochs}))
    told = facts()
    told["state"] = read(segments()).hash().hex()
    FACTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    freeze()
