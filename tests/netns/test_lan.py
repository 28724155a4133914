"""Real sockets between network namespaces: a network without internet, router or DNS."""

from __future__ import annotations

import re
import socket

import pytest

from tests.netns.conftest import ip

pytestmark = pytest.mark.netns


def met(text: str):
    return lambda said: not said.get("problem") and said.get("heard") == text


def failed(said: dict) -> bool:
    return bool(said.get("problem"))


def test_two_devices_without_a_router_find_each_other_and_meet(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two)
    assert ip("-n", one, "route", "show", "default") == ""
    here, there = network.device(one, payload="one"), network.device(two, payload="two")
    here.until(met("two"))
    there.until(met("one"))


def test_they_find_each_other_by_ipv6_alone(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two, ipv4=False)
    here, there = network.device(one, payload="one"), network.device(two, payload="two")
    assert here.until(met("two"))["host"].startswith("fe80::")
    there.until(met("one"))


def test_a_cable_that_is_cut_and_mended_brings_them_together_again(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two)
    here, there = network.device(one, payload="one"), network.device(two, payload="two")
    here.until(met("two"))
    ip("-n", one, "link", "set", "cable", "down")
    here.until(failed)
    ip("-n", one, "link", "set", "cable", "up")
    here.skip()
    there.skip()
    here.until(met("two"))
    there.until(met("one"))


def test_a_cut_in_the_middle_of_a_meeting_is_noticed_and_the_next_meeting_is_whole(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two)
    big = {"payload": "x" * 1000, "times": 20_000}
    here, there = network.device(one, **big), network.device(two, **big)
    here.until(met("x" * 20))
    problems = set()
    for _ in range(3):
        ip("-n", one, "link", "set", "cable", "down")
        problems.add(here.until(failed)["problem"])
        ip("-n", one, "link", "set", "cable", "up")
        here.skip()
        here.until(met("x" * 20))
    there.skip()
    there.until(met("x" * 20))
    assert problems <= {"refused.silence", "refused.cut", "not-found.device"}


def test_a_device_that_comes_later_is_found_and_one_that_left_is_given_up(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two)
    here = network.device(one, payload="one")
    there = network.device(two, payload="two")
    here.until(met("two"))
    assert there.end() == 0
    again = network.device(two, payload="anew")
    here.until(met("anew"))
    again.until(met("one"))


def test_a_change_is_met_for_long_before_the_interval(network) -> None:
    one, two = network.place(), network.place()
    network.cable(one, two)
    here = network.device(one, payload="one", interval_s=3600)
    there = network.device(two, payload="two", interval_s=3600)
    here.until(met("two"))
    there.until(met("one"))
    for device, text in ((here, "two"), (there, "one")):
        device.write("changed\n")
        device.until(met(text))


def test_p11_a_device_with_loopback_alone_starts_and_meets_by_address(network) -> None:
    place = network.place()
    here = network.device(place, payload="one")
    there = network.device(place, payload="two", addresses=[["127.0.0.1", here.port]])
    there.until(met("one"))


def test_a_device_without_any_network_starts_and_finds_others_once_there_is_one(network) -> None:
    one, two = network.place(loopback=False), network.place(loopback=False)
    here, there = network.device(one, payload="one"), network.device(two, payload="two")
    network.cable(one, two)
    here.until(met("two"))
    there.until(met("one"))


def test_row_17_a_capture_of_devices_that_find_each_other_and_meet_names_nothing(
    network, tmp_path
) -> None:
    """The frames of discovery and of meetings: no names of hosts, people or places, no content."""
    one, two = network.place(), network.place()
    network.cable(one, two)
    path = tmp_path / "frames"
    capture = network.capture(one, path)
    canary = "Comuna La Vega 7, María Pérez"
    here = network.device(one, payload=canary, times=2000)
    there = network.device(two, payload=canary, times=2000)
    here.until(met(canary[:20]))
    there.until(met(canary[:20]))
    assert capture.end() == 0
    frames = path.read_bytes()
    assert len(frames) > 100_000
    assert b"_lumbre" in frames
    hostname = socket.gethostname()
    # DNS writes a label with its length before it.
    label = bytes([len(hostname)]) + hostname.encode()
    assert label + b"\x05local" not in frames
    for part in (canary, "La Vega", "María", "Comuna"):
        assert part.encode() not in frames
    names = set(re.findall(rb"\x10([0-9a-f]{16})", frames))
    assert len(names) == 2
    assert set(re.findall(rb"\tv=\w+|\x03v=\w", frames)) <= {b"\x03v=1"}
