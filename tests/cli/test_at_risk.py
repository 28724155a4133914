"""`lumbre at-risk`, and what `show` says of who holds an entry."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lumbre.cli.at_risk import LISTED_MAX
from lumbre.node.census import Census
from lumbre.node.home import Home


@pytest.fixture
def two(terminal, stick: Path):
    """Two homes in one community; both hold all that there is."""
    a, b = terminal("a"), terminal("b")
    a.lines("found", "La Vega", "--person", "Ana")
    a.lines("invite", str(stick))
    b.json("ask", str(stick), "--person", "Beto")
    a.json("admit", str(stick), "--yes")
    a.lines("give", str(stick))
    b.lines("take", str(stick))
    return a, b


def say(teller, reader) -> None:
    """What the end of a meeting does, one way."""
    with Home.open(teller.home) as home:
        (space,) = home.node.spaces()
        census = Census(home.node, space.id)
        census.own()
        sent = census.select()
    with Home.open(reader.home) as home:
        for record in sent:
            Census(home.node, space.id).take(record)


def test_alone_everything_is_listed_with_urgent_and_newest_first(two):
    a, _ = two
    for number in range(3):
        a.lines("need", "flour", f"{number + 1} kg", "--place", "School")
    found = a.json("at-risk")
    assert found["devices"] == 0
    assert found["count"] == len(found["entries"]) == sum(found["kinds"].values())
    assert found["kinds"]["need"] == 3
    assert found["kinds"] == dict(Counter(one["kind"] for one in found["entries"]))
    lanes = [one["lane"] for one in found["entries"]]
    assert lanes == ["urgent"] * 3 + ["trust"] * (len(lanes) - 3)
    walls = [one["wall_s"] for one in found["entries"][:3]]
    assert walls == sorted(walls, reverse=True)
    text = "\n".join(a.lines("at-risk"))
    assert "No other device has said yet what it holds." in text
    assert f"{found['count']} entries are here" in text
    assert "3  need" in text
    assert found["entries"][0]["entry"][:8] in text
    assert "lumbre give FOLDER" in text


def test_what_another_says_it_holds_is_at_risk_no_longer(two, stick: Path):
    a, b = two
    a.lines("need", "flour", "25 kg", "--place", "School")
    (need,) = a.json("needs")
    a.lines("give", str(stick))
    b.lines("take", str(stick))
    assert a.json("at-risk")["count"] > 0, "that it was given is no proof that it arrived"
    say(b, a)
    assert a.json("at-risk") == {"count": 0, "devices": 1, "entries": [], "kinds": {}}
    text = "\n".join(a.lines("at-risk"))
    assert "1 other device has said what it holds." in text
    assert "Nothing would be lost" in text
    shown = a.json("show", need["need"])
    assert (shown["holders"]["here"], shown["holders"]["devices"]) == (True, 1)
    assert shown["holders"]["last_heard_s"] <= shown["now_s"]
    said = "1 other device says it holds it, last heard less than a minute ago"
    assert said in "\n".join(a.lines("show", need["need"]))
    a.lines("need", "water.potable", "5 litros", "--place", "Block 4")
    found = a.json("at-risk")
    assert found["kinds"] == {"need": 1}
    other = found["entries"][0]["entry"]
    assert "Whether others have it is not known" in "\n".join(a.lines("show", other))


def test_a_long_list_is_cut_and_says_so(two, monkeypatch):
    a, _ = two
    assert LISTED_MAX == 50
    monkeypatch.setattr("lumbre.cli.at_risk.LISTED_MAX", 2)
    text = "\n".join(a.lines("at-risk"))
    count = a.json("at-risk")["count"]
    assert f"and {count - 2} more; all of them with --json" in text


def test_without_a_space_or_a_passphrase_it_says_what_to_do(two, terminal, monkeypatch):
    a, _ = two
    fresh = terminal("fresh")
    assert fresh("at-risk") != 0
    assert fresh.err
    monkeypatch.setenv("LUMBRE_NEW_PASSPHRASE", "four words are enough")
    a.lines("passphrase")
    monkeypatch.delenv("LUMBRE_NEW_PASSPHRASE")
    assert a("at-risk") == 6


def test_kinds_are_named_in_the_language_of_who_reads(two):
    a, _ = two
    a.lines("need", "flour", "1 kg", "--place", "School")
    (need,) = [one for one in a.json("at-risk")["entries"] if one["kind"] == "need"]
    spanish = "\n".join(a.lines("at-risk", "--lang", "es"))
    assert "1  necesidad" in spanish
    assert "need" not in spanish
    shown = "\n".join(a.lines("show", need["entry"], "--lang", "es"))
    assert "necesidad (need)" in shown
    assert "urgente" in shown
    assert "urgent," not in shown
