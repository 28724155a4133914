"""Puts the peers into bench/peers/node_modules, by the hashes of package-lock.json.

What is there already is not installed again, unless the lock or Node.js has changed: parts are
compiled for one version of it. The registry is whichever npm is set to use: the lock names none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from bench.harness import SkippedError

FOLDER: Final = Path(__file__).resolve().parent
LOCK: Final = FOLDER / "package-lock.json"
STAMP: Final = FOLDER / "node_modules" / ".lumbre-stamp"
# better-sqlite3 is compiled where no ready binary can be had: minutes on a small board.
INSTALL_TIMEOUT_S: Final = 1800


def ensure_installed() -> Path:
    """The path of node, with the peers installed; SkippedError says what is missing."""
    node = find_node()
    stamp = _stamp(node)
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != stamp:
        _npm_ci()
        STAMP.write_text(stamp, encoding="utf-8")
    return node


def find_node() -> Path:
    """The node that is on PATH."""
    found = shutil.which("node")
    if found is None:
        raise SkippedError("node is not on PATH: install Node.js 20 or newer to measure peers")
    return Path(found)


@cache
def version(package: str) -> str:
    """The version of a peer that the lock pins, as "name version"."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    return f"{package} {lock['packages'][f'node_modules/{package}']['version']}"


def _npm_ci() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SkippedError("npm is not on PATH: install it with Node.js to measure peers")
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603 a fixed command
            command,
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SkippedError(f"npm ci took longer than {INSTALL_TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise SkippedError(f"npm ci failed: {said[0]}")


def _stamp(node: Path) -> str:
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    command = [str(node), "--version"]
    said = subprocess.run(  # noqa: S603 node, as found on PATH
        command, capture_output=True, text=True, check=False
    )
    return f"{lock} {said.stdout.strip()}"
