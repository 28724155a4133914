"""Keeps every frame that passes the cable of a namespace: `python -m tests.netns.capture FILE`."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

ALL_PROTOCOLS = 3


def main(path: Path) -> None:
    cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    cable.bind(("cable", 0))
    cable.settimeout(0.1)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    with path.open("wb") as file:
        while not ended.is_set():
            try:
                file.write(cable.recv(1 << 16) + b"\n--frame--\n")
            except TimeoutError:
                continue
    cable.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
