"""Message ids turned into words: the one place where an id becomes a sentence.

    words = Words("es")
    words("cli.give.done", file="x.lumbre")      one sentence
    words.count("cli.take.new", 3)               with the plural that the language asks for
    words.error(error)                           what happened and what to do next

Rules: an id without words is shown as it is, never an error of its own; a value that is
missing shows as "?". Values are put in as text: who renders HTML escapes the result.

What this does not do: dates and amounts (see `lumbre.node.said`).
"""

from __future__ import annotations

import errno
import gettext
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from lumbre.errors import LumbreError

LANGUAGES: Final = ("es", "en")
"""What there are catalogues for; the first is what is spoken where nobody says."""

# A reason that the ledger derives from a reader's refusal has that refusal's words.
_SAME_WORDS: Final = {"content.": "refused."}

# Why a file could not be used, as a system says it in English.
_SYSTEM: Final = {
    os.strerror(number): f"system.{name}"
    for number, name in (
        (errno.ENOENT, "missing"),
        (errno.ENOTDIR, "not-a-folder"),
        (errno.EACCES, "not-permitted"),
        (errno.EPERM, "not-permitted"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "full"),
        (errno.EIO, "failed"),
    )
}
# Errors that name what a person left out; others name a field as it is written.
_NAMES_FIELD: Final = frozenset({"invalid.empty", "invalid.number", "invalid.too-long"})


class _Values(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"


def language_of(wanted: str | None, environment: Mapping[str, str] | None = None) -> str:
    """The language to speak: as asked, else LUMBRE_LANG, else LANG's, else Spanish."""
    names = environment if environment is not None else os.environ
    for name in (wanted, names.get("LUMBRE_LANG"), names.get("LC_ALL"), names.get("LANG")):
        short = (name or "").replace("-", "_").split("_")[0].lower()
        if short in LANGUAGES:
            return short
    return LANGUAGES[0]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    path = files("lumbre") / "locale" / language / "LC_MESSAGES" / "lumbre.mo"
    try:
        with path.open("rb") as file:
            return gettext.GNUTranslations(file)
    except FileNotFoundError:
        return gettext.NullTranslations()


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._catalogue = _catalogue(self.language)

    def has(self, message_id: str) -> bool:
        """Whether there are words for an id."""
        return self._catalogue.gettext(message_id) != message_id

    def __call__(self, message_id: str, **values: object) -> str:
        """The sentence of an id."""
        text = self._catalogue.gettext(message_id)
        return text.format_map(_Values(values)) if values or "{" in text else text

    def count(self, message_id: str, count: int, **values: object) -> str:
        """The sentence of an id for so many."""
        text = self._catalogue.ngettext(message_id, message_id, count)
        return text.format_map(_Values(values, count=count))

    def error(self, error: LumbreError) -> str:
        """What happened and what to do next."""
        if not self.has(error.message_id):
            return str(error)
        values = {name: self._readable(name, value) for name, value in error.values.items()}
        if error.message_id in _NAMES_FIELD:
            field = str(values.get("field", "?"))
            values["field"] = self.of("field", field)
        return self(error.message_id, **values)

    def _readable(self, name: str, value: object) -> object:
        """A value as a person says it: sizes in kB and MB, a system's reason in words."""
        if name.endswith("_bytes") and isinstance(value, int):
            return _size(value)
        if name == "why" and value in _SYSTEM:
            return self(_SYSTEM[str(value)])
        return value

    def reason(self, message_id: str) -> str:
        """Why an entry has no effect, or waits."""
        for prefix, other in _SAME_WORDS.items():
            if message_id.startswith(prefix) and not self.has(message_id):
                message_id = other + message_id.removeprefix(prefix)
        return self(message_id)

    def of(self, prefix: str, name: str, otherwise: str = "") -> str:
        """The words of one of a family of ids: of a good, a state, a role."""
        message_id = f"{prefix}.{name}"
        return self(message_id) if self.has(message_id) else otherwise or name


def _size(size_bytes: int) -> str:
    for unit, least in (("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= least:
            return f"{size_bytes // least} {unit}"
    return f"{size_bytes} bytes"
