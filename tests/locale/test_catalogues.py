"""Every message id has words in both languages, no words are orphans, placeholders agree."""

from __future__ import annotations

import ast
import errno
import os
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from lumbre.errors import Refused, StoreError
from lumbre.kinds import DOMAINS
from lumbre.kinds.situation.records import PlaceType
from lumbre.kinds.supply.needs import NeedState
from lumbre.ledger import Outcome
from lumbre.node.goods import READY
from lumbre.node.words import LANGUAGES, Words, language_of
from lumbre.record import Lane
from lumbre.schema import Role
from lumbre.sync.frames import Code

ERRORS = ("refused", "invalid", "not-allowed", "locked", "not-found", "file", "store")
REASONS = ("content", "right", "waiting")
OTHERS = ("age", "amount", "board", "cli", "col", "doctor", "outcome", "stock")
ID = re.compile(rf"(?:{'|'.join(ERRORS + REASONS + OTHERS)})\.[a-z0-9][a-z0-9.-]*")
IN_TEMPLATE = re.compile(r"""words(?:\.count)?\("([a-z-]+\.[a-z0-9.-]+)"(?!\s*~)""")

IN_QUOTES = re.compile(r'"(board\.[a-z0-9.-]+[a-z0-9])"')

# Parts of ids that the code completes with one of these.
FAMILIES = {
    "good.": [good.code for good in READY],
    "field.": ["good", "name", "people", "place", "space", "file", "note", "type", "do"],
    "system.": ["missing", "not-a-folder", "not-permitted", "read-only", "full", "failed"],
    "need-state.": [state.name.lower() for state in NeedState],
    "outcome.": [outcome.name.lower() for outcome in Outcome],
    "place-type.": [kind.name.lower() for kind in PlaceType],
    "fact.": [
        "sqlite",
        "cipher",
        "is-open-mode",
        "is-read-only",
        "is-restored",
        "people",
        "version",
        "branches",
        "arrivals",
        "free-bytes",
    ],
    "kind.": [kind.name for domain in DOMAINS for kind in domain.kinds],
    "lane.": [lane.name.lower() for lane in Lane],
    "role.": [role.name.lower() for role in Role],
    "board.about.not.": ["radio", "unlocked", "truth", "deletion", "system", "audit"],
    "board.by.": ["member", "guest", "removed"],
    "board.nav.": ["today", "offers", "places", "carry", "community", "doubts", "about"],
    "board.status.": ["404", "405", "500"],
    "cli.take.": ["known", "without-effect", "waiting", "for-key", "past-grant", "forks", "keys"],
    "cli.status.": ["members", "needs", "offers", "places", "doubts"],
    "cli.group.": ["everyday", "carrying", "community", "deciding", "looking", "keeping"],
    "proposal.": [
        "bring",
        "admit",
        "appoint",
        "dismiss",
        "epoch",
        "grant",
        "mandate",
        "mandate-end",
        "pins",
        "quorum",
        "remove",
        "remove-key",
        "rules",
    ],
    "board.about.": ["open", "locked"],
    "sync.": [
        "twin",
        "unknown-device",
        "closed-device",
        *(code.message_id.removeprefix("sync.") for code in Code),
    ],
}

# Not ids, though they look like one.
NOT_WORDS = {"store.database", "file.lumbre"}


@pytest.fixture(scope="module")
def catalogues(repo_root: Path):
    found = {}
    for language in LANGUAGES:
        path = repo_root / "src/lumbre/locale" / language / "LC_MESSAGES/lumbre.po"
        with path.open("rb") as file:
            found[language] = read_po(file, locale=language, abort_invalid=True)
    return found


