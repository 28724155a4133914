"""The ledger of one space: entries in, verdicts and views out.

`admit` is the one place where an entry comes to count. It gets entries whose link holds (see
`link`), in any order between logs, and each branch in its own order; it gives each a verdict
and folds what counts. `flush` derives the views of everything since the last one.

The state is a function of the set of entries: the same in any order of arrival, folded as
they come or from scratch (P2). What it does not do: store entries, choose keys, read clocks.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from lumbre.ledger import verdict as v
from lumbre.ledger.fold import Folds, Place, place_of
from lumbre.ledger.judge import Judge, Opener, Target
from lumbre.ledger.link import Run
from lumbre.ledger.ports import Book, Tables
from lumbre.ledger.verdict import ACCEPTED, Outcome, Verdict
from lumbre.record.branch import Branch
from lumbre.record.canonical import encode
from lumbre.record.entry import Entry
from lumbre.record.limits import DEPTH_MAX
from lumbre.record.log import NO_SPACE, Lane, LogName, Ref
from lumbre.schema.fields import Body
from lumbre.schema.kind import Fact, Kind, Standing, ref_key, ref_of
from lumbre.schema.registry import Decoded, Registry
from lumbre.schema.roles import Role
from lumbre.trust import Act, AuthorRight, Rights, Trust, grant_bytes
from lumbre.trust.acts import AFTER_MAX


class Ledger:
    """One space's verdicts and views over `book` and `tables`. Not shared between threads."""

    def __init__(
        self, space: bytes, registry: Registry, book: Book, tables: Tables, opener: Opener
    ) -> None:
        self.space = space
        self._book = book
        self.folds = Folds(registry, tables, self._fact_at)
        self.judge = Judge(registry, book, tables, opener)
        self._trust = Trust(space)
        self._rights = self._trust.rights()
        self._are_acts_new = False
        self._authors: dict[bytes, AuthorRight | None] = {}
        self._acts: dict[bytes, Ref] = {}
        self._heads: dict[bytes, Entry] = {}
        self._last_acts: dict[bytes, tuple[int, Ref]] = {}
        self._load_acts()
        # The tables were folded under these very rights: nothing has to stand again.
        self._rights = self._trust.rights()
        self._are_acts_new = False

    def _load_acts(self) -> None:
        """Replay the acts that were admitted before."""
        names = [name for name in self._book.logs(self.space) if name.lane is Lane.TRUST]
        names += self._book.logs(NO_SPACE)
        found = []
        for name in names:
            for branch in self._book.branches(name.id):
                last = self.judge.judged_seq(branch)
                found += list(self._book.entries(branch.number, branch.first_seq, last))
        for entry in sorted(found, key=lambda entry: (entry.depth, entry.id)):
            act = self.judge.act(entry)
            if act is not None and (entry.name.space != NO_SPACE or entry.id == self.space):
                self._add_act(Act(entry, *act))

    @property
    def rights(self) -> Rights:
        """Who may do what, as of the last `flush`."""
        return self._rights

    def act_ref(self, id_: bytes) -> Ref | None:
        """The reference to an act of trust, by its id."""
        return self._acts.get(id_)

    def trust_heads(self) -> list[Ref]:
        """What a new act names as known, the most needed last: acts that no other stands on.

        Where there are more than one act names, each steward's last act goes before all others:
        else whoever admits a crowd could keep what stewards decided out of every new act's past.
        """
        ordered = sorted(self._heads.values(), key=lambda entry: (entry.depth, entry.id))
        heads = [entry.ref for entry in ordered]
        if len(heads) <= AFTER_MAX:
            return heads
        last = sorted(
            found
            for author, found in self._last_acts.items()
            if (right := self._rights.author(author)) is not None and right.role is Role.STEWARD
        )
        first = [ref for _, ref in last]
        return [ref for ref in heads if ref not in first] + first

    def grant(self, name: LogName) -> int:
        """Bytes that a log may hold, by the acts that were admitted."""
        if self._are_acts_new:
            self._move_rights()
        return grant_bytes(self._rights, name.author, name.lane)

    def admit(self, run: Run, until_depth: int = DEPTH_MAX) -> list[Verdict]:
        """Judge entries that one branch gained, in order, and then all that waited for them.

        It ends before the first that is deeper than `until_depth` and would have to wait.
        """
        judge = self.judge
        if self._are_acts_new:
            # Before the run reads as judged: what moves must not meet entries without a verdict.
            self._move_rights()
        number = run.branch.number
        depth = judge.before(run.entries[0])
        judge.set_judged(run.branch, run.entries[-1].seq)
        verdicts: list[Verdict] = []
        for entry in run.entries:
            found = judge.content(entry, depth)
            if found.__class__ is Ref and entry.depth > until_depth:
                judge.go_back(run.branch, entry.seq - 1)
                run = Run(run.branch, run.entries[: len(verdicts)])
                break
            verdict = self._admit(place_of(number, entry.seq), entry, found)
            verdicts.append(verdict)
            if verdict is ACCEPTED:
                depth = entry.depth
            else:
                depth = None if verdict.outcome is Outcome.WAITING else verdict.depth
        if judge.is_awaited:
            for entry, verdict in zip(run.entries, verdicts, strict=True):
                if verdict.outcome is not Outcome.WAITING:
                    self._judge_again(judge.release(entry.ref))
        self._stand_again_if_pinned(run)
        return verdicts

    def admit_again(self, refs: Iterable[Ref]) -> None:
        """Judge entries anew whose body or key has come, and all that waited for them."""
        self._judge_again(refs)

    def cut(self, branch: Branch, entries: Sequence[Entry]) -> None:
        """Take out entries whose branch is no longer kept: they count for nothing here.

        Those that nobody judged yet (a locked node judges the trust lane alone) left nothing.
        """
        judged_seq = self.judge.judged_seq(branch)
        made_room = False
        for entry in entries:
            if entry.seq > judged_seq:
                break
            decoded = self.judge.again(entry)
            if decoded is not None and entry.name.lane is not Lane.TRUST:
                assert decoded.kind is not None
                groups = list(decoded.kind.groups(decoded.body, entry.ref))
                place = place_of(branch.number, entry.seq)
                made_room = made_room or self.folds.crowds_out(groups, place)
                self.folds.remove(groups, place)
            self.judge.cut(branch, entry)
        if made_room:
            self._stand_again(branch.name.author)
        if branch.name.lane is Lane.TRUST:
            self._trust = Trust(self.space)
            self._acts.clear()
            self._heads.clear()
            self._last_acts.clear()
            self._load_acts()

    def pins(self, log: bytes, author: bytes) -> list[tuple[int, bytes]]:
        """The entries of a log that pins name."""
        right = self._author(author)
        found = right.pins if right is not None and right.pins is not None else ()
        return [(seq, id_) for pinned, seq, id_ in found if pinned == log]

    def above_gap(self) -> Iterator[tuple[Entry, Body]]:
        """Urgent entries that wait for what comes before them, for a board to show as such."""
        for key, verdict in self.judge.exceptions():
            if verdict.reason == v.WAITS_FOR_PREVIOUS:
                held = self.judge.find(ref_of(key))
                body = self.judge.peek(held[1]) if held is not None else None
                if held is not None and body is not None and held[1].name.lane is Lane.URGENT:
                    yield held[1], body

    def count_waiting(self) -> int:
        """How many entries wait for anything."""
        verdicts = (verdict for _, verdict in self.judge.exceptions())
        return sum(verdict.outcome is Outcome.WAITING for verdict in verdicts)

    def behind_keys(self) -> set[Ref]:
        """All entries that a key would let go on: those sealed to it, and those behind them."""
        first = (ref_key(ref) for ref in self.waiting_for_key())
        return {ref_of(key) for key in self.judge.behind(first)}

    def waiting_for_key(self) -> list[Ref]:
        """Entries sealed to an epoch whose key is not here: of each log the first alone.

        What comes after one waits for it, not for the key (see `behind_keys`).
        """
        return [
            ref_of(key)
            for key, verdict in self.judge.exceptions()
            if verdict.reason == v.WAITS_FOR_KEY
        ]

    def flush(self) -> None:
        """Derive the views of what was admitted and put them into the tables."""
        if self._are_acts_new:
            self._move_rights()
        self.folds.flush()

    def state_hash(self) -> bytes:
        """32 bytes: equal on nodes that hold the same entries and know the same kinds."""
        self.flush()
        digest = hashlib.sha256(b"lumbre/state/1\0" + self.space)
        digest.update(self.folds.digest())
        for key, verdict in self.judge.exceptions():
            digest.update(key + encode(verdict))
        for key in sorted(self._acts):
            digest.update(key + encode(self._rights.act_note(key)))
        return digest.digest()

    def _admit(self, place: Place, entry: Entry, found: Decoded | Verdict | Ref) -> Verdict:
        if isinstance(found, Ref):
            return self.judge.wait(entry, found)
        is_act = entry.name.lane is Lane.TRUST
        if isinstance(found, Verdict):
            if is_act and found.outcome is not Outcome.WAITING:
                self._add_act(Act(entry, None, self.judge.refs_of(entry)))
            return self.judge.record(entry.ref, found)
        if is_act:
            return self._admit_act(entry, found)
        if self._are_acts_new:
            self._move_rights()
        return self._stand(place, entry, found)

    def _admit_act(self, entry: Entry, decoded: Decoded) -> Verdict:
        if entry.name.space == NO_SPACE and entry.id != self.space:
            return self._without_effect(entry, "content.other-space")
        self._add_act(Act(entry, decoded.body, decoded.refs))
        self.judge.forget(entry.ref)
        return ACCEPTED

    def _add_act(self, act: Act) -> None:
        self._trust.add(act)
        if act.entry.id not in self._acts:
            for id_ in (act.entry.prev, *(ref.hash for ref in act.refs)):
                self._heads.pop(id_, None)
            self._heads[act.entry.id] = act.entry
            self._acts[act.entry.id] = act.entry.ref
            found, author = (act.entry.depth, act.entry.ref), act.entry.name.author
            self._last_acts[author] = max(found, self._last_acts.get(author, found))
        self._are_acts_new = True

    def _stand(self, place: Place, entry: Entry, decoded: Decoded) -> Verdict:
        """The third verdict: right. What counts becomes a fact, what does not is taken out."""
        kind, body, ref = decoded.kind, decoded.body, entry.ref
        assert kind is not None
        assert body is not None
        right = self._author(entry.name.author)
        standing = self._standing(entry, kind, right)
        # What came last is what others refer to next.
        self.judge.remember(ref, Target(entry.depth, body))
        groups = kind.groups(body, ref)
        if right is None or isinstance(standing, str):
            self.folds.remove(groups, place)
            return self._without_effect(entry, str(standing))
        self.folds.add(groups, place, _fact(entry, ref, right, standing, body))
        self.judge.forget(ref)
        return ACCEPTED

    def _standing(self, entry: Entry, kind: Kind, right: AuthorRight | None) -> Standing | str:
        """Whether an entry counts, or the message id of why not."""
        if right is None:
            return "right.not-admitted"
        if right.pins is None and right.role in kind.writers:
            return Standing.COUNTS
        standing = self._rights.verdict(
            entry,
            kind.writers,
            self._ancestor_of(entry),
            is_adoptable=not kind.adopted_by_kind,
        )
        if standing is Standing.REMOVED and not kind.shown_if_removed:
            return v.PAST_PIN
        return standing

    def _fact_at(self, number: int, seq: int, standing: Standing) -> Fact:
        """The fact that an accepted entry is; whose right moved has stood again before."""
        entry = self._book.entry(number, seq)
        assert entry is not None
        decoded, right = self.judge.again(entry), self._author(entry.name.author)
        assert decoded is not None
        assert right is not None
        return _fact(entry, entry.ref, right, standing, decoded.body)

    def _without_effect(self, entry: Entry, reason: str) -> Verdict:
        verdict = Verdict(Outcome.WITHOUT_EFFECT, reason, entry.depth)
        return self.judge.record(entry.ref, verdict)

    def _author(self, author: bytes) -> AuthorRight | None:
        try:
            return self._authors[author]
        except KeyError:
            found = self._authors[author] = self._rights.author(author)
            return found

    def _ancestor_of(self, entry: Entry) -> Callable[[tuple[int, bytes]], bool]:
        """Whether `entry` is a pinned entry, or one of its ancestors."""
        return lambda pin: self.judge.is_ancestor(entry, Ref(entry.log, *pin))

    def _judge_again(self, refs: Iterable[Ref]) -> None:
        """Judge entries that waited, and those that their verdicts let go on."""
        queue = deque(refs)
        while queue:
            ref = queue.popleft()
            held = self.judge.find(ref)
            if held is None:
                continue
            branch, entry = held
            place = place_of(branch.number, entry.seq)
            found = self.judge.content(entry, self.judge.before(entry))
            verdict = self._admit(place, entry, found)
            if verdict.outcome is not Outcome.WAITING:
                queue.extend(self.judge.release(ref))

    def _move_rights(self) -> None:
        """Bring the rights up to date, and with them the facts of authors whose right moved."""
        self._are_acts_new = False
        older, self._rights = self._rights, self._trust.rights()
        for author in sorted(self._rights.changed(older)):
            self._authors.pop(author, None)
            self._stand_again(author)

    def _stand_again_if_pinned(self, run: Run) -> None:
        """A pinned entry that arrives late shows which branch the pin meant.

        So does a run that fills the gap below one. Any other run of a pinned author moves
        nothing that was judged before, and costs no look at the rest of its log.
        """
        author, log = run.branch.name.author, run.branch.log
        pins = self.pins(log, author)
        right = self._author(author)
        if right is not None and right.steward_pins is not None:
            pins += [(seq, id_) for pinned, seq, id_ in right.steward_pins if pinned == log]
        if not pins:
            return
        first, last = run.entries[0].seq, run.entries[-1].seq
        places = {(entry.seq, entry.id) for entry in run.entries}
        if not places.isdisjoint(pins) or any(
            branch.parent == run.branch.number and first <= branch.first_seq - 1 <= last
            for branch in self._book.branches(log)
        ):
            self._stand_again(author)

    def _stand_again(self, author: bytes) -> None:
        """Judge the right of all that an author wrote; what counts no more goes first.

        A view may hold only an author's last facts: what made room for those that go comes back.
        """
        for _ in range(2):
            for place, entry, decoded in self._judged_of(author):
                self._stand(place, entry, decoded)

    def _judged_of(self, author: bytes) -> Iterator[tuple[Place, Entry, Decoded]]:
        """What an author wrote in the lanes of bodies, as far as its content is valid."""
        for log in self._book.logs_of(author):
            for branch in self._book.branches(log):
                if branch.name.space != self.space or branch.name.lane is Lane.TRUST:
                    continue
                last = self.judge.judged_seq(branch)
                for entry in self._book.entries(branch.number, branch.first_seq, last):
                    decoded = self.judge.again(entry)
                    if decoded is not None:
                        yield place_of(branch.number, entry.seq), entry, decoded


def _fact(entry: Entry, ref: Ref, right: AuthorRight, standing: Standing, body: object) -> Fact:
    person, role = right.person, right.role
    return Fact(entry.depth, ref, entry.name.author, person, role, standing, entry.wall_s, body)
