"""Peers that lumbre is measured against: hypercore and @comapeo/core, as they are published.

- Real processes of Node.js, TCP on the loopback through `bench.wire_proxy`, the encrypted
  stream that each peer makes by itself. docs/PEERS.md says what is counted.
- They are installed by their lock file under this folder, by the first figure that needs them
  or by `python -m bench.peers install`; lumbre never depends on them.
- Where they cannot be installed, a figure is skipped with the reason.

To set lumbre beside a peer in one run, open a source (`HypercoreSource`, `ComapeoSource`) and
take its copies in turn with lumbre's own; `hypercore_copy` and the like give medians at once.
"""

from bench.peers import figures
from bench.peers.bodies import body, body_json
from bench.peers.comapeo import ComapeoSource
from bench.peers.hypercore import HypercoreSource
from bench.peers.install import ensure_installed
from bench.peers.runs import (
    PeerDelta,
    comapeo_copy,
    comapeo_delta,
    hypercore_copy,
    hypercore_delta,
)
from bench.peers.source import PeerRun

__all__ = [
    "ComapeoSource",
    "HypercoreSource",
    "PeerDelta",
    "PeerRun",
    "body",
    "body_json",
    "comapeo_copy",
    "comapeo_delta",
    "ensure_installed",
    "figures",
    "hypercore_copy",
    "hypercore_delta",
]
