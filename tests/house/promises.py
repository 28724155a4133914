"""Which tests hold which promise and which attack: the tables of docs/ARCHITECTURE.md.

A test is found by the number in its name: `test_p7_...`, `test_row_30_...`. Others are named
here, beside what each promise says and what of it no test holds yet. Also drawn here: the
floors, from import-linter's layers and the first line of each package.

    python -m tests.house.promises     writes all of it anew, and the index of the decisions

What this does not do: say that a test proves what its name says.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.house import tidy

ROOT = Path(__file__).parents[2]
PAGE = "docs/ARCHITECTURE.md"
INDEX = "docs/adr/README.md"


class Row(NamedTuple):
    """A promise or an attack; `also` are tests without its number, `missing` what none holds."""

    says: str
    also: tuple[str, ...] = ()
    missing: str = ""


PROMISES = {
    1: Row("What was acknowledged survives a power cut at any instant, unattended"),
    2: Row(
        "The same entries give the same views, byte for byte, in any order of arrival",
        missing="plans, checked in integers",
    ),
    3: Row(
        "Three verdicts: link decides what is stored, content and right what counts; what lacks "
        "a reference waits",
        (
            "test_an_entry_waits_for_its_reference_and_counts_when_it_comes",
            "test_an_entry_that_jumps_its_depth_is_without_effect_and_gains_nothing",
            "test_a_sealed_entry_waits_for_its_key_and_is_judged_when_the_key_comes",
            "test_a_base_that_lies_about_what_the_signature_does_not_cover_is_refused",
            "test_acts_without_right_say_why",
        ),
    ),
    4: Row(
        "A fork stalls nothing: both branches count, the proof is shown and stops nothing",
        (
            "test_row_02_both_branches_of_a_fork_count_and_all_nodes_agree_in_10_seeds",
            "test_a_proof_of_a_fork_is_shown_and_stops_nothing",
            "test_the_same_branches_are_kept_in_any_order_of_arrival",
        ),
    ),
    5: Row(
        "Two nodes that meet long enough end equal; an interrupted meeting keeps what came",
        (
            "test_two_nodes_end_equal_by_a_stick",
            "test_one_bad_segment_does_not_keep_out_the_good_ones",
        ),
    ),
    6: Row(
        "The screen never claims more than is proven",
        (
            "test_row_30_two_marks_of_one_device_never_read_as_two_sides",
            "test_two_accounts_on_one_laptop_count_once",
            "test_last_heard_is_never_later_than_either_clock",
            "test_what_another_says_it_holds_is_at_risk_no_longer",
        ),
    ),
    7: Row("Stock moves only by movements; a retry counts once; every unit is accounted for"),
    8: Row(
        "One input, whoever sends it, never crashes, hangs or fills a node",
        (
            "test_row_8_100000_executions_end_in_a_result_or_refused",
            "test_row_8_the_fuzzer_holds_its_limits_of_64_mib_and_1_s",
            "test_too_many_segments_that_hang_on_others_are_refused_and_bounded",
            "test_a_thousand_branches_cost_no_more_than_eight",
        ),
        "the files of joining under the fuzzer",
    ),
    9: Row(
        "Removal is causal and never leaves a space without anyone who may act",
        (
            "test_a_removed_member_changes_nothing_in_any_order_of_arrival",
            "test_the_higher_of_concurrent_pins_counts_and_a_later_removal_cannot_raise_them",
            "test_no_history_leaves_a_space_without_a_steward_who_holds_a_key",
            "test_the_last_steward_cannot_be_removed_or_dismissed",
        ),
    ),
    10: Row("Unknown kinds and newer versions are kept and carried on unread"),
    11: Row(
        "With no network interface but loopback everything works",
        missing="the other interfaces are taken away outside of `make test` only",
    ),
    12: Row("A seized, locked device shows no content and no names; nor do sticks, LAN or radio"),
    13: Row(
        "What a community wrote can be taken out, as far as the taker may read it",
        (
            "test_a_list_is_also_csv_that_no_spreadsheet_runs",
            "test_a_backup_restores_what_was_written_and_signs_nothing",
        ),
        "everything at once, in a form that other programs read",
    ),
    14: Row("Nothing joins who took part with who needs or receives"),
    15: Row("Whoever holds the laptop cannot make a block disappear"),
}

THREATS = {
    1: Row("forged entry"),
    2: Row(
        "fork by malice or by a restored image",
    ),
    3: Row("an old state of one's own store comes back, then is written to"),
    4: Row("a relay withholds one author"),
    5: Row(
        "stale board, clock years off",
        missing="there are no alerts yet; ages are shown as claims of the writer's clock",
    ),
    6: Row("replay, also from another space"),
    7: Row(
        "flood by a member",
        (
            "test_what_is_past_the_grant_is_neither_stored_nor_forwarded",
            "test_a_grant_that_grows_lets_in_what_was_past_it",
        ),
        "how long others' urgent entries take under a flood: needs the simulation",
    ),
    8: Row("parser bombs"),
    9: Row("hostile peer in a meeting", missing="in the simulation"),
    10: Row(
        "a removed member goes on, backdates, or claims not to have seen it",
        (
            "test_a_removed_member_changes_nothing_in_any_order_of_arrival",
            "test_a_removed_steward_cannot_vote_on_by_not_having_seen_it",
        ),
    ),
    11: Row(
        "stewards remove one another, appoint puppets, or vanish",
        (
            "test_three_stewards_and_a_member_all_concurrent_triples_0_orphaned_0_captured",
            "test_four_stewards_all_pairs_chained_or_apart_0_orphaned_0_captured",
            "test_one_person_among_several_founders_changes_nothing_alone",
            "test_a_lone_founder_s_puppets_come_in_beside_the_others_as_the_adr_says",
        ),
        "members naming new stewards where all are silent (reserved)",
    ),
    12: Row(
        "a rights graph or fresh keys built to burn CPU or fill a courier",
        (
            "test_a_hostile_shape_costs_a_bounded_number_of_steps_an_act",
            "test_a_person_admits_32_keys_on_its_own_and_no_more",
            "test_votes_of_strangers_are_no_reason_to_evaluate_anew",
        ),
    ),
    13: Row(
        "key stolen",
        (
            "test_a_thief_with_the_key_tries_every_act_0_effects_past_the_pin",
            "test_several_people_recover_a_person_whose_keys_were_all_closed_by_a_thief",
        ),
    ),
    14: Row(
        "two devices with one key",
        ("test_row_02_both_branches_of_a_fork_count_and_all_nodes_agree_in_10_seeds",),
        "a node that asks a peer for its own tail before it appends",
    ),
    15: Row(
        "device seized locked",
        ("test_p12_a_locked_device_shows_no_content_and_no_names",),
    ),
    16: Row(
        "device seized unlocked",
        (
            "test_a_wipe_ends_in_two_seconds_and_leaves_nothing",
            "test_an_interrupted_wipe_has_destroyed_keys_first",
        ),
        "a lock after a short while",
    ),
    17: Row(
        "listening",
        ("test_row_28_a_bundle_shows_no_name_no_place_and_no_good",),
    ),
    18: Row(
        "power cut at any write",
        (
            "test_p1_power_cut_after_any_write",
            "test_p1_what_was_acknowledged_survives_kills",
        ),
    ),
    19: Row(
        "bit rot, lying disk",
        (
            "test_every_flipped_bit_is_found",
            "test_every_page_in_anothers_place_is_found",
            "test_repair_takes_only_what_fits_the_chain",
        ),
        "a node that asks a peer for what a salvage found missing",
    ),
    20: Row(
        "disk full, read-only, I/O error",
        (
            "test_p1_the_nth_call_fails_for_every_n",
            "test_a_full_disk_takes_nothing_shows_everything_and_takes_again_when_there_is_room",
        ),
    ),
    21: Row("stick with hostile names or bundles"),
    22: Row(
        "script in a field, cross-site request, rebinding",
        (
            "test_p08_naughty_strings_in_every_field_are_text",
            "test_every_answer_forbids_scripts_and_framing",
            "test_a_post_of_another_site_is_refused",
            "test_a_name_that_was_rebound_to_loopback_is_refused",
            "test_no_escape_sequence_of_others_reaches_the_terminal",
        ),
        "a browser that shows what is in the fields",
    ),
    23: Row("look-alike names", missing="a key's words beside a name"),
    24: Row("version confusion"),
    25: Row("views or plans that differ between machines", missing="plans"),
    26: Row("poisoned numbers"),
    27: Row("nonce reuse by a fork"),
    28: Row("a list of recipients, of the ill, of the loyal"),
    29: Row(
        "whoever holds the laptop hides a block, inflates a count, bars non-members",
        missing="a hostile steward in the simulation and in the browser",
    ),
    30: Row("one machine signs for both sides"),
    31: Row("a rumour repeated forty times counts as forty sources"),
    32: Row("publishing helps the attacker", missing="nothing is published yet"),
}

_NUMBERED = re.compile(r"test_(p|row_)(\d+)_")


def names_of_tests(root: Path = ROOT) -> Iterator[str]:
    """The name of every test."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and node.name.startswith("test_"):
                yield node.name


