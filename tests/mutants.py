"""Mutants of one floor: `make mutants FLOOR=ledger MINUTES=10`.

Makes a folder build/mutants/<floor> with a copy of the sources and a pyproject.toml in which
[tool.mutmut] is cut down to that floor and to the tests that answer in well under a second;
runs mutmut there and prints what no test noticed. A second run goes on where the first was
stopped, and tries again what survived: tests may have been added since.

What it does not do: judge survivors. docs/MUTANTS.md does.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import chdir
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

REMOVAL = "trust/test_removal_attacks.py::test_"
# A survivor runs every test that reaches it: what takes seconds is left to `make test`.
SLOW = (
    "ledger/test_ledger.py::test_p2_every_order_of_a_small_history_gives_one_state",
    "ledger/test_ledger.py::test_p2_folded_as_they_come_and_from_scratch_are_the_same_bytes",
    "ledger/test_ledger.py::test_p2_the_same_entries_give_the_same_state_in_any_order_of_arrival",
    "trust/test_arrival.py::test_any_arrival_and_any_moment_of_asking_give_equal_rights",
    "trust/test_arrival.py::test_no_history_leaves_a_space_without_a_steward_who_holds_a_key",
    "trust/test_growth.py::test_p2_every_act_extends_the_rights_to_those_of_a_replay",
    "trust/test_growth.py::test_p2_at_the_limits_too_the_rights_are_those_of_a_replay",
    f"{REMOVAL}three_stewards_and_a_member_all_concurrent_triples_0_orphaned_0_captured",
    f"{REMOVAL}four_stewards_all_pairs_chained_or_apart_0_orphaned_0_captured",
)
FLOORS = ("ledger", "trust", "record", "schema")
# mutmut's exit codes of a worker: what is none of these was noticed by a test.
OUTCOMES = {
    None: "not run",
    2: "not run",
    0: "survived",
    5: "no tests",
    33: "no tests",
    34: "skipped",
}
TIMEOUTS = (-24, 24, 36, 152, 255)
CHILDREN = "2"


def prepare(root: Path, floor: str) -> Path:
    """A folder in which mutmut sees this floor alone."""
    place = root / "build" / "mutants" / floor
    place.mkdir(parents=True, exist_ok=True)
    for name in ("src", "tests", "bench"):
        shutil.rmtree(place / name, ignore_errors=True)
        shutil.copytree(
            root / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "out")
        )
    arguments = ["--hypothesis-profile=mutants"]
    arguments += [f"--deselect=tests/{test}" for test in SLOW]
    settings = {
        "source_paths": ["src/"],
        "only_mutate": [f"src/lumbre/{floor}/*"],
        "also_copy": ["bench"],
        "pytest_add_cli_args": arguments,
        "pytest_add_cli_args_test_selection": [f"tests/{floor}"],
        "timeout_multiplier": 4.0,
        "use_git_change_detection": False,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    text += "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"
    (place / "pyproject.toml").write_text(text, encoding="utf-8")
    return place


def metas(place: Path) -> list[Path]:
    """mutmut's notes, one file for each module."""
    return sorted((place / "mutants" / "src").rglob("*.meta"))


def forget_survivors(place: Path) -> None:
    """Have what was not noticed tried again."""
    for path in metas(place):
        noted = json.loads(path.read_text(encoding="utf-8"))
        codes = noted["exit_code_by_key"]
        noted["exit_code_by_key"] = {
            key: None if code in OUTCOMES else code for key, code in codes.items()
        }
        path.write_text(json.dumps(noted, indent=4), encoding="utf-8")
    # Which test reaches what is found out anew, or new tests of old functions go unseen.
    (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)


def run(place: Path, minutes: float) -> None:
    """Run mutmut until it is done, or until the minutes are over."""
    mutmut = Path(sys.executable).with_name("mutmut")
    with (place / "mutmut.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [mutmut, "run", "--max-children", CHILDREN], cwd=place, stdout=log, stderr=log
        )
        try:
            code = process.wait(timeout=minutes * 60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            code = process.wait()
            drop_torn(place)
            print("The minutes are over: run it again to go on.")
    if code > 0 and not any(outcome(c) == "killed" for _, c in codes(place)):
        print((place / "mutmut.log").read_text(encoding="utf-8")[-4000:])
        sys.exit(code)


def drop_torn(place: Path) -> None:
    """A stop may tear the notes that were being written: that module begins anew."""
    for path in metas(place):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            path.unlink()
            path.with_suffix("").unlink(missing_ok=True)


def codes(place: Path) -> list[tuple[str, int | None]]:
    """Every mutant and its worker's exit code."""
    return [
        item
        for path in metas(place)
        for item in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items()
    ]


def outcome(code: int | None) -> str:
    if code in TIMEOUTS:
        return "timeout"
    return OUTCOMES.get(code, "killed")


def report(place: Path, floor: str) -> None:
    """Survivors as diffs into build/mutants/<floor>.txt; the count on the screen."""
    found = [(name, outcome(code)) for name, code in codes(place)]
    lines = []
    with chdir(place):
        for name, what in found:
            if what not in ("killed", "timeout"):
                shown = get_diff_for_mutant(name).splitlines()
                kept = [line for line in shown if re.match(r"[-+](?![-+]{2} )", line)]
                lines += [f"{name}: {what}", *kept, ""]
    (place.parent / f"{floor}.txt").write_text("\n".join(lines), encoding="utf-8")
    count = Counter(what for _, what in found)
    words = ", ".join(f"{many:,} {what}" for what, many in sorted(count.items()))
    print(f"{floor}: {len(found):,} mutants: {words} (build/mutants/{floor}.txt)")


def main(floor: str, minutes: str) -> None:
    if floor not in FLOORS:
        sys.exit(f"FLOOR is one of {', '.join(FLOORS)}")
    # A shell that runs this in the background has SIGINT ignored, and mutmut would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place = prepare(Path.cwd(), floor)
    forget_survivors(place)
    run(place, float(minutes))
    report(place, floor)


if __name__ == "__main__":
    main(*sys.argv[1:])
