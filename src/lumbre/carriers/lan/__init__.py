"""The local network: devices in one place find one another and meet, without any server."""

from lumbre.carriers.lan.channel import Channel, connect
from lumbre.carriers.lan.listener import PORT, Limits, Listener
from lumbre.carriers.lan.pump import meet

__all__ = ["PORT", "Channel", "Limits", "Listener", "connect", "meet"]
