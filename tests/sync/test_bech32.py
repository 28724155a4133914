"""The published vectors of BIP 173, and the library that reads what is written."""

from __future__ import annotations

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.sync.bech32 import bech32

# The valid strings of BIP 173, with their data where it is whole bytes.
VECTORS = [
    ("a", "", "a12uel5l"),
    (
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
        "",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    ),
    (
        "abcdef",
        "00443214c74254b635cf84653a56d7c675be77df",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    ),
    ("1", "00" * 51, "11" + "q" * 82 + "c8247j"),
    (
        "split",
        "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    ),
    ("?", "", "?1ezyfcl"),
]


@pytest.mark.parametrize(("prefix", "data", "text"), VECTORS)
def test_the_vectors_of_bip_173(prefix, data, text):
    assert bech32(prefix, bytes.fromhex(data)) == text


@given(st.binary(min_size=32, max_size=32))
def test_age_reads_every_key_that_is_written(private):
    text = bech32("age-secret-key-", private).upper()
    assert str(pyrage.x25519.Identity.from_str(text)) == text
