"""Row 8 of the threats: whatever bytes come, a decoder takes them or raises `Refused`."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from lumbre.errors import Refused
from tests.record import fuzz


@pytest.mark.parametrize("name", fuzz.DECODERS)
def test_row_8_100000_executions_end_in_a_result_or_refused(name, count) -> None:
    assert fuzz.run(name, count("FUZZ", 100_000)) > 0


@pytest.mark.parametrize("name", fuzz.DECODERS)
def test_row_8_random_bytes_end_in_a_result_or_refused(name) -> None:
    chance = random.Random(name)
    for _ in range(2_000):
        try:
            fuzz.DECODERS[name].decode(chance.randbytes(chance.randrange(300)))
        except Refused:
            continue


BOMBS = {
    "arrays in arrays": b"\x91" * 65_536,
    "large arrays in large arrays": b"\xdc\xf0\x00" * 21_845,
    "a declared array": b"\x92\xa1x\xdd\xff\xff\xff\xff",
    "declared bytes": b"\x92\xa1x\xc6\xff\xff\xff\xff",
    "declared text": b"\x92\xa1x\xdb\xff\xff\xff\xff",
    "a declared map": b"\x92\xa1x\xdf\xff\xff\xff\xff",
    "maps in maps": b"\x81" * 65_536,
    "a mebibyte and one": b"\xc6\x00\x10\x00\x01" + bytes(1024 * 1024 + 1),
    "ten mebibytes": b"\x91" + bytes(10 * 1024 * 1024),
}


@pytest.mark.parametrize("name", fuzz.DECODERS)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_row_8_a_parser_bomb_is_refused(name, bomb) -> None:
    with pytest.raises(Refused):
        fuzz.DECODERS[name].decode(bomb)


def test_row_8_the_fuzzer_holds_its_limits_of_64_mib_and_1_s(repo_root) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.record.fuzz", "--executions", "3000"],
        cwd=repo_root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count(" 0 failed") == len(fuzz.DECODERS)


@pytest.mark.soak
@pytest.mark.parametrize("name", fuzz.DECODERS)
def test_row_8_soak_of_the_count_that_is_asked_for(name, count, repo_root) -> None:
    executions = str(count("FUZZ", 10_000_000))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.record.fuzz", "--decoder", name, "--executions", executions],
        cwd=repo_root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_the_fuzzer_finds_an_error_of_another_family(monkeypatch) -> None:
    def decode(data: bytes) -> None:
        if len(data) % 7 == 3:
            raise KeyError(data)

    monkeypatch.setitem(fuzz.DECODERS, "bad", fuzz.Decoder(decode, lambda: [b"0123456789"]))
    with pytest.raises(KeyError) as found:
        fuzz.run("bad", 1000)
    assert f"bad, seed {fuzz.SEED}, execution" in found.value.__notes__[0]
