"""The vectors are current, and two readers that share no code agree on each of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lumbre.errors import Refused
from lumbre.record import LogName, limits, read_frame, read_header, read_segment
from lumbre.record.dictionary import DICTIONARY_1
from lumbre.record.media import name_media
from lumbre.record.seal import open_body
from lumbre.schema import Registry
from tests.record import make_vectors, second_reader
from tests.record.make_vectors import FOLDER, kept, text_of

FILES = ("segments", "headers", "bodies", "seals", "frames", "media")
Vector = dict[str, Any]
Readers = dict[str, Callable[[Vector], Any]]


def bytes_of(vector: Any, *, but: tuple[str, ...] = ("what", "kind")) -> Any:
    """JSON's hex as bytes; names of things stay text."""
    if isinstance(vector, dict):
        return {k: v if k in but else bytes_of(v) for k, v in vector.items()}
    if isinstance(vector, list):
        return [bytes_of(part) for part in vector]
    return bytes.fromhex(vector) if isinstance(vector, str) else vector


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, list[Vector]]]:
    """All vectors, the large ones too, by way of their JSON."""
    return {
        name: {
            verdict: [bytes_of(one) for one in ones]
            for verdict, ones in json.loads(text_of(found)).items()
        }
        for name, found in make_vectors.vectors().items()
    }


FIELDS = ("log", "seq", "id", "prev", "depth", "wall_s", "total_bytes", "key_id", "header")


def _entry(entry: Any) -> Vector:
    names = (*FIELDS, "body", "signature")
    return {
        name: entry[name] if isinstance(entry, dict) else getattr(entry, name) for name in names
    }


LUMBRE: Readers = {
    "segments": lambda v: [_entry(entry) for entry in read_segment(v["segment"])],
    "headers": lambda v: msgspec.structs.asdict(read_header(v["header"])),
    "bodies": lambda v: [
        [ref.log, ref.seq, ref.hash] for ref in Registry([]).decode(v["body"]).refs
    ],
    "seals": lambda v: open_body(v["sealed"], v["key"], log=v["log"], seq=v["seq"], prev=v["prev"]),
    "frames": lambda v: _entry(
        read_frame(v["frame"], lambda tag: [LogName(*name) for name in v["logs"]])
    ),
    "media": lambda v: name_media(v["data"], v["piece_bytes"]).root,
}
SECOND: Readers = {
    "segments": lambda v: [_entry(entry) for entry in second_reader.read_segment(v["segment"])],
    "headers": lambda v: second_reader.read_header(v["header"]),
    "bodies": lambda v: second_reader.read_body(v["body"])["refs"],
    "seals": lambda v: second_reader.open_body(
        v["sealed"], v["key"], v["log"], v["seq"], v["prev"]
    ),
    "frames": lambda v: _entry(second_reader.read_frame(v["frame"], v["logs"])),
    "media": lambda v: second_reader.media_root(v["data"], v["piece_bytes"]),
}
SAYS: Readers = {
    "segments": lambda v: v["entries"],
    "headers": lambda v: dict(
        zip(second_reader.FIELDS, second_reader.decode(v["header"]), strict=True)
    ),
    "bodies": lambda v: v["refs"],
    "seals": lambda v: v["plain"],
    "frames": lambda v: v["entry"],
    "media": lambda v: v["root"],
}


@pytest.mark.parametrize("name", FILES)
def test_vectors_are_current(name) -> None:
    """python -m tests.record.make_vectors writes them."""
    written = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert written == text_of(kept(make_vectors.vectors()[name]))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("readers", [LUMBRE, SECOND], ids=["lumbre", "second reader"])
def test_a_reader_finds_what_the_vectors_say(made, name, readers) -> None:
    assert made[name]["good"]
    for vector in made[name]["good"]:
        assert readers[name](vector) == SAYS[name](vector), vector["what"]


@pytest.mark.parametrize("name", FILES[:-1])
@pytest.mark.parametrize(
    ("readers", "refusal"),
    [(LUMBRE, Refused), (SECOND, second_reader.Bad)],
    ids=["lumbre", "second reader"],
)
def test_a_reader_refuses_what_the_vectors_refuse(made, name, readers, refusal) -> None:
    assert made[name]["bad"]
    entered = []
    for vector in made[name]["bad"]:
        with pytest.raises(refusal):
            entered.append((vector["what"], readers[name](vector)))
    assert entered == []


def test_an_entry_id_in_the_vectors_is_the_hash_of_its_header(made) -> None:
    for vector in made["headers"]["good"]:
        assert make_vectors.entry_id(vector["header"]) == vector["id"]


def test_the_second_reader_imports_nothing_of_lumbre() -> None:
    folder = Path(second_reader.__file__).parent
    for name in ("second_reader.py", "second_crypto.py"):
        imported = re.findall(r"^(?:from|import) (\S+)", (folder / name).read_text(), re.MULTILINE)
        assert {top.split(".")[0] for top in imported} <= {
            "__future__", "hashlib", "pathlib", "struct", "tests", "typing", "zlib",
        }  # fmt: skip


# docs/FORMAT.md


@pytest.fixture(scope="module")
def page(repo_root) -> str:
    return (repo_root / "docs" / "FORMAT.md").read_text(encoding="utf-8")


def test_the_pages_caps_are_those_of_the_code(page) -> None:
    said = {
        name: int(value.replace(",", ""))
        for name, value in re.findall(r"^\| ([A-Z_]+) \| ([\d,]+) \|", page, re.MULTILINE)
    }
    lengths = {"HASH_BYTES", "KEY_BYTES", "SIGNATURE_BYTES", "KEY_ID_BYTES", "SALT_BYTES"}
    lengths |= {"RADIO_TAG_BYTES", "RADIO_HASH_BYTES", "FORMAT_VERSION"}
    named = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert said == {name: value for name, value in named.items() if name not in lengths}


def domains(source: Path) -> Iterator[bytes]:
    for path in sorted((source / "lumbre" / "record").glob("*.py")):
        yield from re.findall(rb'b"(lumbre/[^"]+)"', path.read_bytes())


def test_the_page_names_every_domain_that_the_record_hashes_or_signs_under(repo_root, page) -> None:
    found = [domain.decode() for domain in domains(repo_root / "src")]
    assert len(found) == len(set(found)) >= 5
    assert [domain for domain in found if f'"{domain}"' not in page] == []


def test_the_dictionary_is_the_one_that_the_page_names(page) -> None:
    assert (FOLDER / "dictionary-1.bin").read_bytes() == DICTIONARY_1
    assert hashlib.sha256(DICTIONARY_1).hexdigest() in page
