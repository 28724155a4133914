"""A device of its own process: meets whom it finds, and says on stdout what happened.

`python -m tests.netns.device '{"payload": "..."}'`; a line on stdin is a change; the end of stdin
ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading

from lumbre.carriers.lan import Lan, Pace
from tests.carriers.lan.toy import Toy

PACE = Pace(interval_s=0.5, after_change_s=0.1, yield_s=1.0, retry_s=0.2, retry_max_s=0.5)


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def main(options: dict) -> None:
    payload = options["payload"].encode() * options.get("times", 1)
    meetings: list[Toy] = []

    def new_meeting(_binding: bytes, _is_caller: bool) -> Toy:
        meetings.append(Toy(payload))
        return meetings[-1]

    def on_met(host: str, error: Exception | None) -> None:
        heard = [meeting.heard for meeting in meetings if meeting.is_over]
        say(
            host=host,
            problem=error.message_id if error is not None else "",
            heard=heard[-1][:20].decode() if heard else "",
        )
        del meetings[:-8]

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    lan = Lan(
        new_meeting,
        addresses=[tuple(one) for one in options.get("addresses", [])],
        port=options.get("port", 0),
        pace=PACE._replace(idle_timeout_s=2.0, interval_s=options.get("interval_s", 0.5)),
        on_met=on_met,
    )

    def follow() -> None:
        for _ in sys.stdin:
            loop.call_soon_threadsafe(lan.changed)
        loop.call_soon_threadsafe(ended.set)

    async with lan:
        say(port=lan.port)
        threading.Thread(target=follow, daemon=True).start()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
