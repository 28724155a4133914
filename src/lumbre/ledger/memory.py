"""The two stores in memory: for tests, the simulation, and a node that is locked.

They answer as `lumbre.store` does, from a disk that forgets when the process ends.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from lumbre.ledger.memory_census import MemoryCensus
from lumbre.record.branch import Arrival, Branch, Write, to_entry
from lumbre.record.entry import Entry, Tip
from lumbre.record.log import LogName


class MemoryTables:
    """Sorted tables in dicts."""

    def __init__(self) -> None:
        self._values: dict[str, dict[bytes, bytes]] = defaultdict(dict)
        self._keys: dict[str, list[bytes]] = defaultdict(list)
        self._secrets: dict[tuple[str, bytes], bytes] = {}
        self._marker = 0

    def put_secret(self, kind: str, id_: bytes, value: bytes) -> None:
        """Keep a secret."""
        self._secrets[kind, id_] = value

    def secrets(self, kind: str) -> Iterator[tuple[bytes, bytes]]:
        """Every secret of a kind, by id."""
        for (other, id_), value in sorted(self._secrets.items()):
            if other == kind:
                yield id_, value

    def commit(self, marker: int) -> None:
        """Note up to which arrival the tables follow the log."""
        self._marker = marker

    def marker(self) -> int:
        """The last arrival that the tables have folded."""
        return self._marker

    def clear(self) -> None:
        """Empty every table; secrets stay."""
        self._values.clear()
        self._keys.clear()
        self._marker = 0

    def close(self) -> None:
        """Nothing to let go of."""

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value of a key."""
        return self._values[table].get(key)

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those of `keys` that have one."""
        values = self._values[table]
        return {key: values[key] for key in keys if key in values}

    def put(self, table: str, key: bytes, value: bytes | None) -> None:
        """Set a value; None deletes."""
        values = self._values[table]
        if value is None:
            if values.pop(key, None) is not None:
                keys = self._keys[table]
                del keys[bisect_left(keys, key)]
            return
        if key not in values:
            insort(self._keys[table], key)
        values[key] = value

    def put_many(self, table: str, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Set several values."""
        for key, value in pairs:
            self.put(table, key, value)

    def scan(self, table: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix`, by key."""
        keys = self._keys[table]
        found = []
        for at in range(bisect_left(keys, prefix), len(keys)):
            if not keys[at].startswith(prefix):
                break
            found.append(keys[at])
        values = self._values[table]
        for key in found:
            yield key, values[key]


class MemoryBook:
    """Stored entries in lists, by branch."""

    def __init__(self) -> None:
        self._branches: dict[int, Branch] = {}
        self._entries: dict[int, list[Entry]] = {}
        self._by_log: dict[bytes, list[int]] = defaultdict(list)
        self._by_author: dict[bytes, list[bytes]] = defaultdict(list)
        self._arrivals: list[Arrival] = []
        self._meta: dict[str, bytes] = {}
        self._gone = 0
        self.census = MemoryCensus(self._entries, self._arrivals)

    def meta(self, name: str) -> bytes | None:
        """A fact about this store, by name."""
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Note a fact about this store; None forgets it."""
        if value is None:
            self._meta.pop(name, None)
        else:
            self._meta[name] = value

    def absent(self, number: int, at_most: int) -> Sequence[int]:
        """Seqs of a branch's entries whose bodies are absent, in order."""
        found = (entry.seq for entry in self._entries.get(number, ()) if entry.body is None)
        return list(islice(found, at_most))

    def arrivals(self, after: int = 0) -> Iterator[Arrival]:
        """What was stored after the arrival `after`, in the order in which it was."""
        yield from self._arrivals[after:]

    def last_arrival(self) -> int:
        """The number of the last arrival; 0 before the first."""
        return len(self._arrivals)

    def branch(self, number: int) -> Branch | None:
        """A branch by its number."""
        return self._branches.get(number)

    def close(self) -> None:
        """Nothing to let go of."""

    def branches(self, log: bytes) -> Sequence[Branch]:
        """Every branch of a log, in order of number."""
        return [self._branches[number] for number in self._by_log.get(log, ())]

    def logs(self, space: bytes) -> Iterator[LogName]:
        """The names of the logs of a space."""
        for numbers in list(self._by_log.values()):
            name = self._branches[numbers[0]].name
            if name.space == space:
                yield name

    def logs_of(self, author: bytes) -> Sequence[bytes]:
        """Ids of the logs of an author."""
        return list(self._by_author.get(author, ()))

    def entry(self, number: int, seq: int) -> Entry | None:
        """The entry at a place of a branch."""
        entries = self._entries.get(number, [])
        at = seq - entries[0].seq if entries else -1
        return entries[at] if 0 <= at < len(entries) else None

    def entries(self, number: int, first_seq: int, last_seq: int) -> Iterator[Entry]:
        """Entries of one branch from `first_seq` to `last_seq`, both included."""
        for seq in range(first_seq, last_seq + 1):
            entry = self.entry(number, seq)
            if entry is not None:
                yield entry

    def next_number(self) -> int:
        """A number that no branch ever had."""
        return max(self._gone, *self._branches, 0) + 1

    def append(self, writes: Sequence[Write], bodies: Sequence[tuple[int, Entry]] = ()) -> int:
        """Store what a `Linker` gathered."""
        for write in writes:
            branch = write.branch
            if branch.number not in self._branches:
                self._by_log[branch.log].append(branch.number)
                if branch.log not in self._by_author[branch.name.author]:
                    self._by_author[branch.name.author].append(branch.log)
            self._branches[branch.number] = branch
            kept = self._entries.setdefault(branch.number, [])
            kept.extend(to_entry(branch.name, row) for row in write.rows)
            if write.rows:
                self._arrive(branch.number, write.rows[0][0], write.rows[-1][0])
        for number, entry in bodies:
            kept = self._entries[number]
            kept[entry.seq - kept[0].seq] = entry
            self._arrive(number, entry.seq, entry.seq)
        return self.last_arrival()

    def cut(self, cuts: Sequence[tuple[int, int]]) -> None:
        """Forget what is no longer kept of a forked log: (branch number, first seq that goes)."""
        for number, seq in cuts:
            branch = self._branches[number]
            kept = self._entries[number]
            del kept[seq - kept[0].seq :]
            if kept:
                self._branches[number] = msgspec.structs.replace(branch, tip=Tip.of(kept[-1]))
            else:
                self._by_log[branch.log].remove(number)
                del self._branches[number], self._entries[number]
                self._gone = max(self._gone, number)

    def _arrive(self, number: int, first_seq: int, last_seq: int) -> None:
        self._arrivals.append(Arrival(len(self._arrivals) + 1, number, first_seq, last_seq))
