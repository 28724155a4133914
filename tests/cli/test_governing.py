"""Governing by commands, as people would on two or three homes with a stick between them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest


class Stick:
    """Carries between homes; emptied after each use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def empty(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    def carry(self, giver, *takers) -> None:
        giver.lines("give", str(self.folder))
        for taker in takers:
            assert taker.json("take", str(self.folder))["refused"] == {}
        self.empty()

    def let_in(self, keeper, newcomer, person: str, command: str = "admit") -> None:
        keeper.lines("invite", str(self.folder))
        newcomer.json("ask", str(self.folder), "--person", person)
        keeper.json(command, str(self.folder), "--yes")
        self.empty()
        self.carry(keeper, newcomer)


@pytest.fixture
def carrier(stick: Path) -> Stick:
    return Stick(stick)


@pytest.fixture
def three(terminal, carrier: Stick):
    """Ana founded; Beto and Caro coordinate with her."""
    ana, beto, caro = terminal("ana"), terminal("beto"), terminal("caro")
    ana.lines("found", "Space", "--person", "Ana")
    carrier.let_in(ana, beto, "Beto")
    carrier.let_in(ana, caro, "Caro")
    assert ana.json("appoint", "Beto")["state"] == "in-effect"
    carrier.carry(ana, beto)
    waiting = ana.json("appoint", "Caro")
    assert (waiting["state"], waiting["missing"]) == ("waiting", 1)
    carrier.carry(ana, beto)
    assert beto.json("approve", waiting["act"][:8])["state"] == "in-effect"
    carrier.carry(beto, ana, caro)
    return ana, beto, caro


def person(terminal, name: str):
    (found,) = [m for m in terminal.json("members", "--all") if m["name"] == name]
    return found


def test_a_founder_that_lost_its_device_goes_on_by_the_paper(
    terminal, carrier: Stick, monkeypatch, tmp_path: Path
) -> None:
    ana, beto, again = terminal("ana"), terminal("beto"), terminal("again")
    founded = ana.json("found", "Space", "--person", "Ana", "--paper")
    code = founded["paper"]
    assert [len(group) for group in code.split()] == [4] * 14
    carrier.let_in(ana, beto, "Beto")
    ana.lines("need", "flour", "25 kg", "--place", "School")
    carrier.carry(ana, beto)
    lost = person(beto, "Ana")["devices"]
    beto.lines("give", str(carrier.folder))
    folder = str(carrier.folder)
    wrong = ("B" if code[0] == "A" else "A") + code[1:]
    for bad in (wrong, "", "no code at all"):
        monkeypatch.setenv("LUMBRE_PAPER", bad)
        assert again("recover", folder) == 4
        assert not again.home.exists()
    monkeypatch.delenv("LUMBRE_PAPER")
    monkeypatch.setattr("sys.stdin", io.StringIO(code.lower() + "\n"))
    said = "\n".join(again.lines("recover", folder, "--name", "second phone"))
    assert "Ana" in said
    (need,) = again.json("needs")
    assert need["place_name"] == "School"
    assert person(again, "Ana")["role"] == "steward"
    closed = again.json("close", lost[0][:8], "--yes")
    assert closed["state"] == "in-effect"
    assert closed["new_key_due"]
    carrier.empty()
    carrier.carry(again, beto)
    assert person(beto, "Ana")["closed"] == lost
    # The code lies in no file of any home, in no form in which it was typed.
    for path in again.home.rglob("*"):
        text = path.read_bytes().lower() if path.is_file() else b""
        assert code.lower().encode() not in text
        assert code.replace(" ", "").lower().encode() not in text
    assert code not in ana.out + beto.out


def test_recover_says_what_is_missing(terminal, carrier: Stick, monkeypatch) -> None:
    ana, beto = terminal("ana"), terminal("beto")
    folder = str(carrier.folder)
    assert terminal("none")("recover", folder) == 8
    code = ana.json("found", "Space", "--person", "Ana", "--paper")["paper"]
    beto.lines("found", "Other", "--person", "Beto")
    beto.lines("give", folder)
    monkeypatch.setenv("LUMBRE_PAPER", code)
    none = terminal("none")
    assert none("recover", folder, "--json") == 8
    assert json.loads(none.out)["error"] == "not-found.paper-space"
    assert not none.home.exists()


def test_without_a_paper_it_says_that_the_space_can_be_lost(terminal) -> None:
    said = " ".join(terminal("ana").lines("found", "Space", "--person", "Ana"))
    assert "can be lost" in said
    said = " ".join(terminal("beto").lines("found", "Other", "--person", "Beto", "--paper"))
    assert "whoever finds" in said
    assert "not shown again" in said


def test_a_removal_takes_two_of_three_and_then_a_new_key(three, terminal, carrier: Stick) -> None:
    ana, beto, caro = three
    dora = terminal("dora")
    carrier.let_in(ana, dora, "Dora")
    carrier.carry(ana, beto, caro)
    assert ana("remove", "Dora") == 5
    assert ana.json("proposals") == []
    removal = ana.json("remove", "Dora", "--reason", "took the diesel", "--yes")
    assert (removal["votes"], removal["need"], removal["new_key_due"]) == (1, 2, False)
    carrier.carry(ana, beto, caro, dora)
    (waiting,) = beto.json("proposals")
    assert waiting["says"] == "Remove Dora with all devices"
    assert waiting["reason"] == "took the diesel"
    assert (waiting["voters"], waiting["missing"], waiting["may_vote"]) == (["Ana"], 1, True)
    shown = "\n".join(beto.lines("proposals"))
    assert "It waits for 1 more vote (1 of 2)" in shown
    assert ana("approve", removal["act"][:8]) == 4
    assert dora("approve", removal["act"][:8]) == 5
    said = "\n".join(beto.lines("approve", removal["act"][:8]))
    assert "In effect now, with 2 of 2 votes" in said
    assert "by: Dora" in said
    assert person(beto, "Dora")["removed"]
    dora.lines("need", "rice", "5 kg", "--place", "Behind the wall")
    carrier.carry(dora, beto)
    (needed,) = [n for n in beto.json("needs") if n["place_name"] == "Behind the wall"]
    assert needed["from_removed"]
    # Anyone objects; a member takes the entry on, and it counts.
    beto.lines("object", needed["need"][:8], "nobody saw it")
    adopted = beto.json("adopt", needed["need"][:8])
    assert adopted["state"] == "in-effect"
    renewal = beto.json("renew")
    assert renewal["state"] == "waiting"
    assert renewal["still_reading"] == ["Dora"]
    carrier.carry(beto, ana, caro, dora)
    assert ana("renew") == 4
    decided = caro.json("approve", renewal["act"][:8])
    assert (decided["state"], decided["new_key_due"]) == ("in-effect", False)
    caro.lines("need", "flour", "3 kg", "--place", "Kept from Dora")
    carrier.carry(caro, ana, beto, dora)
    assert "Kept from Dora" in {n["place_name"] for n in ana.json("needs")}
    assert "Kept from Dora" not in {n["place_name"] for n in dora.json("needs")}
    assert ana.json("hash") == caro.json("hash")


def test_stewards_end_the_quorum_moves_and_the_last_one_stays(three, carrier: Stick) -> None:
    ana, beto, caro = three
    assert ana.json("quorum") == {"percent": 50, "need": 2, "stewards": 3}
    raised = ana.json("quorum", "70")
    assert raised["missing"] == 1
    carrier.carry(ana, caro)
    assert caro.json("approve", raised["act"][:8])["state"] == "in-effect"
    assert caro.json("quorum")["need"] == 3
    assert caro("quorum", "99") == 4
    ended = caro.json("dismiss", "Beto")
    carrier.carry(caro, ana, beto)
    assert ana.json("approve", ended["act"][:8])["missing"] == 1
    carrier.carry(ana, beto)
    assert beto.json("approve", ended["act"][:8])["state"] == "in-effect"
    assert person(beto, "Beto")["role"] == "member"
    assert beto("appoint", "Beto") == 5
    assert "for the stewards to decide" in beto.err


def test_an_act_without_effect_says_why_and_ends_with_5(terminal) -> None:
    alone = terminal("alone")
    alone.lines("found", "Space", "--person", "Ana")
    assert alone("dismiss", "Ana", "--json") == 5
    found = json.loads(alone.out)
    assert (found["state"], found["reason"]) == ("without-effect", "right.last-steward")
    assert alone("remove", "Nobody", "--yes") == 8
    assert alone("appoint", "Ana") == 4


def test_a_second_device_comes_in_and_closes_the_lost_one(terminal, carrier: Stick) -> None:
    ana, phone, laptop = terminal("ana"), terminal("phone"), terminal("laptop")
    ana.lines("found", "Space", "--person", "Ana")
    carrier.let_in(ana, phone, "Beto")
    carrier.let_in(phone, laptop, "laptop", "device")
    assert len(person(laptop, "Beto")["devices"]) == 2
    phone.lines("need", "flour", "1 kg", "--place", "Known")
    carrier.carry(phone, laptop)
    own = person(laptop, "Beto")["devices"]
    # Its own it does not close, the other it does.
    assert sorted(laptop("close", key[:8], "--yes") for key in own) == [0, 4]
    assert laptop("close", person(laptop, "Ana")["devices"][0][:8], "--yes") == 5
    phone.lines("need", "rice", "1 kg", "--place", "By the thief")
    carrier.carry(phone, laptop)
    shown = {n["place_name"]: n["from_removed"] for n in laptop.json("needs")}
    assert shown == {"Known": False, "By the thief": True}
    assert "key is due" in "\n".join(laptop.lines("members"))


def test_a_restored_home_asks_anew_and_its_old_key_is_closed(
    terminal, carrier: Stick, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("LUMBRE_BACKUP_PASSPHRASE", "the backup has its own")
    ana, beto, again = terminal("ana"), terminal("beto"), terminal("again")
    ana.lines("found", "Space", "--person", "Ana")
    carrier.let_in(ana, beto, "Beto")
    file = tmp_path / "copy"
    beto.lines("backup", str(file))
    beto.lines("need", "flour", "1 kg", "--place", "Newer")
    carrier.carry(beto, ana)
    again.lines("restore", str(file))
    carrier.let_in(ana, again, "Beto again")
    again.lines("need", "rice", "1 kg", "--place", "Restored")
    carrier.carry(again, ana, beto)
    carrier.carry(ana, again)
    assert {n["place_name"] for n in again.json("needs")} == {"Newer", "Restored"}
    for terminal_ in (ana, beto, again):
        assert terminal_.json("doubts")["forks"] == []
    assert ana.json("hash") == again.json("hash")


def test_organisations_duties_and_room(three, carrier: Stick) -> None:
    ana, beto, caro = three
    named = caro.json("organisation", "Bakers' union")
    carrier.carry(caro, ana)
    duty = ana.json(
        "mandate", "Water round", "Caro", "--deputy", "Beto", "--days", "30",
        "--organisation", named["act"][:8],
    )  # fmt: skip
    assert duty["missing"] == 1
    carrier.carry(ana, beto, caro)
    assert beto.json("approve", duty["act"][:8])["state"] == "in-effect"
    carrier.carry(beto, caro)
    assert person(caro, "Caro")["duties"] == [f"water-round ({duty['act'][:8]})"]
    assert caro.json("mandate-end", duty["act"][:8], "Caro")["state"] == "in-effect"
    assert person(caro, "Beto")["duties"] == [f"water-round ({duty['act'][:8]})"]
    key = person(caro, "Beto")["devices"][0]
    assert caro("grant", key[:8]) == 4
    assert caro.json("grant", key[:8], "--bulk", "64")["missing"] == 1
    assert caro.json("share") == {"given": []}


def test_an_objection_that_cannot_be_written_is_kept(terminal) -> None:
    ana = terminal("ana")
    ana.lines("found", "Space", "--person", "Ana")
    assert ana("object", "0000000000", "what I typed") == 8
    (draft,) = ana.json("drafts")
    assert draft["said"]["text"] == "what I typed"
