"""Six words that two people read to each other: what came is what was sent.

Words are made of two open syllables that Spanish and English readers say alike ("tifo",
"plane"), so no list of words is carried along: 80 syllables, twelve of them, 75 bits.
"""

from __future__ import annotations

from typing import Final

_ONSETS: Final = (
    "b", "ch", "d", "f", "k", "l", "m", "n", "p", "r", "s", "t", "br", "fl", "pl", "tr",
)  # fmt: skip
_VOWELS: Final = "aeiou"
_SYLLABLES: Final = tuple(onset + vowel for onset in _ONSETS for vowel in _VOWELS)
WORDS: Final = 6
_NUMBER_BYTES: Final = 16
"""2^128 over 80^12: every word is as likely as any other."""


def six_words(digest: bytes) -> list[str]:
    """The words of a digest."""
    return words_of(digest, WORDS)


def words_of(digest: bytes, count: int = WORDS) -> list[str]:
    """The first words of a digest of at least 16 bytes."""
    number = int.from_bytes(digest[:_NUMBER_BYTES], "big")
    words = []
    for _ in range(count):
        number, first = divmod(number, len(_SYLLABLES))
        number, second = divmod(number, len(_SYLLABLES))
        words.append(_SYLLABLES[first] + _SYLLABLES[second])
    return words
