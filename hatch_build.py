"""Build hook: compiles the message catalogues, so that no compiled file is kept in git.

Runs for wheels and for editable installs alike. Compiles in place, beside each lumbre.po;
`[tool.hatch.build] artifacts` takes the result into the wheel although git ignores it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CATALOGUES = "src/lumbre/locale/*/LC_MESSAGES/lumbre.po"


def compile_catalogues(root: Path) -> list[Path]:
    """Write a .mo beside each .po below root; a .mo is a pure function of its .po."""
    written = []
    for po in sorted(root.glob(CATALOGUES)):
        with po.open("rb") as source:
            # The folder is named after the locale; the header may be silent about it.
            catalogue = read_po(source, locale=po.parent.parent.name, abort_invalid=True)
        mo = po.with_suffix(".mo")
        with mo.open("wb") as target:
            write_mo(target, catalogue)
        written.append(mo)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """What hatchling calls before it collects the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 hatchling's signature
        """Compile before the files are listed, for a wheel and an editable install alike."""
        compile_catalogues(Path(self.root))
