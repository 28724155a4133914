"""The kinds that a node knows: the ones that ship, and those that other packages bring.

A package offers kinds by an entry point that names a `schema.Domain`. One that does not load,
claims a name that is taken or reserved, or has a field that no body can hold, is left out and
named; the node starts without it, and carries its bodies unread (P10).
"""

from __future__ import annotations

from importlib import metadata

from lumbre.errors import Invalid
from lumbre.kinds import DOMAINS, ENTRY_POINTS
from lumbre.schema import Domain, Registry
from lumbre.trust.acts import RESERVED_TAGS


def load_registry() -> tuple[Registry, list[str]]:
    """The registry, and the names of entry points whose kinds it does not have."""
    registry = Registry(DOMAINS)
    failed = []
    for point in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            registry = _with(registry, point.load())
        except Exception:  # noqa: BLE001 somebody else's code: it must not stop the node
            failed.append(point.name)
    return registry, failed


def _with(registry: Registry, domain: object) -> Registry:
    if not isinstance(domain, Domain):
        raise TypeError(type(domain).__name__)
    for kind in domain.kinds:
        if kind.name in RESERVED_TAGS:
            raise Invalid("invalid.kind-twice", kind=kind.name)
    return Registry([*registry.domains, domain])