def table(rows: dict[int, Row], prefix: str, names: set[str]) -> list[str]:
    """The lines of one table; an error names what it speaks of and is not there."""
    numbered: dict[int, set[str]] = defaultdict(set)
    for name in names:
        found = _NUMBERED.match(name)
        if found and found[1] == prefix:
            numbered[int(found[2])].add(name)
    if unknown := numbered.keys() - rows.keys():
        raise LookupError(f"tests of what is not in the table: {sorted(unknown)}")
    lines = ["| # | what | held by | not held yet |", "|---|---|---|---|"]
    for number, row in rows.items():
        if absent := set(row.also) - names:
            raise LookupError(f"{number}: no such test: {sorted(absent)}")
        tests = sorted({*row.also, *numbered[number]})
        if not tests and not row.missing:
            raise LookupError(f"{number}: held by nothing, and nothing says so")
        held = "<br>".join(f"`{name}`" for name in tests)
        lines.append(f"| {number} | {row.says} | {held} | {row.missing} |")
    return lines


def floors(root: Path = ROOT) -> list[str]:
    """The floors from the top down, as import-linter holds them, each with its first line."""
    contracts = tidy.pyproject(root)["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    lines = []
    for layer in layers:
        for name in layer.replace("(", "").replace(")", "").split(" | "):
            said = _first_line(root / "src" / "lumbre" / name)
            beside = "   | " if lines and " | " in layer and lines[-1][1] == layer else "     "
            lines.append((f"{beside}{name:<10} {said}", layer))
    return ["```", *(line.rstrip() for line, _ in lines), "```"]


def _first_line(place: Path) -> str:
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
    return "(to come)"


def decisions(root: Path = ROOT) -> list[str]:
    """The index of the decisions, from the first lines of their pages."""
    lines = ["| number | decision | state |", "|---|---|---|"]
    for path in sorted((root / "docs" / "adr").glob("[0-9]*.md")):
        head, _, state = path.read_text(encoding="utf-8").splitlines()[:3]
        number, title = re.fullmatch(r"# (\d{4}): (.+)", head).groups()
        state = re.fullmatch(r"State: (proposed|accepted|replaced by \d{4})", state)[1]
        lines.append(f"| {number} | [{title}]({path.name}) | {state} |")
    return lines


def put(text: str, name: str, lines: list[str]) -> str:
    """`text` with the lines between the two marks of `name`."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    if not tail:
        raise LookupError(f"no marks for {name}")
    return head + start + "\n" + "\n".join(lines) + "\n\n" + end + tail


def page(root: Path = ROOT) -> str:
    """docs/ARCHITECTURE.md as it should be."""
    names = set(names_of_tests(root))
    text = (root / PAGE).read_text(encoding="utf-8")
    text = put(text, "floors", floors(root))
    text = put(text, "promises", table(PROMISES, "p", names))
    return put(text, "attacks", table(THREATS, "row_", names))


def index(root: Path = ROOT) -> str:
    """docs/adr/README.md as it should be."""
    return put((root / INDEX).read_text(encoding="utf-8"), "decisions", decisions(root))


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page(), encoding="utf-8")
    (ROOT / INDEX).write_text(index(), encoding="utf-8")
