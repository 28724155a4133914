"""A device that nobody knows comes in with a spoken code, and nobody without it."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid
from lumbre.node import joining
from lumbre.node.aloud import six_words
from lumbre.node.codes import GUESSES_MAX, Codes, Coming, link_for, read_code
from lumbre.node.meetings import new_meeting
from lumbre.schema import Role
from lumbre.sync.frames import Code
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
