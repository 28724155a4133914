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
        return self(error.message_id, **error.values)

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
