"""The local network: devices in one place find one another and meet, without any server.

To wire it, inside the event loop that serves the board:

    async with Lan(node.new_meeting, addresses=asked_for, port=PORT, on_met=note) as lan:
        ...                        calls `lan.changed()` after every write and every take
        await server.serve()

`new_meeting(binding, is_caller)` gives an object with the shape of `lumbre.node.ports.Meeting`;
`on_met(host, error)` is called after each meeting (None: it went well) with what to show; and
`lan.seen()` lists who is there. All runs in that one loop, without threads; a meeting that
computes long holds the board up, so it should take its input in small pieces.

Below it, each usable alone: `connect` and `Listener` (channels), `meet` (a meeting over one),
`Discovery` (who is there).
"""

from lumbre.carriers.lan.channel import Channel, connect
from lumbre.carriers.lan.discovery import Discovery, Found
from lumbre.carriers.lan.lan import Lan, Pace, Seen
from lumbre.carriers.lan.listener import PORT, Limits, Listener
from lumbre.carriers.lan.pump import meet

__all__ = [
    "PORT",
    "Channel",
    "Discovery",
    "Found",
    "Lan",
    "Limits",
    "Listener",
    "Pace",
    "Seen",
    "connect",
    "meet",
]
