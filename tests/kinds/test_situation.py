"""What is out, by how many who saw it; places and counts that nobody makes disappear."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lumbre.kinds.shared import Source
from lumbre.kinds.situation.records import (
    Observation,
    PeopleCount,
    Place,
    PlaceType,
    Point,
    Probe,
    Rumour,
    RumourCheck,
    Service,
    State,
    Verdict,
)
from lumbre.kinds.situation.rules import check_people_count
from lumbre.record.log import Ref
from lumbre.schema.kind import Standing
from lumbre.schema.roles import Role, Via
from lumbre.trust.acts import Mandate, Organisation
from tests.kinds.world import HERE, World, named, shuffled

SEEN, TOLD = Source.SEEN, Source.TOLD


def place(name: str = "Bloque 5", **more: Any) -> Place:
    return Place(**HERE, **{"name": name, "place_type": PlaceType.BLOCK, **more})


def saw(where: Ref, state: State = State.OUT, **more: Any) -> Observation:
    fields = {"service": Service.WATER, "source": SEEN, **more}
    return Observation(**HERE, place=where, state=state, **fields)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def block(world: World) -> Ref:
    return world.write(place())


def test_concurrent_edits_of_a_place_are_all_shown_and_machines_take_the_last(
    world: World, block: Ref
) -> None:
    one = world.write(place("Bloque 5 A", first=block, replaces=(block,)), "ana")
    other = world.write(place("Bloque 5 B", first=block, replaces=(block,)), "blas")
    row = world.fold().one("place")
    assert row.place == block
    assert {v.version for v in row.versions} == {one, other}
    assert row.name == row.versions[-1].name
    assert row.first_name == "Bloque 5"
    world.write(place("Bloque 5", first=block, replaces=(one, other)), "caro")
    assert [v.name for v in world.fold().one("place").versions] == ["Bloque 5"]


def test_p15_a_removed_members_place_stays_and_its_edit_replaces_nothing(
    world: World, block: Ref
) -> None:
    removed = {"standing": Standing.REMOVED}
    world.write(place("Bloque 6"), "blas", **removed)
    edit = world.write(place("Nada", first=block, replaces=(block,)), "blas", **removed)
    rows = {row.first_name: row for row in world.fold().all("place")}
    assert rows["Bloque 5"].name == "Bloque 5"
    assert [v.from_removed for v in rows["Bloque 5"].versions] == [False, True]
    assert rows["Bloque 6"].from_removed
    adopted = [
        msgspec.structs.replace(fact, standing=Standing.COUNTS) if fact.ref == edit else fact
        for fact in world.facts
    ]
    rows = {row.first_name: row for row in world.fold(adopted).all("place")}
    assert rows["Bloque 5"].name == "Nada"


def test_a_place_is_named_by_its_first_version(world: World, block: Ref) -> None:
    second = world.write(place("B5", first=block, replaces=(block,)))
    other = world.write(place("Bloque 7"))
    world.write(saw(second), expect="content.not-the-first")
    world.write(place(parent=second), expect="content.not-the-first")
    world.write(place(first=second), expect="content.not-the-first")
    world.write(place(first=block, replaces=(other,)), expect="content.replaces-other")
    world.write(place(replaces=(other,)), expect="content.replaces-other")
    world.write(place(latitude=1), expect="content.half-position")


def test_an_open_point_shows_every_word_that_stands(world: World, block: Ref) -> None:
    def offers(can_serve: int, replaces: tuple[Ref, ...] = ()) -> Point:
        services = (Service.FOOD,)
        return Point(
            **HERE, place=block, is_open=True, services=services, can_serve=can_serve,
            replaces=replaces,
        )  # fmt: skip

    one = world.write(offers(80))
    assert world.fold().one("point").can_serve == 80
    world.write(offers(30), "blas")
    assert world.fold().one("point").others_differ
    world.write(offers(20, (one,)), "caro")
    assert len(world.fold().one("point").versions) == 2
    elsewhere = world.write(place("x"))
    world.write(
        Point(**HERE, place=elsewhere, is_open=False, services=(), replaces=(one,)),
        expect="content.other-place",
    )


def count(where: Ref, people: int, organisation: str | None = "junta", **more: Any) -> PeopleCount:
    speaks_for = None if organisation is None else Ref(named(organisation), 0, named(organisation))
    return PeopleCount(
        via=Via.OWN_DEVICE, speaks_for=speaks_for, place=where, people=people, **more
    )


class CountWorld(World):
    """Organisations are of the trust floor: here their references lead nowhere."""

    def write(self, body: Any, who: str = "ana", **more: Any) -> Ref:
        speaks_for = body.speaks_for
        ref = super().write(msgspec.structs.replace(body, speaks_for=None), who, **more)
        if self.facts and self.facts[-1].ref == ref:
            whole = msgspec.structs.replace(self.facts[-1].body, speaks_for=speaks_for)
            self.facts[-1] = msgspec.structs.replace(self.facts[-1], body=whole)
        return ref


def test_two_mandates_of_one_organisation_are_not_two_counters() -> None:
    organisation = Ref(named("junta"), 0, named("junta"))
    where = Ref(named("block"), 0, named("block"))
    mandate = Mandate(Via.OWN_DEVICE, None, (), organisation, "count", named("ana"), (), 1)
    targets: dict[Ref, Any] = {
        where: place(),
        organisation: Organisation(Via.OWN_DEVICE, None, (), b""),
    }
    for name in ("president", "secretary"):
        ref = Ref(named(name), 0, named(name))
        wrong = check_people_count(count(where, 9, name), targets | {ref: mandate}, named("ana"))
        assert wrong == "content.not-an-organisation"
    assert check_people_count(count(where, 9), targets, named("ana")) is None


def test_a_count_needs_two_counters_of_different_organisations() -> None:
    world = CountWorld()
    block = world.write(place())
    first = world.write(count(block, 120), "ana")
    assert not world.fold().one("people").is_confirmed
    world.write(count(block, 120, agrees_with=first), "blas")
    assert not world.fold().one("people").is_confirmed, "one organisation"
    world.write(count(block, 120, "sindicato", agrees_with=first), "ana", device="2")
    assert not world.fold().one("people").is_confirmed, "one person"
    world.write(count(block, 120, None, agrees_with=first), "caro")
    assert not world.fold().one("people").is_confirmed, "for nobody"
    world.write(count(block, 120, "sindicato", agrees_with=first), "caro")
    row = world.fold().one("people")
    assert row.is_confirmed
    assert row.people == 120
    world.write(count(block, 90, agrees_with=first), expect="content.other-number")


def test_row_29_a_count_is_not_inflated_or_hidden_by_one_who_holds_the_laptop() -> None:
    world = CountWorld()
    block = world.write(place())
    first = world.write(count(block, 120), "ana")
    world.write(count(block, 120, "sindicato", agrees_with=first), "blas")
    world.write(
        count(block, 4000, replaces=tuple(f.ref for f in world.facts[1:])), "mala",
        role=Role.STEWARD,
    )  # fmt: skip
    row = world.fold().one("people")
    assert (row.people, row.is_confirmed, row.is_disputed) == (120, True, True)
    assert [line.people for line in row.counts] == [120, 120, 4000]
    gone = [msgspec.structs.replace(fact, standing=Standing.REMOVED) for fact in world.facts]
    row = world.fold(gone).one("people")
    assert {line.people for line in row.counts} == {120, 4000}
    assert row.from_removed
    assert not row.is_confirmed


def test_a_count_that_others_confirmed_replaces_an_older_one() -> None:
    world = CountWorld()
    block, other = world.write(place()), world.write(place("Bloque 6"))
    first = world.write(count(block, 120), "ana")
    newer = world.write(count(block, 130, replaces=(first,)), "blas")
    assert len(world.fold().one("people").counts) == 2
    world.write(count(block, 130, "sindicato", agrees_with=newer), "caro")
    assert {line.people for line in world.fold().one("people").counts} == {130}
    world.write(count(other, 1, replaces=(first,)), expect="content.other-place")
    world.write(count(other, 120, agrees_with=first), expect="content.other-place")
    world.write(count(block, 1, under_five=2), expect="content.parts-exceed-whole")


def test_row_31_a_rumour_repeated_forty_times_has_no_source(world: World) -> None:
    first = world.write(Rumour(**HERE, claim="cortan el agua", source=TOLD))
    for number in range(40):
        who = "eco" if number % 2 else f"vecina {number}"
        world.write(Rumour(**HERE, claim="cortan el agua", source=TOLD, repeats=first), who)
    row = world.fold().one("rumour")
    assert (row.seen_by, row.told_by, row.times_said) == (0, 22, 41)


def test_row_31_forty_sightings_of_one_person_are_one_and_of_guests_none(
    world: World, block: Ref
) -> None:
    for number in range(40):
        world.write(saw(block), "eco", device=str(number))
        world.write(saw(block), "guests", role=Role.GUEST)
        world.write(saw(block, source=TOLD), f"vecina {number % 10}")
    row = world.fold().one("service")
    (line,) = row.reports
    assert (row.state, row.seen_by) == (State.OUT, 1)
    assert (line.seen_by, line.told_by, line.guests) == (1, 10, 40)


def test_checks_of_a_rumour_are_counted_by_persons_and_named_by_organisations() -> None:
    world = CountWorld()
    first = world.write(Rumour(**HERE, claim="quemaron la posta", source=TOLD))
    repeat = world.write(Rumour(**HERE, claim="la posta", source=SEEN, repeats=first), "blas")
    junta = Ref(named("junta"), 0, named("junta"))

    def check(verdict: Verdict, rumour: Ref = first) -> RumourCheck:
        return RumourCheck(
            via=Via.OWN_DEVICE, speaks_for=junta, rumour=rumour, verdict=verdict, source=SEEN
        )

    for who in ("ana", "ana", "caro"):
        world.write(check(Verdict.FALSE), who)
    world.write(check(Verdict.TRUE), "blas")
    world.write(check(Verdict.TRUE), "guests", role=Role.GUEST)
    world.write(check(Verdict.TRUE, repeat), expect="content.not-the-first")
    world.write(
        Rumour(**HERE, claim="x", source=TOLD, repeats=repeat), expect="content.not-the-first"
    )
    row = world.fold().one("rumour")
    assert row.is_disputed
    assert row.seen_by == 1
    said = {line.verdict: (line.seen_by, line.guests, line.organisations) for line in row.checks}
    assert said == {Verdict.TRUE: (1, 1, (junta,)), Verdict.FALSE: (2, 0, (junta,))}


def test_reports_that_contradict_are_both_shown_until_one_is_ended(
    world: World, block: Ref
) -> None:
    out = [world.write(saw(block, since_s=60 * n), f"v{n}") for n in (3, 1, 2)]
    world.write(saw(block, State.WORKS), "blas")
    row = world.fold().one("service")
    assert row.is_disputed
    assert (row.state, row.since_s, row.seen_by) == (State.OUT, 60, 3)
    world.write(saw(block, State.WORKS, ends=tuple(out)), "caro")
    row = world.fold().one("service")
    assert (row.state, row.is_disputed, row.seen_by) == (State.WORKS, False, 2)
    assert {line.state: line.is_over for line in row.reports} == {
        State.WORKS: False,
        State.OUT: True,
    }
    elsewhere = world.write(place("x"))
    world.write(saw(elsewhere, ends=tuple(out)), expect="content.other-service")


def test_a_rumour_or_a_guest_ends_no_report(world: World, block: Ref) -> None:
    out = world.write(saw(block), "ana")
    world.write(saw(block, State.WORKS, source=TOLD, ends=(out,)), "blas")
    world.write(saw(block, State.WORKS, ends=(out,)), "guests", role=Role.GUEST)
    assert world.fold().one("service").state is State.OUT


def test_all_reports_ended_still_shows_what_was_said_last(world: World, block: Ref) -> None:
    one = world.write(saw(block), "ana")
    two = world.write(saw(block, State.WORKS, ends=(one,)), "blas")
    world.write(saw(block, State.PARTLY, ends=(two,)), "caro")
    row = world.fold().one("service")
    assert (row.state, row.is_disputed) == (State.PARTLY, False)


def test_what_failed_in_the_same_minute_is_one_row(world: World, block: Ref) -> None:
    other = world.write(place("Bloque 6"))
    probe = Probe(**HERE, place=block, service=Service.POWER, state=State.OUT, since_s=605)
    world.write(probe, "sensor", role=Role.SENSOR)
    world.write(saw(block, service=Service.MOBILE, since_s=610), "ana")
    world.write(saw(other, service=Service.POWER, since_s=659), "blas")
    world.write(saw(other, service=Service.WATER, since_s=4000), "blas")
    world.write(saw(other, service=Service.WATER, since_s=610, source=TOLD), "caro")
    world.write(saw(other, service=Service.WATER, since_s=610), "guests", role=Role.GUEST)
    world.write(saw(other, service=Service.FUEL, since_s=90_000), "guests", role=Role.GUEST)
    rows = {row.minute: row for row in world.fold().all("failure")}
    assert set(rows) == {10, 66}
    at_once = rows[10]
    assert (at_once.places, at_once.services, at_once.seen_by, at_once.sensors) == (2, 2, 2, 1)
    assert len(at_once.failed) == 3


def test_repeated_probes_weigh_on_their_own_row_only(world: World, block: Ref) -> None:
    for hour in range(70):
        world.write(
            Probe(
                **HERE, place=block, service=Service.POWER, state=State.OUT, since_s=7,
                has_changed=hour == 0,
            ),
            "sensor",
            role=Role.SENSOR,
            wall_s=3600 * hour,
        )  # fmt: skip
    folded = world.fold()
    assert folded.one("service").reports[0].sensors == 1
    assert [row.last_said_s for row in folded.all("probe")] == [63 * 3600, 69 * 3600]


def test_p2_the_order_of_arrival_changes_nothing(world: World, block: Ref) -> None:
    out = world.write(saw(block), "ana")
    world.write(saw(block, State.WORKS, ends=(out,)), "blas")
    world.write(place("B5", first=block, replaces=(block,)), "blas")
    world.write(Rumour(**HERE, claim="x", source=SEEN))
    digest = world.fold().digest()
    assert all(world.fold(shuffled(world.facts, n)).digest() == digest for n in range(50))
