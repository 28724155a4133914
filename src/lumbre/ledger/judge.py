"""The second and third verdicts: content and right. They decide what counts.

Content is a fact about an entry and what it refers to: form, lane, depth, targets, the
kind's own check. Once every reference has been judged it never changes. Right hangs on the
acts of trust that are known, and may change; then the author's facts are moved.

An entry waits for: the entry before it in its log, each reference, its body, its key. An
entry of the urgent lane that stands above a gap waits like others, and is listed so that a
board can show it with "earlier entries missing".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from lumbre.errors import Refused
from lumbre.ledger import verdict as v
from lumbre.ledger.ports import Book, Tables
from lumbre.ledger.verdict import Outcome, Verdict
from lumbre.record import canonical
from lumbre.record.branch import Branch
from lumbre.record.entry import OPEN, Entry
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, fields_of
from lumbre.schema.kind import REF_KEY_BYTES, Kind, ref_key, ref_of
from lumbre.schema.registry import Decoded, Registry

Opener = Callable[[Entry], bytes | None]
"""The plain body of a sealed entry, or None while its key is missing; `Refused` if it is bad."""

_VERDICT: Final = "verdict"
_WAITER: Final = "waiter"
_JUDGED: Final = "judged"
# Decoded bodies that others may refer to, twice: about 1 kB each, a few days of a commune.
_TARGETS_MAX: Final = 8192


class Target(msgspec.Struct, frozen=True, gc=False):
    """What the judge remembers of an entry that others refer to."""

    depth: int
    body: Body | None


class Judge:
    """Content verdicts, kept in `tables` as exceptions."""

    def __init__(self, registry: Registry, book: Book, tables: Tables, opener: Opener) -> None:
        self._registry = registry
        self._book = book
        self._tables = tables
        self._opener = opener
        self._targets: dict[Ref, Target] = {}
        self._older_targets: dict[Ref, Target] = {}
        self._decoder = msgspec.msgpack.Decoder(Verdict)
        # Beside the table: a scan for each entry that lets others go costs what is buffered.
        self._awaited: dict[bytes, set[bytes]] = {}
        for key, _ in tables.scan(_WAITER):
            self._awaited.setdefault(key[:REF_KEY_BYTES], set()).add(key[REF_KEY_BYTES:])
        self._exceptions = {key for key, _ in tables.scan(_VERDICT)}
        self._points_to = {
            kind.record: _targets_of(kind, registry) for kind in registry.kinds.values()
        }

    def exception(self, ref: Ref) -> Verdict | None:
        """The recorded verdict of an entry, or None where it is accepted (or not here)."""
        if not self._exceptions or (key := ref_key(ref)) not in self._exceptions:
            return None
        stored = self._tables.get(_VERDICT, key)
        return None if stored is None else self._decoder.decode(stored)

    def exceptions(self) -> Iterator[tuple[bytes, Verdict]]:
        """Every recorded verdict, by key of entry."""
        for key, stored in self._tables.scan(_VERDICT):
            yield key, self._decoder.decode(stored)

    def record(self, ref: Ref, verdict: Verdict) -> Verdict:
        """Keep a verdict that is not an acceptance."""
        key = ref_key(ref)
        self._exceptions.add(key)
        self._tables.put(_VERDICT, key, canonical.encode(verdict))
        return verdict

    def forget(self, ref: Ref) -> None:
        """Take back what was recorded of an entry: it is accepted now."""
        if self._exceptions and (key := ref_key(ref)) in self._exceptions:
            self._exceptions.discard(key)
            self._tables.put(_VERDICT, key, None)

    def find(self, ref: Ref) -> tuple[Branch, Entry] | None:
        """The entry that a reference names, and the branch that holds it."""
        for branch in self._book.branches(ref.log):
            if branch.first_seq <= ref.seq <= branch.tip.seq:
                entry = self._book.entry(branch.number, ref.seq)
                if entry is not None and entry.id == ref.hash:
                    return branch, entry
        return None

    def before(self, entry: Entry) -> int | None:
        """Effective depth of the entry before, or None while that is not judged."""
        if entry.seq == 0:
            return 0
        target = self.target(self._previous(entry))
        return None if target is None else target.depth

    def target(self, ref: Ref) -> Target | None:
        """What a reference stands on, or None while that has not arrived or waits itself."""
        found = self._targets.get(ref)
        if found is not None:
            return found
        found = self._older_targets.get(ref)
        if found is not None:
            return self.remember(ref, found)
        held = self.find(ref)
        if held is None or ref.seq > self.judged_seq(held[0]):
            return None
        noted = self.exception(ref)
        if noted is not None and noted.outcome is Outcome.WAITING:
            return None
        entry = held[1]
        body = None
        if noted is None or not noted.reason.startswith("content."):
            data = self.plain(entry)
            body = self._registry.decode(data).body if data is not None else None
        return self.remember(ref, Target(noted.depth if noted else entry.depth, body))

    def remember(self, ref: Ref, target: Target) -> Target:
        """Keep a target at hand; those that nobody asked for in a while go."""
        self._targets[ref] = target
        if len(self._targets) > _TARGETS_MAX:
            self._older_targets, self._targets = self._targets, {}
        return target

    def judged_seq(self, branch: Branch) -> int:
        """Up to which seq a branch has been judged; before its first, one less than that."""
        stored = self._tables.get(_JUDGED, branch.number.to_bytes(8, "big"))
        return branch.first_seq - 1 if stored is None else int.from_bytes(stored, "big")

    def cut(self, branch: Branch, entry: Entry) -> None:
        """Forget all about an entry whose branch is no longer kept, and about what follows it."""
        ref = entry.ref
        self.forget(ref)
        self._targets.pop(ref, None)
        self._older_targets.pop(ref, None)
        self.go_back(branch, entry.seq - 1)

    def set_judged(self, branch: Branch, seq: int) -> None:
        """Note that a branch has been judged up to `seq`, if it was not before."""
        if seq > self.judged_seq(branch):
            self._tables.put(_JUDGED, branch.number.to_bytes(8, "big"), seq.to_bytes(8, "big"))

    def go_back(self, branch: Branch, seq: int) -> None:
        """Note that a branch has been judged up to `seq` and no further."""
        if seq < self.judged_seq(branch):
            value = seq.to_bytes(8, "big") if seq >= branch.first_seq else None
            self._tables.put(_JUDGED, branch.number.to_bytes(8, "big"), value)

    def plain(self, entry: Entry) -> bytes | None:
        """The body as it was before sealing; None where it is absent or its key is."""
        if entry.key_id == OPEN or entry.body is None:
            return entry.body
        return self._opener(entry)

    def content(self, entry: Entry, depth_before: int | None) -> Decoded | Verdict | Ref:
        """Whether an entry's content is valid: what it says, or why not.

        A reference is what has to be judged before: the entry before it, or one that it names.
        """
        if depth_before is None:
            return self._previous(entry)
        if entry.body is None:
            return Verdict(Outcome.WAITING, v.WAITS_FOR_BODY)
        try:
            data = entry.body if entry.key_id == OPEN else self._opener(entry)
            if data is None:
                return Verdict(Outcome.WAITING, v.WAITS_FOR_KEY)
            decoded = self._registry.decode(data)
        except Refused as error:
            reason = error.message_id.replace("refused.", "content.", 1)
            return Verdict(Outcome.WITHOUT_EFFECT, reason, depth_before + 1)
        depth = depth_before
        targets: dict[Ref, Body] = {}
        for ref in decoded.refs:
            target = self._targets.get(ref) or self.target(ref)
            if target is None:
                return ref
            if target.depth > depth:
                depth = target.depth
            if target.body is not None:
                targets[ref] = target.body
        depth += 1
        wrong = self._reason(entry, decoded, depth, targets)
        return decoded if wrong is None else Verdict(Outcome.WITHOUT_EFFECT, wrong, depth)

    def _reason(
        self, entry: Entry, decoded: Decoded, depth: int, targets: dict[Ref, Body]
    ) -> str | None:
        kind, body = decoded.kind, decoded.body
        if entry.depth != depth:
            return v.BAD_DEPTH
        if kind is None or body is None:
            return v.UNKNOWN_KIND
        if kind.lane is not entry.name.lane:
            return v.BAD_LANE
        if decoded.refs:
            for field, allowed in self._points_to[kind.record]:
                for ref in _refs_of(getattr(body, field)):
                    if targets.get(ref).__class__ not in allowed:
                        return v.WRONG_TARGET
        return kind.check(body, targets, entry.name.author) if kind.check else None

    @staticmethod
    def _previous(entry: Entry) -> Ref:
        return Ref(entry.log, entry.seq - 1, entry.prev)

    def wait(self, entry: Entry, target: Ref) -> Verdict:
        """Note that an entry waits for another."""
        is_previous = target == self._previous(entry)
        reason = v.WAITS_FOR_PREVIOUS if is_previous else v.WAITS_FOR_REFERENCE
        key, waiter = ref_key(target), ref_key(entry.ref)
        self._awaited.setdefault(key, set()).add(waiter)
        self._tables.put(_WAITER, key + waiter, b"")
        return self.record(entry.ref, Verdict(Outcome.WAITING, reason))

    def behind(self, keys: Iterable[bytes]) -> set[bytes]:
        """Keys of these entries, and of all that wait for them or for what does."""
        found: set[bytes] = set()
        left = list(keys)
        while left:
            key = left.pop()
            if key not in found:
                found.add(key)
                left += self._awaited.get(key, ())
        return found

    @property
    def is_awaited(self) -> bool:
        """Whether anything waits for an entry at all."""
        return bool(self._awaited)

    def again(self, entry: Entry) -> Decoded | None:
        """What an entry says whose content was found valid; None for all others."""
        noted = self.exception(entry.ref)
        if noted is not None and not noted.reason.startswith("right."):
            return None
        data = self.plain(entry)
        return None if data is None else self._registry.decode(data)

    def peek(self, entry: Entry) -> Body | None:
        """What an entry says, without judging it; None where it cannot be read."""
        try:
            data = self.plain(entry)
            return None if data is None else self._registry.decode(data).body
        except Refused:
            return None

    def refs_of(self, entry: Entry) -> tuple[Ref, ...]:
        """The references in a body whose content is not valid, as far as it can be read."""
        try:
            data = self.plain(entry)
            return () if data is None else self._registry.decode(data).refs
        except Refused:
            return ()

    def act(self, entry: Entry) -> tuple[Body | None, tuple[Ref, ...]] | None:
        """An act of trust that was judged: its body (None: not valid) and references."""
        judged = self.again(entry)
        if judged is not None:
            return judged.body, judged.refs
        noted = self.exception(entry.ref)
        if noted is None or noted.outcome is Outcome.WAITING:
            return None
        return None, self.refs_of(entry)

    def is_ancestor(self, entry: Entry, of: Ref) -> bool:
        """Whether `entry` is the entry that `of` names, or comes before it on its branch."""
        held = self.find(of)
        if held is None or entry.seq > of.seq:
            return False
        branches = {branch.number: branch for branch in self._book.branches(of.log)}
        branch = held[0]
        while entry.seq < branch.first_seq:
            if branch.parent is None:
                return False
            branch = branches[branch.parent]
        there = self._book.entry(branch.number, entry.seq)
        return there is not None and there.id == entry.id

    def release(self, ref: Ref) -> list[Ref]:
        """The entries that waited for this one; they wait no longer for it."""
        key = ref_key(ref)
        waiting = sorted(self._awaited.pop(key, ()))
        for waiter in waiting:
            self._tables.put(_WAITER, key + waiter, None)
        return [ref_of(waiter) for waiter in waiting]


def _targets_of(kind: Kind, registry: Registry) -> tuple[tuple[str, frozenset[type[Body]]], ...]:
    """Which fields of a kind are references, and the records that they may lead to."""
    known = registry.kinds
    return tuple(
        (f.name, frozenset(known[name].record for name in f.points_to if name in known))
        for f in fields_of(kind.record)
        if f.base is Ref and f.points_to
    )


def _refs_of(value: object) -> Sequence[Ref]:
    if value is None:
        return ()
    return (value,) if isinstance(value, Ref) else value  # type: ignore[return-value]
