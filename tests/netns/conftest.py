"""Networks of namespaces: devices in processes of their own, joined by virtual cables."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE_S = 40.0


def ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


class Process:
    """A Python module in a namespace, and what it said."""

    def __init__(self, place: str, root: Path, module: str, argument: str) -> None:
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", place, sys.executable, "-m", module, argument],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A name that no capture may hold.
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )
        self.said: list[dict] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)

    def until(self, condition: Callable[[dict], bool]) -> dict:
        """Wait until it says such a thing; only what comes from now on counts."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                line = json.loads(self._lines.get(timeout=max(0.0, end_s - time.monotonic())))
            except queue.Empty:
                self.end()
                pytest.fail(f"it never said so; last: {self.said[-5:]} {self.errors}")
            self.said.append(line)
            if condition(line):
                return line

    def skip(self) -> None:
        """What it has said until now does not count."""
        while not self._lines.empty():
            self.said.append(json.loads(self._lines.get()))

    def write(self, text: str) -> None:
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def end(self) -> int:
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._reading.join()
            self.errors = self._process.stderr.read()
            self._process.stdout.close()
            self._process.stderr.close()
        return self._process.returncode


class Network:
    """Namespaces that live as long as a test."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tag = f"lu{os.getpid() % 100_000}"
        self.places: list[str] = []
        self.processes: list[Process] = []

    def place(self, *, loopback: bool = True) -> str:
        name = f"{self._tag}n{len(self.places)}"
        ip("netns", "add", name)
        self.places.append(name)
        if loopback:
            ip("-n", name, "link", "set", "lo", "up")
        return name

    def cable(self, one: str, two: str, *, ipv4: bool = True) -> None:
        """Join two places; no router, no default route, no DNS."""
        ip("-n", one, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", two)
        for number, place in enumerate((one, two), 1):
            if ipv4:
                ip("-n", place, "addr", "add", f"10.77.0.{number}/24", "dev", "cable")
            ip("-n", place, "link", "set", "cable", "up")

    def device(self, place: str, **options: object) -> Process:
        device = Process(place, self._root, "tests.netns.device", json.dumps(options))
        self.processes.append(device)
        device.port = device.until(lambda said: "port" in said)["port"]
        return device

    def capture(self, place: str, path: Path) -> Process:
        capture = Process(place, self._root, "tests.netns.capture", str(path))
        self.processes.append(capture)
        capture.until(lambda said: "ready" in said)
        return capture

    def close(self) -> None:
        codes = [process.end() for process in self.processes]
        for place in self.places:
            ip("netns", "del", place)
        assert codes == [0] * len(codes), [process.errors for process in self.processes]


@pytest.fixture
def network(repo_root: Path) -> Iterator[Network]:
    network = Network(repo_root)
    try:
        yield network
    finally:
        network.close()
