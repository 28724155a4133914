"""Asking by files: the same request twice, junk beside an invitation, several invitations."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def keeper(terminal, stick: Path):
    """Who founded a community and left an invitation on the stick."""
    made = terminal("keeper")
    made.lines("found", "Space", "--person", "Keeper")
    made.lines("invite", str(stick))
    return made


def test_who_asks_twice_reads_the_same_words_and_leaves_one_request(
    terminal, keeper, stick: Path
) -> None:
    other = terminal("other")
    first = other.json("ask", str(stick), "--person", "Beto")
    again = other.json("ask", str(stick), "--person", "Beto")
    assert (first["is_same"], again["is_same"]) == (False, True)
    assert (again["words"], again["file"]) == (first["words"], first["file"])
    assert len(list(stick.glob("*.request"))) == 1
    assert "same request as before" in "\n".join(other.lines("ask", str(stick), "--person", "Beto"))


def test_who_asks_by_another_name_is_told_which_request_counts(
    terminal, keeper, stick: Path
) -> None:
    other = terminal("other")
    first = other.json("ask", str(stick), "--person", "Beto")
    said = "\n".join(other.lines("ask", str(stick), "--person", "Beto Ruiz"))
    assert Path(first["file"]).name in said
    assert other.json("ask", str(stick), "--person", "Beto")["replaces"] is not None


def test_junk_beside_an_invitation_is_named_and_passed_over(terminal, keeper, stick: Path) -> None:
    for number, junk in enumerate((b"", b"junk", bytes(5000))):
        (stick / f"junk-{number}.invitation").write_bytes(junk)
    other = terminal("other")
    assert other("ask", str(stick), "--person", "Beto") == 0
    assert all(f"junk-{number}.invitation" in other.err for number in range(3))
    keeper.json("admit", str(stick), "--yes")
    assert len(keeper.json("members")) == 2


def test_junk_alone_is_no_invitation_and_makes_no_home(terminal, stick: Path) -> None:
    (stick / "junk.invitation").write_bytes(b"junk")
    other = terminal("other")
    assert other("ask", str(stick), "--person", "Beto") == 8
    assert not other.home.exists()


def test_of_several_invitations_one_is_meant_by_its_id(terminal, keeper, stick: Path) -> None:
    (one,) = stick.glob("*.invitation")
    (stick / "copy.invitation").write_bytes(one.read_bytes())
    second = terminal("second")
    space = second.json("found", "Second", "--person", "Caro")["space"]
    second.lines("invite", str(stick))
    other = terminal("other")
    assert other("ask", str(stick), "--person", "Beto") == 4
    assert space[:8] in other.err
    other.lines("ask", str(stick), "--person", "Beto", "--space", space[:8])
    assert [found["id"] for found in other.json("status")["spaces"]] == [space]


def test_who_is_not_admitted_yet_is_told_so_and_not_that_there_is_nothing(
    terminal, keeper, stick: Path
) -> None:
    other = terminal("other")
    other.lines("ask", str(stick), "--person", "Beto")
    for command in ("status", "needs", "members"):
        text = "\n".join(other.lines(command))
        assert "not admitted yet" in text, command
        assert "Nothing" not in text
        assert "renew" not in text
    keeper.json("admit", str(stick), "--yes")
    keeper.lines("give", str(stick))
    other.lines("take", str(stick))
    for command in ("status", "needs", "members"):
        assert "not admitted yet" not in "\n".join(other.lines(command)), command


def test_a_locked_device_does_not_say_that_its_community_has_no_name(
    terminal, keeper, monkeypatch
) -> None:
    monkeypatch.setenv("LUMBRE_NEW_PASSPHRASE", "four or five words")
    keeper.lines("passphrase")
    text = "\n".join(keeper.lines("status"))
    assert "unnamed" not in text
    assert "Community " in text


def test_the_doctor_speaks_the_language_of_who_reads(terminal, keeper) -> None:
    facts = keeper.json("doctor")["facts"]
    text = "\n".join(keeper.lines("doctor", "--lang", "es"))
    assert "Modo abierto: sí" in text
    assert "True" not in text
    plain = {name for name in facts if not name.startswith("bytes of ") and name != "sqlite"}
    assert [name for name in plain if f"{name}:" in text] == []
