"""A device that nobody knows comes in with a spoken code, and nobody without it."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid
from lumbre.node import codes as codes_module
from lumbre.node import joining
from lumbre.node.aloud import six_words
from lumbre.node.codes import GUESSES_MAX, Codes, Coming, link_for, read_code
from lumbre.node.meetings import new_meeting
from lumbre.node.names import space_name
from lumbre.schema import Role
from lumbre.sync.frames import SLOTS_MAX, Code, Heard, write_frame
from lumbre.sync.meeting import Meeting
from tests.ledger.test_ledger import need
from tests.sync.meet import BINDING, Line, meet
from tests.world import Device, World


def knock(keeper: Device, codes: Codes, code: str, name: str, *, binding=BINDING, line=None):
    """A newcomer comes to a keeper's door."""
    newcomer = Device(name)
    coming = Coming(newcomer.node, code, name, binding)
    called = new_meeting(keeper.node, BINDING, is_caller=False, codes=codes)
    (line or Line()).run(coming.door, called)
    return newcomer, coming


def test_a_newcomer_with_a_code_is_let_in_after_both_read_the_same_words():
    world = World()
    ana = world.founder
    ana.write(need("Bloque 1"))
    codes = Codes(ana.node)
    eva, coming = knock(ana, codes, codes.open(world.space), "eva")
    assert coming.door.is_done
    (asking,) = codes.asking()
    assert asking.name == "eva"
    assert asking.said == founding_words(coming)
    # Nothing of it lets anybody in: a person does.
    assert ana.node.space(world.space).ledger.rights.author(asking.request.author) is None
    joining.admit(ana.node, ana.key, asking.request, asking.name, Role.MEMBER)
    assert codes.asking() == []
    eva.space = world.space
    meet(eva.node, ana.node)
    assert eva.hash() == ana.hash()
    assert [row.place_name for row in eva.rows("need")] == ["Bloque 1"]


def founding_words(coming: Coming) -> list[str]:
    assert coming.request is not None
    return six_words(joining.words_bytes_of(coming.request))


def test_a_newcomer_to_a_space_with_nothing_but_acts_learns_its_name():
    world = World()
    ana = world.founder
    codes = Codes(ana.node)
    eva, _ = knock(ana, codes, codes.open(world.space), "eva")
    (asking,) = codes.asking()
    joining.admit(ana.node, ana.key, asking.request, asking.name, Role.MEMBER)
    assert space_name(eva.node.space(world.space)) is None
    meet(eva.node, ana.node)
    assert space_name(eva.node.space(world.space)) == "La Vega"


def test_a_code_is_used_once():
    world = World()
    codes = Codes(world.founder.node)
    code = codes.open(world.space)
    knock(world.founder, codes, code, "eva")
    assert not codes.is_open(code)
    _, second = knock(world.founder, codes, code, "leo")
    assert second.door.other_code == Code.WRONG_CODE
    assert len(codes.asking()) == 1


def test_a_wrong_code_gets_three_guesses_and_nothing_else():
    world = World()
    codes = Codes(world.founder.node)
    code = codes.open(world.space)
    slot = code.split("-")[0]
    for number in range(GUESSES_MAX):
        _, coming = knock(world.founder, codes, f"{slot}-tifo-bobo", f"mallory{number}")
        assert coming.door.code == Code.WRONG_CODE
        assert coming.request is None
    _, late = knock(world.founder, codes, code, "eva")
    assert late.door.other_code == Code.WRONG_CODE
    assert codes.asking() == []


def test_who_stands_between_learns_no_invitation():
    world = World()
    codes = Codes(world.founder.node)
    line = Line()
    # The two legs of a relay have other bindings.
    code = codes.open(world.space)
    _, coming = knock(world.founder, codes, code, "eva", binding=bytes(32), line=line)
    assert coming.door.code == Code.WRONG_CODE
    assert codes.asking() == []
    assert world.space not in line.captured


def test_a_code_is_read_as_people_type_it_and_as_a_camera_reads_it():
    assert read_code(" 7 Tifo plane ") == ("7-tifo-plane", None)
    assert read_code(link_for("10.42.0.1:4747", "7-tifo-plane")) == (
        "7-tifo-plane",
        "10.42.0.1:4747",
    )
    for bad in ("", "tifo-plane", "0-tifo-plane", "7-tifo", "7-tifo-plane-more", "lumbre:/x"):
        with pytest.raises(Invalid):
            read_code(bad)


def opened_doors(
    codes: Codes, keeper: Device, code: str, count: int
) -> list[tuple[Coming, Meeting]]:
    """Newcomers who have the code and whose requests are still to come."""
    doors = []
    for number in range(count):
        coming = Coming(Device(f"eva{number}").node, code, f"eva{number}", BINDING)
        called = new_meeting(keeper.node, BINDING, is_caller=False, codes=codes)
        called.receive(coming.door.send())
        coming.door.receive(called.send())
        doors.append((coming, called))
    return doors


def test_of_two_who_come_with_one_code_at_once_the_second_is_told_that_it_is_used_up():
    world = World()
    codes = Codes(world.founder.node)
    code = codes.open(world.space)
    first, second = opened_doors(codes, world.founder, code, 2)
    Line().run(first[0].door, first[1])
    Line().run(second[0].door, second[1])
    assert first[0].door.is_done
    assert not second[0].door.is_done
    assert second[0].door.other_code == Code.WRONG_CODE
    assert [asking.name for asking in codes.asking()] == ["eva0"]


def test_a_request_for_a_code_that_was_replaced_uses_up_no_other_code():
    world = World()
    codes = Codes(world.founder.node)
    code = codes.open(world.space)
    (door,) = opened_doors(codes, world.founder, code, 1)
    codes.close(code)
    # Every slot is taken anew, this one too.
    others = [codes.open(world.space) for _ in range(SLOTS_MAX)]
    Line().run(door[0].door, door[1])
    assert door[0].door.other_code == Code.WRONG_CODE
    assert all(codes.is_open(other) for other in others)
    assert codes.asking() == []


def test_a_door_that_ended_on_nonsense_is_over_once_that_is_said():
    world = World()
    codes = Codes(world.founder.node)
    (door,) = opened_doors(codes, world.founder, codes.open(world.space), 1)
    called = door[1]
    called.receive(write_frame(Heard()))
    assert called.send()
    assert called.is_over


def test_a_request_comes_once_through_an_opened_door():
    world = World()
    codes = Codes(world.founder.node)
    (door,) = opened_doors(codes, world.founder, codes.open(world.space), 1)
    said = door[0].door.send()
    door[1].receive(said)
    codes.forget(codes.asking()[0].request.author)
    door[1].receive(said)
    assert codes.asking() == []


def test_who_came_first_gives_way_where_too_many_wait(monkeypatch):
    monkeypatch.setattr(codes_module, "REQUESTS_MAX", 2)
    world = World()
    codes = Codes(world.founder.node)
    for name in ("eva", "leo", "noa"):
        knock(world.founder, codes, codes.open(world.space), name)
    assert [asking.name for asking in codes.asking()] == ["leo", "noa"]
