"""Giving to a stick: only what is not known to lie there, atomically, and tidied up.

Rules: files are written whole before the memory of them is, and old ones go last, so that a
stick that is pulled out at any moment holds all that it held, and what is remembered lies there.
A file is deleted only where it is, byte for byte, one that this device wrote. Names are random
and numbers: they say neither whose it is nor when it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from lumbre.carriers.file import SUFFIX, read_whole, remove_file, write_file
from lumbre.errors import Refused
from lumbre.node.carrying import sealed_bundles
from lumbre.node.node import Node
from lumbre.node.spaces import Space
from lumbre.node.sticks import (
    ID_BYTES,
    Chain,
    Step,
    Stick,
    carriers_of,
    digest_of,
    is_readable,
    known_on,
    recall,
    remember,
)
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES

ID_FILE: Final = "lumbre-stick.id"
_PREFIX_BYTES: Final = 4


class Given(msgspec.Struct):
    """What was written: files with their sizes; none where all of it lay there already."""

    files: list[tuple[str, int]] = []

    @property
    def size_bytes(self) -> int:
        """All together."""
        return sum(size for _, size in self.files)


def give(folder: Path, node: Node, space: Space, *, whole: bool = False) -> Given:
    """Write what a stick lacks of a space; `whole` writes all of it anew."""
    stick = recall(node.log, _stick_id(folder, node))
    chain = stick.chain(space.id)
    held = [] if chain is None else _held(folder, chain.steps)
    if chain is None or whole or not held or not is_readable(chain, space):
        prefix = f"lumbre-{node.random.bytes(_PREFIX_BYTES).hex()}"
        old = [] if chain is None else chain.steps + chain.replaced
        chain, held = Chain(space.id, prefix, carriers_of(space), [], old), []
    else:
        chain.replaced += [step for step in chain.steps if step not in held]
        chain.steps = held
    given = _write(folder, node, space, stick, chain)
    if given.files:
        _tidy(folder, node, stick, chain)
    return given


def give_to(folder: Path, node: Node, space: Space, known: dict[bytes, int]) -> Given:
    """Write what one receiver lacks. The stick is not taken to hold what came before it."""
    prefix = f"lumbre-{node.random.bytes(_PREFIX_BYTES).hex()}"
    given = Given()
    for number, data in enumerate(sealed_bundles(node, space, known)):
        path = write_file(folder, f"{prefix}-{number:04}{SUFFIX}", [data])
        given.files.append((path.name, len(data)))
    return given


def _stick_id(folder: Path, node: Node) -> bytes:
    """The id on a stick, made where there is none."""
    with suppress(Refused, ValueError):
        found = bytes.fromhex(read_whole(folder, ID_FILE, 4 * ID_BYTES).decode("ascii").strip())
        if len(found) == ID_BYTES:
            return found
    made = node.random.bytes(ID_BYTES)
    write_file(folder, ID_FILE, [made.hex().encode() + b"\n"])
    return made


def _held(folder: Path, steps: Iterable[Step]) -> list[Step]:
    """The steps up to the first that does not lie there as it was written."""
    held = []
    for step in steps:
        if not _lies_there(folder, step):
            break
        held.append(step)
    return held


def _lies_there(folder: Path, step: Step) -> bool:
    try:
        data = read_whole(folder, step.name, SEALED_MAX_BYTES)
    except Refused:
        return False
    return len(data) == step.size_bytes and digest_of(data) == step.digest


def _write(folder: Path, node: Node, space: Space, stick: Stick, chain: Chain) -> Given:
    """Write the next steps of a chain, and remember them."""
    before = chain.steps[-1].arrival if chain.steps else 0
    until = node.log.last_arrival()
    given = Given()
    fresh: list[Step] = []
    for data in sealed_bundles(node, space, known_on(node, space, chain.steps)):
        name = f"{chain.prefix}-{chain.next_number:04}{SUFFIX}"
        chain.next_number += 1
        write_file(folder, name, [data])
        # Only with its last file does a step hold all of what it was made of.
        fresh.append(Step(name, len(data), digest_of(data), before))
        given.files.append((name, len(data)))
    if fresh:
        fresh[-1] = msgspec.structs.replace(fresh[-1], arrival=until)
        chain.steps = chain.steps + fresh
        stick.put(chain)
        remember(node.log, stick)
    return given


def _tidy(folder: Path, node: Node, stick: Stick, chain: Chain) -> None:
    """Delete what a chain replaced."""
    for step in chain.replaced:
        if _lies_there(folder, step):
            remove_file(folder, step.name)
    if chain.replaced:
        chain.replaced = []
        stick.put(chain)
        remember(node.log, stick)
