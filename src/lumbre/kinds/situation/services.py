"""Views of services and rumours: what is out, since when, by how many who saw it themselves.

Rules: a source is a person whose report counts and who saw it; the same person forty times is
one; a guest is none. Reports that contradict one another are all shown. A report is over when
a later one that counts names it among what it ends, or its own writer reports again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from lumbre.kinds.shared import FACTS_BY_AUTHOR, Number, Source, guests, last_of_each, persons
from lumbre.kinds.situation.records import (
    Minute,
    Observation,
    Probe,
    Rumour,
    RumourCheck,
    Service,
    State,
    Verdict,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import Note, WallTime
from lumbre.schema.kind import Fact, GroupKey, View, ref_key
from lumbre.schema.roles import Role


class StateLine(msgspec.Struct, array_like=True, frozen=True):
    """Who says that a service is in this state. `is_over`: every such report was ended."""

    state: State
    seen_by: Number
    sensors: Number
    told_by: Number
    guests: Number
    since_first_s: WallTime | None
    since_last_s: WallTime | None
    last_said_s: WallTime
    is_over: bool


class ServiceRow(msgspec.Struct, array_like=True, frozen=True):
    """A service at a place: the state that machines take, and what every source says."""

    place: Ref
    service: Service
    state: State
    since_s: WallTime | None
    seen_by: Number
    is_disputed: bool
    reports: tuple[StateLine, ...]
    open_reports: tuple[Ref, ...]


class FailedLine(msgspec.Struct, array_like=True, frozen=True):
    """A service that failed at a place."""

    place: Ref
    service: Service


class FailureRow(msgspec.Struct, array_like=True, frozen=True):
    """What failed in one minute, by what first-hand reports say. At once: more than one."""

    minute: Minute
    failed: tuple[FailedLine, ...]
    places: Number
    services: Number
    seen_by: Number
    sensors: Number


class ProbeRow(msgspec.Struct, array_like=True, frozen=True):
    """The last of a batch of one sensor's probes of a service at a place."""

    place: Ref
    service: Service
    state: State
    since_s: WallTime
    last_said_s: WallTime
    counts: bool


class VerdictLine(msgspec.Struct, array_like=True, frozen=True):
    """How many different persons found this, and which organisations stand by it."""

    verdict: Verdict
    seen_by: Number
    told_by: Number
    guests: Number
    organisations: tuple[Ref, ...]


class RumourRow(msgspec.Struct, array_like=True, frozen=True):
    """A rumour: how many say that they saw it, how many were told, and what checks found."""

    rumour: Ref
    claim: Note
    place: Ref | None
    said_s: WallTime
    seen_by: Number
    told_by: Number
    times_said: Number
    is_disputed: bool
    checks: tuple[VerdictLine, ...]


FAILED_TOGETHER_S = 60
"""Clocks of neighbours differ by less; what fell apart in turn is minutes apart."""

PROBES_TOGETHER = 64
"""A batch is rewritten with each probe: small enough for a memory card."""


def service_key(place: Ref, service: Service) -> bytes:
    """The group of one service at one place."""
    return ref_key(place) + int(service).to_bytes(2, "big")