def ids_in_code(root: Path) -> dict[str, str]:
    """Message ids that stand in string literals, and where."""
    from lumbre.cli.commands import COMMANDS

    found = {f"cli.{name}.help": "commands.py" for _, name, _ in COMMANDS}
    for path in sorted((root / "src/lumbre").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and ID.fullmatch(text) and not text.endswith((".", ".py")):
                found.setdefault(text, f"{path.name}:{node.lineno}")
    for path in sorted((root / "src/lumbre/board/templates").glob("*.html")):
        text = path.read_text()
        for id_ in IN_TEMPLATE.findall(text) + IN_QUOTES.findall(text):
            if not id_.endswith("."):
                found.setdefault(id_, path.name)
    found |= {prefix + name: "family" for prefix, names in FAMILIES.items() for name in names}
    return {id_: at for id_, at in found.items() if id_ not in NOT_WORDS}


def columns(root: Path) -> set[str]:
    """Titles that the lists name by their last part."""
    paths = (root / "src/lumbre/cli" / name for name in ("lists.py", "community.py"))
    text = "".join(path.read_text() for path in paths)
    return {f"col.{name}" for name in re.findall(r'"([a-z]+)"', text)}


def test_every_id_has_words_in_both_languages(repo_root: Path, catalogues) -> None:
    lacking = [
        f"{id_} ({at}) in {language}"
        for id_, at in sorted(ids_in_code(repo_root).items())
        for language, catalogue in catalogues.items()
        if id_ not in catalogue or not _texts(catalogue[id_])
    ]
    assert lacking == []


def test_no_words_are_orphans(repo_root: Path, catalogues) -> None:
    used = ids_in_code(repo_root).keys() | columns(repo_root)
    known = {message.id for message in catalogues["es"] if message.id}
    ids = {id_ if isinstance(id_, str) else id_[0] for id_ in known}
    assert sorted(ids - used) == []


def test_both_languages_have_the_same_ids_and_placeholders(catalogues) -> None:
    spanish, english = catalogues["es"], catalogues["en"]
    assert [m.id for m in spanish] == [m.id for m in english]
    for message in spanish:
        if not message.id:
            continue
        left, right = _texts(message), _texts(english[message.id])
        assert len(left) == len(right), message.id
        for one, other in zip(left, right, strict=True):
            assert _holes(one) == _holes(other), message.id


def test_every_plural_form_is_there(catalogues) -> None:
    for language, catalogue in catalogues.items():
        for message in catalogue:
            if isinstance(message.id, tuple):
                assert len(message.string) == catalogue.num_plurals == 2, message.id
                assert all(message.string), (language, message.id)


def _texts(message) -> list[str]:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [text for text in strings if text]


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize(
    ("wanted", "environment", "spoken"),
    [
        ("en", {"LANG": "es_VE.UTF-8"}, "en"),
        (None, {"LUMBRE_LANG": "en", "LANG": "es_VE.UTF-8"}, "en"),
        (None, {"LANG": "es_VE.UTF-8"}, "es"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "C.UTF-8"}, "es"),
        (None, {}, "es"),
    ],
)
def test_the_language_is_as_asked_else_the_system_s_else_spanish(
    wanted, environment, spoken
) -> None:
    assert language_of(wanted, environment) == spoken


def test_a_value_that_is_missing_never_hides_the_sentence() -> None:
    assert "?" in Words("en")("store.io")
    assert Words("en")("no.such-id") == "no.such-id"


def test_a_count_takes_its_plural() -> None:
    words = Words("es")
    assert words.count("cli.take.new", 1) == "Llegó 1 registro nuevo."
    assert words.count("cli.take.new", 3) == "Llegaron 3 registros nuevos."


def test_a_reason_that_a_reader_s_refusal_gave_has_that_refusal_s_words() -> None:
    words = Words("en")
    assert words.reason("content.not-canonical") == words("refused.not-canonical")


def test_a_system_s_reason_and_a_size_are_said_in_words() -> None:
    error = StoreError("file.cannot-read-folder", folder="x", why=os.strerror(errno.ENOENT))
    assert "no está ahí" in Words("es").error(error)
    assert "67 MB" in Words("es").error(Refused("refused.too-large", max_bytes=64 << 20))
