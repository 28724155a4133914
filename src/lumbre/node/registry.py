"""The kinds that a node knows: the ones that ship, and those that other packages bring.

A package offers kinds by the entry point group `lumbre.kinds`: each entry point is a
`schema.Domain`. One that fails to load is left out and named; the node starts without it, and
carries its bodies unread (P10).
"""

from __future__ import annotations

from importlib import metadata
from typing import Final

from lumbre.kinds import DOMAINS
from lumbre.schema import Domain, Registry

GROUP: Final = "lumbre.kinds"


def load_registry() -> tuple[Registry, list[str]]:
    """The registry, and the names of entry points that could not be loaded."""
    domains = list(DOMAINS)
    failed = []
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
        try:
            domain = point.load()
        except Exception:  # noqa: BLE001 somebody else's code: it must not stop the node
            failed.append(point.name)
            continue
        if isinstance(domain, Domain):
            domains.append(domain)
        else:
            failed.append(point.name)
    return Registry(domains), failed