def probe_key(probe: Probe, ref: Ref) -> bytes:
    """Some of one sensor's probes: the last key under a service and a log is the newest."""
    batch = (ref.seq // PROBES_TOGETHER).to_bytes(8, "big")
    return service_key(probe.place, probe.service) + ref.log + batch


def report_groups(body: Observation | Probe, ref: Ref) -> Iterable[GroupKey]:
    """A report is a fact of its service and, if it says since when it is out, of that minute.

    A probe that repeats the last one is a fact of its sensor's row only, so that years of them
    do not weigh on the service.
    """
    if isinstance(body, Probe):
        yield "probe", probe_key(body, ref)
        if not body.has_changed:
            return
    yield "service", service_key(body.place, body.service)
    first_hand = isinstance(body, Probe) or body.source is Source.SEEN
    if first_hand and body.state is State.OUT and body.since_s is not None:
        yield "failure", (body.since_s // FAILED_TOGETHER_S).to_bytes(8, "big")


def rumour_groups(body: Rumour, ref: Ref) -> Iterable[GroupKey]:
    """A rumour and its repeats are facts of the first one."""
    return (("rumour", ref_key(body.repeats or ref)),)


def rumour_check_groups(body: RumourCheck, ref: Ref) -> Iterable[GroupKey]:
    """A check is a fact of the rumour."""
    return (("rumour", ref_key(body.rumour)),)


def _is_sensor(fact: Fact) -> bool:
    return fact.role is Role.SENSOR or isinstance(fact.body, Probe)


def _is_seen(fact: Fact) -> bool:
    return not _is_sensor(fact) and fact.body.source is Source.SEEN


def _is_told(fact: Fact) -> bool:
    return not _is_sensor(fact) and fact.body.source is Source.TOLD


def derive_service(key: bytes, facts: Sequence[Fact]) -> ServiceRow:
    """Every state that a person's last report says, and the one that machines take."""
    ended = {
        ref
        for fact in facts
        if fact.counts and isinstance(fact.body, Observation) and _is_seen(fact)
        for ref in fact.body.ends
    }
    last = last_of_each(facts)
    lines = [
        _state_line(state, said, ended)
        for state in State
        if (said := [fact for fact in last if fact.body.state is state])
    ]
    standing = [line for line in lines if not line.is_over] or lines
    now = max(standing, key=lambda line: (line.seen_by + line.sensors, _last_depth(line, last)))
    body = facts[0].body
    return ServiceRow(
        body.place,
        body.service,
        now.state,
        now.since_first_s,
        now.seen_by,
        len(standing) > 1,
        tuple(lines),
        tuple(fact.ref for fact in last if fact.ref not in ended),
    )


def _last_depth(line: StateLine, last: Sequence[Fact]) -> tuple[int, bytes]:
    return max((f.depth, f.ref.hash) for f in last if f.body.state is line.state)


def _state_line(state: State, said: list[Fact], ended: set[Ref]) -> StateLine:
    standing = [fact for fact in said if fact.ref not in ended]
    used = standing or said
    counted = [fact for fact in used if fact.counts]
    since = [s for fact in counted or used if (s := fact.body.since_s) is not None]
    return StateLine(
        state,
        persons(fact for fact in used if _is_seen(fact)),
        persons(fact for fact in used if _is_sensor(fact)),
        persons(fact for fact in used if _is_told(fact)),
        guests(used),
        min(since, default=None),
        max(since, default=None),
        max(fact.wall_s for fact in used),
        not standing,
    )


def derive_failure(key: bytes, facts: Sequence[Fact]) -> FailureRow | None:
    """What failed in this minute, by first-hand reports that count."""
    counted = [fact for fact in facts if fact.counts]
    if not counted:
        return None
    failed = sorted({(fact.body.place, fact.body.service) for fact in counted})
    return FailureRow(
        int.from_bytes(key, "big"),
        tuple(FailedLine(place, service) for place, service in failed),
        len({place for place, _ in failed}),
        len({service for _, service in failed}),
        persons(fact for fact in counted if not _is_sensor(fact)),
        persons(fact for fact in counted if _is_sensor(fact)),
    )


def derive_probe(key: bytes, facts: Sequence[Fact]) -> ProbeRow:
    """The last probe of a batch."""
    last = facts[-1]
    body: Probe = last.body
    return ProbeRow(body.place, body.service, body.state, body.since_s, last.wall_s, last.counts)


def derive_rumour(key: bytes, facts: Sequence[Fact]) -> RumourRow | None:
    """A rumour with its repeats and its checks."""
    said = [fact for fact in facts if isinstance(fact.body, Rumour)]
    first = next((fact for fact in said if fact.body.repeats is None), None)
    if first is None:
        return None
    saw = [fact for fact in said if _is_seen(fact)]
    saw_persons = {fact.person for fact in saw}
    told = [fact for fact in said if _is_told(fact) and fact.person not in saw_persons]
    checks = last_of_each(fact for fact in facts if isinstance(fact.body, RumourCheck))
    lines = tuple(
        _verdict_line(verdict, found)
        for verdict in Verdict
        if (found := [fact for fact in checks if fact.body.verdict is verdict])
    )
    found_out = {line.verdict for line in lines if line.seen_by + line.told_by}
    return RumourRow(
        first.ref,
        first.body.claim,
        first.body.place,
        first.wall_s,
        persons(saw),
        persons(told),
        len(said),
        {Verdict.TRUE, Verdict.FALSE} <= found_out,
        lines,
    )


def _verdict_line(verdict: Verdict, found: list[Fact]) -> VerdictLine:
    return VerdictLine(
        verdict,
        persons(fact for fact in found if _is_seen(fact)),
        persons(fact for fact in found if _is_told(fact)),
        guests(found),
        tuple(
            sorted({f.body.speaks_for for f in found if f.counts and f.body.speaks_for is not None})
        ),
    )


SERVICE_VIEWS = (
    View(name="service", row=ServiceRow, derive=derive_service, facts_by_author=FACTS_BY_AUTHOR),
    View(name="failure", row=FailureRow, derive=derive_failure, facts_by_author=FACTS_BY_AUTHOR),
    View(name="probe", row=ProbeRow, derive=derive_probe, facts_by_author=FACTS_BY_AUTHOR),
    View(name="rumour", row=RumourRow, derive=derive_rumour, facts_by_author=FACTS_BY_AUTHOR),
)
