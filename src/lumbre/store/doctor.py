"""Doctor: what state a folder is in, as facts and findings with message ids.

A quick look reads no entries. A deep one reads every page (each carries a tag) and follows
every chain of headers, which also finds an old page that was put back whole.

A report holds numbers and names of files, no content and no names of persons or places: it may
be shown to whoever helps. What this does not do: repair (see `salvage`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import apsw
import msgspec

from lumbre.errors import StoreError
from lumbre.record.branch import Branch
from lumbre.store.database import CIPHER
from lumbre.store.faults import told
from lumbre.store.folder import Folder
from lumbre.store.limits import FINDINGS_MAX, FREE_LEAST_BYTES, READ_ROWS
from lumbre.store.log_store import LogStore
from lumbre.store.salvage import gaps

_OTHERS = 0o077


class Finding(msgspec.Struct, frozen=True):
    """Something that somebody should know of."""

    id: str
    values: dict[str, int | str] = {}


class Report(msgspec.Struct, frozen=True):
    """What a look found; `more` findings did not fit in the list."""

    facts: dict[str, int | str | bool]
    findings: list[Finding]
    more: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def to_json(self) -> bytes:
        """For files and other programs."""
        return msgspec.json.encode(self)


def examine(folder: Folder, log: LogStore, *, is_deep: bool = False) -> Report:
    """Look at an open folder and its open log."""
    findings: list[Finding] = []
    more = 0
    for finding in _findings(folder, log, is_deep=is_deep):
        if len(findings) < FINDINGS_MAX:
            findings.append(finding)
        else:
            more += 1
    return Report(_facts(folder, log), findings, more)


def _facts(folder: Folder, log: LogStore) -> dict[str, int | str | bool]:
    facts: dict[str, int | str | bool] = {
        "sqlite": apsw.sqlite_lib_version(),
        "cipher": CIPHER,
        "is_open_mode": folder.is_open_mode,
        "is_read_only": folder.is_read_only,
        "is_restored": log.is_restored,
        "people": len(folder.slots()),
    }
    for name, sql in (
        ("version", "PRAGMA user_version"),
        ("branches", "SELECT count(*) FROM branch"),
        ("arrivals", "SELECT max(n) FROM arrival"),
    ):
        try:
            facts[name] = int(log.database.value(sql) or 0)
        except StoreError:
            facts[name] = "?"
    with told(folder.path.name):
        for path in sorted(folder.path.iterdir()):
            if path.is_file():
                facts[f"bytes of {path.name}"] = path.stat().st_size
        disk = os.statvfs(folder.path)
    facts["free_bytes"] = disk.f_bavail * disk.f_frsize
    return facts


def _findings(folder: Folder, log: LogStore, *, is_deep: bool) -> Iterator[Finding]:
    if folder.is_open_mode:
        yield Finding("doctor.open-mode")
    if folder.is_read_only:
        yield Finding("doctor.read-only")
    if not log.was_clean:
        yield Finding("doctor.unclean-stop")
    if log.is_restored:
        yield Finding("doctor.restored")
    with told(folder.path.name):
        disk = os.statvfs(folder.path)
        if disk.f_bavail * disk.f_frsize < FREE_LEAST_BYTES:
            yield Finding("doctor.disk-nearly-full")
        for path in sorted(folder.path.rglob("*")):
            if path.stat().st_mode & _OTHERS:
                yield Finding("doctor.readable-by-others", {"file": path.name})
    yield from _told_gaps(log)
    if is_deep:
        yield from _pages(log)
        yield from _chains(log)


def _told_gaps(log: LogStore) -> list[Finding]:
    try:
        return [
            Finding(
                "doctor.gap",
                {"branch": gap.branch, "first_seq": gap.first_seq, "last_seq": gap.last_seq},
            )
            for gap in gaps(log)
        ]
    except StoreError:
        return [Finding("doctor.damaged", {"file": log.database.file})]


def _pages(log: LogStore) -> Iterator[Finding]:
    try:
        found: Any = log.database.rows("PRAGMA integrity_check(1)")
        is_well = found == [("ok",)]
    except StoreError as error:
        if error.message_id != "store.damaged":
            raise
        is_well = False
    if not is_well:
        yield Finding("doctor.damaged", {"file": log.database.file})


def _chains(log: LogStore) -> Iterator[Finding]:
    after = 0
    sql = "SELECT number FROM branch WHERE number > ? ORDER BY number LIMIT ?"
    while True:
        try:
            numbers = [number for (number,) in log.database.rows(sql, (after, READ_ROWS))]
        except StoreError as error:
            yield _damage(log, error, after + 1)
            return
        if not numbers:
            return
        for number in numbers:
            try:
                branch = log.branch(number)
                if branch is not None:
                    yield from _chain(log, branch)
            except StoreError as error:
                yield _damage(log, error, number)
        after = numbers[-1]


def _damage(log: LogStore, error: StoreError, number: int) -> Finding:
    if error.message_id != "store.damaged":
        raise error
    return Finding("doctor.damaged", {"file": log.database.file, "branch": number})


def _chain(log: LogStore, branch: Branch) -> Iterator[Finding]:
    """Follow a branch from its first entry to its tip."""
    before = None
    seq = branch.first_seq - 1
    for entry in log.entries(branch.number, branch.first_seq, branch.tip.seq):
        is_next = entry.seq == seq + 1
        if is_next and before is not None and entry.prev != before:
            yield Finding("doctor.chain-broken", {"branch": branch.number, "seq": entry.seq})
        if not is_next and not _is_known_gap(log, branch.number, seq + 1):
            yield Finding("doctor.entries-missing", {"branch": branch.number, "seq": seq + 1})
        before, seq = entry.id, entry.seq
    is_at_tip = (seq, before) == (branch.tip.seq, branch.tip.id)
    if not is_at_tip and not _is_known_gap(log, branch.number, branch.tip.seq):
        yield Finding("doctor.tip-differs", {"branch": branch.number, "seq": seq})


def _is_known_gap(log: LogStore, number: int, seq: int) -> bool:
    return any(g.branch == number and g.first_seq <= seq <= g.last_seq for g in gaps(log))
