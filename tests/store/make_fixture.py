"""Writes the frozen store of a version: python -m tests.store.make_fixture FOLDER.

Run once for each version, by the release that has it; what it wrote is never written again.
"""

import sys
from pathlib import Path

from lumbre.store import LIGHT, Folder
from tests.store.writing import Log, seeded

PASS = "las ocho en la plaza"


def logs():
    """What a frozen store holds."""
    made = [Log(1, seed=1), Log(2, seed=2)]
    writes = [log.write([b"entrada %d" % n for n in range(9)]) for log in made]
    return made, writes


def main():
    folder, ana = Folder.create(Path(sys.argv[1]), seeded(), PASS, cost=LIGHT)
    folder.open_log().append(logs()[1])
    private = folder.open_private(ana)
    private.put("view", b"key", b"value")
    private.commit(2)
    private.put_secret("epoch", b"e", b"epoch key")
    private.put_draft(b"1", b"harina")
    folder.open_pieces().put(bytes(32), b"a sealed piece")
    folder.close()


if __name__ == "__main__":
    main()
