"""P1 with real processes that are killed while they write: THREATS row 18.

make test-all KILLS=200;  make soak KILLS=10000
"""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lumbre.store import LogStore
from tests.store.writing import KEY, Log

ROOT = Path(__file__).parents[2]


def write_until_killed(path, seed):
    """Append to the log where it stands; say each seq once it is acknowledged."""
    rng = random.Random(seed)
    store = LogStore(Path(path), KEY)
    log = Log()
    held = list(store.entries(1, 0, 2**40 - 1))
    if held:
        log.writer.tip = store.branches(log.name.id)[0].tip
        log.entries = held[:1]
    while True:
        bodies = [rng.randbytes(rng.choice([20, 200, 5000])) for _ in range(rng.randrange(1, 40))]
        store.append([log.write(bodies)])
        # Straight to the pipe: what was said was acknowledged.
        sys.stdout.buffer.raw.write(b"%d\n" % log.writer.tip.seq)
        if rng.random() < 0.05:
            store.database._fold_wal()


def kill_often(path, kills):
    rng = random.Random(kills)
    command = (
        "import sys; from tests.store.test_kill import write_until_killed as w; w(*sys.argv[1:])"
    )
    acknowledged = -1
    for turn in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", command, str(path), str(turn)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        ) as child:
            said = child.stdout.readline()
            assert said, "the child died by itself"
            try:
                child.wait(rng.expovariate(1 / 0.02))
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
            said += child.stdout.read()
        acknowledged = max([acknowledged, *map(int, said.split()[-1:])])
        store = LogStore(path, KEY)
        assert not store.was_clean
        [branch] = store.branches(Log().name.id)
        assert branch.tip.seq >= acknowledged, f"lost after kill {turn}"
        before, seq = bytes(32), -1
        for entry in store.entries(1, 0, 2**40 - 1):
            assert (entry.seq, entry.prev) == (seq + 1, before)
            before, seq = entry.id, entry.seq
        assert (seq, before) == (branch.tip.seq, branch.tip.id)
        store.database.abandon()
        acknowledged = branch.tip.seq
        if acknowledged > 5_000:
            # A log of its own for what comes next, or reading it all would be the test.
            for file in path.parent.iterdir():
                file.unlink()
            acknowledged = -1


def test_p1_a_few_kills(tmp_path):
    kill_often(tmp_path / "log.lumbre", 3)


@pytest.mark.kill
def test_p1_what_was_acknowledged_survives_kills(tmp_path, count):
    kill_often(tmp_path / "log.lumbre", count("KILLS", 200))
