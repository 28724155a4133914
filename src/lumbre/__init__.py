"""Keeps a community organised and supplied when power and networks are cut.

What other packages may use stands in `__all__`; the rest may change without notice. Names are
imported when they are first used, so that `import lumbre` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumbre.errors import LumbreError
    from lumbre.node.home import Home
    from lumbre.node.node import Node
    from lumbre.schema import Body, Domain, Fact, Kind, Registry, View

__version__ = "0.1.0"

__all__ = [
    "Body",
    "Domain",
    "Fact",
    "Home",
    "Kind",
    "LumbreError",
    "Node",
    "Registry",
    "View",
    "__version__",
]

_WHERE = {
    "Body": "lumbre.schema",
    "Domain": "lumbre.schema",
    "Fact": "lumbre.schema",
    "Home": "lumbre.node.home",
    "Kind": "lumbre.schema",
    "LumbreError": "lumbre.errors",
    "Node": "lumbre.node.node",
    "Registry": "lumbre.schema",
    "View": "lumbre.schema",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
