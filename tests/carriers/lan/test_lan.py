"""Devices on one network meet again and again, without being told; by address here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

from lumbre.carriers.lan import Found, Lan, Listener, Pace, meet
from lumbre.carriers.lan import lan as module
from lumbre.carriers.lan.tls import Tls
from tests.carriers.lan.toy import HOST, Toy, until

QUICK = Pace(interval_s=0.1, after_change_s=0.01, yield_s=0.05, retry_s=0.02, retry_max_s=0.1)
NEVER = QUICK._replace(interval_s=3600.0)


class Device:
    """A `Lan` and the meetings that it had."""

    def __init__(self, payload: bytes = b"x", *, port: int = 0, **options) -> None:
        self.meetings: list[Toy] = []
        self.bindings: set[bytes] = set()
        self.problems: list[str] = []
        self.at_once = 0
        self._payload = payload
        self.lan = Lan(
            self._new_meeting,
            host=HOST,
            port=port,
            is_found_by_others=False,
            on_met=self._note,
            **options,
        )

    @property
    def whole(self) -> int:
        return sum(meeting.is_over for meeting in self.meetings)

    def _new_meeting(self, binding: bytes, is_caller: bool) -> Toy:
        assert binding not in self.bindings
        self.bindings.add(binding)
        self.at_once = max(self.at_once, self.lan.meetings)
        self.meetings.append(Toy(self._payload))
        return self.meetings[-1]

    def _note(self, _host: str, error: Exception | None) -> None:
        self.problems += [error.message_id] if error is not None else []


def test_devices_meet_at_once_and_again_after_the_interval() -> None:
    async def go() -> None:
        one = Device(b"one", pace=QUICK)
        async with one.lan:
            two = Device(b"two", pace=QUICK, addresses=[(HOST, one.lan.port)])
            async with two.lan:
                await until(lambda: one.whole >= 3 and two.whole >= 3)
                (seen,) = two.lan.seen()
                assert (seen.host, seen.port, seen.problem) == (HOST, one.lan.port, "")
                assert seen.meetings >= 2
            assert {meeting.heard for meeting in one.meetings if meeting.is_over} == {b"two"}
            assert {meeting.heard for meeting in two.meetings if meeting.is_over} == {b"one"}

    asyncio.run(go())


def test_a_change_is_met_for_and_without_one_the_interval_is_kept() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            two = Device(pace=NEVER, addresses=[(HOST, one.lan.port)])
            async with two.lan:
                await until(lambda: two.whole == 1 and two.lan.meetings == 0)
                await asyncio.sleep(0.2)
                assert len(two.meetings) == 1
                two.lan.changed()
                await until(lambda: two.whole == 2 and two.lan.meetings == 0)
                await asyncio.sleep(0.2)
                assert len(two.meetings) == 2

    asyncio.run(go())


def test_a_change_during_a_meeting_brings_another_meeting() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            two = Device(pace=NEVER, addresses=[(HOST, one.lan.port)])

            def changes(binding: bytes, is_caller: bool) -> Toy:
                if not two.meetings:
                    two.lan.changed()
                return two._new_meeting(binding, is_caller)

            two.lan._new_meeting = changes
            async with two.lan:
                await until(lambda: two.whole == 2)

    asyncio.run(go())


def test_one_that_does_not_answer_is_called_ever_more_rarely_and_met_when_it_is_back() -> None:
    async def go() -> None:
        port = _free_port()
        pace = NEVER._replace(retry_s=0.01, retry_max_s=0.2)
        two = Device(pace=pace, addresses=[(HOST, port)])
        async with two.lan:
            await until(lambda: len(two.problems) >= 6)
            assert set(two.problems) == {"not-found.device"}
            (peer,) = two.lan._peers.values()
            assert peer.failures == len(two.problems)
            assert two.lan.seen()[0].problem == "not-found.device"
            back = Device(pace=QUICK, port=port)
            async with back.lan:
                await until(lambda: peer.meetings == 1)
                assert peer.failures == 0
                assert two.lan.seen()[0].problem == ""

    asyncio.run(go())


def test_a_meeting_that_was_cut_is_tried_again() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            cut = []

            async def cut_twice(channel) -> None:
                cut.append(channel)
                if len(cut) <= 2:
                    channel.abort()
                else:
                    await meet(channel, Toy(b"whole"))

            async with Listener(cut_twice, host=HOST) as flaky:
                two = Device(pace=NEVER, addresses=[(HOST, flaky.port)])
                async with two.lan:
                    await until(lambda: two.whole == 1)
                    assert two.problems == ["refused.cut"] * 2
                    assert [meeting.is_lost for meeting in two.meetings] == [True, True, False]

    asyncio.run(go())


def test_never_more_meetings_at_once_than_allowed_and_all_are_met_in_the_end() -> None:
    async def go() -> None:
        async with contextlib.AsyncExitStack() as stack:
            others = [Device(bytes(300_000), pace=NEVER) for _ in range(7)]
            for other in others:
                await stack.enter_async_context(other.lan)
            hub = Device(
                bytes(300_000),
                pace=NEVER._replace(meetings_max=2, taken_max=1),
                addresses=[(HOST, other.lan.port) for other in others],
            )
            await stack.enter_async_context(hub.lan)
            await until(lambda: all(other.whole == 1 for other in others))
            assert hub.at_once == 2

    asyncio.run(go())


def test_callers_take_only_their_share_and_hear_of_it_as_a_cut() -> None:
    async def go() -> None:
        hub = Device(pace=NEVER._replace(meetings_max=4, taken_max=2))
        async with hub.lan, contextlib.AsyncExitStack() as stack:
            silent = [Device(pace=NEVER, addresses=[(HOST, hub.lan.port)]) for _ in range(4)]
            for device in silent:
                device.lan._new_meeting = lambda _binding, _is_caller: Mute(b"")
                await stack.enter_async_context(device.lan)
            await until(lambda: "refused.busy" in hub.problems)
            await until(lambda: sum(bool(device.problems) for device in silent) >= 2)
            assert hub.at_once == 2
            other = Device(b"other", pace=NEVER)
            async with other.lan:
                hub.lan._found(Found("0" * 16, (HOST,), other.lan.port))
                await until(lambda: other.whole == 1)

    asyncio.run(go())


def test_an_error_in_a_meeting_ends_that_meeting_alone() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan, Listener(_garbage, host=HOST) as hostile:
            two = Device(pace=NEVER, addresses=[(HOST, hostile.port), (HOST, one.lan.port)])
            async with two.lan:
                await until(lambda: one.whole == 1 and "refused.channel" in two.problems)

    asyncio.run(go())


def test_of_two_that_find_each_other_the_lower_name_calls() -> None:
    async def go() -> None:
        patient = NEVER._replace(yield_s=15.0)
        low, high = Device(b"low", pace=patient), Device(b"high", pace=patient)
        async with low.lan, high.lan:
            low.lan._discovery, high.lan._discovery = Named("1" * 16), Named("2" * 16)
            calls = {"low": 0, "high": 0}
            for name, device in (("low", low), ("high", high)):
                device.lan._new_meeting = _counting(calls, name, device._new_meeting)
            high.lan._found(Found("1" * 16, (HOST,), low.lan.port))
            low.lan._found(Found("2" * 16, (HOST,), high.lan.port))
            (peer,) = high.lan._peers.values()
            await until(lambda: peer.meetings == 1)
            # A call that came puts off one's own.
            assert peer.due_at_s > asyncio.get_running_loop().time() + 1000
            assert calls == {"low": 1, "high": 0}
            low.lan._discovery = high.lan._discovery = None

    asyncio.run(go())


def test_the_higher_name_calls_where_no_call_came() -> None:
    """Multicast may be heard in one direction only."""

    async def go() -> None:
        low, high = Device(b"low", pace=NEVER), Device(b"high", pace=NEVER)
        async with low.lan, high.lan:
            high.lan._discovery = Named("2" * 16)
            high.lan._found(Found("1" * 16, (HOST,), low.lan.port))
            await until(lambda: low.whole == 1)
            high.lan._discovery = None

    asyncio.run(go())


def test_a_flood_of_announcements_pushes_out_those_that_fail_and_no_others() -> None:
    async def go() -> None:
        here = Device(pace=NEVER._replace(meetings_max=0), addresses=[(HOST, 1)])
        async with here.lan:
            peers = here.lan._peers
            for number in range(module.PEERS_MAX - 1):
                here.lan._found(Found(f"{number:016x}", ("192.0.2.1",), 1))
            assert len(peers) == module.PEERS_MAX
            here.lan._found(Found("f" * 16, ("192.0.2.1",), 1))
            assert "f" * 16 not in peers
            peers[f"{7:016x}"].failures = 3
            peers[f"{8:016x}"].failures = 2
            here.lan._found(Found("f" * 16, ("192.0.2.1",), 1))
            assert "f" * 16 in peers
            assert f"{7:016x}" not in peers
            assert len(peers) == module.PEERS_MAX
            here.lan._gone("f" * 16)
            assert len(peers) == module.PEERS_MAX - 1
            assert f"{HOST} 1" in peers

    asyncio.run(go())


def test_a_flood_of_strangers_that_answer_gives_way_to_others_and_is_called_after_those_known() -> (
    None
):
    async def go() -> None:
        here = Device(pace=NEVER._replace(meetings_max=0))
        async with here.lan:
            for number in range(module.PEERS_MAX):
                here.lan._found(Found(f"{number:016x}", ("192.0.2.1",), 1))
            known, stranger, unmet = (here.lan._peers[f"{number:016x}"] for number in range(3))
            for peer in here.lan._peers.values():
                peer.meetings, peer.is_acquainted = 1, True
            known.due_at_s, stranger.due_at_s = 2.0, 1.0
            stranger.is_acquainted = unmet.is_acquainted = False
            unmet.meetings = 0
            due = here.lan._due()
            assert due.index(known) < due.index(stranger)
            here.lan._found(Found("e" * 16, ("192.0.2.1",), 1))
            here.lan._found(Found("f" * 16, ("192.0.2.1",), 1))
            # Who has not been met yet may be anybody.
            names = set(here.lan._peers)
            assert {known.name, unmet.name, "e" * 16} <= names
            assert not {stranger.name, "f" * 16} & names

    asyncio.run(go())


def test_a_meeting_says_whether_the_other_takes_part_in_anything_here() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            address = (HOST, one.lan.port)
            for is_acquainted in (False, True):
                two = Device(pace=NEVER, addresses=[address])
                two.lan._new_meeting = _with(two._new_meeting, is_acquainted)
                async with two.lan:
                    await until(lambda two=two: two.lan.seen()[0].meetings == 1)
                    (peer,) = two.lan._peers.values()
                    assert peer.is_acquainted is is_acquainted

    asyncio.run(go())


def _with(new_meeting, is_acquainted: bool):
    def new(binding: bytes, is_caller: bool) -> Toy:
        meeting = new_meeting(binding, is_caller)
        meeting.is_acquainted = is_acquainted
        return meeting

    return new


def test_a_device_that_was_given_by_its_address_and_is_found_too_is_met_once() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            address = (HOST, one.lan.port)
            two = Device(pace=NEVER._replace(yield_s=3600.0), addresses=[address])
            async with two.lan:
                await until(lambda: two.whole == 1 and two.lan.meetings == 0)
                two.lan._discovery = Named("2" * 16)
                two.lan._found(Found("1" * 16, ("192.0.2.7", HOST), one.lan.port))
                two.lan._found(Found("3" * 16, (HOST,), one.lan.port + 1))
                two.lan._gone("1" * 16)
                assert [seen.host for seen in two.lan.seen()] == [HOST, HOST]
                given = two.lan._peers[f"{HOST} {one.lan.port}"]
                # What is announced takes no given address away, and the lower name calls.
                assert (given.hosts, given.port) == ((HOST,), one.lan.port)
                await asyncio.sleep(0.1)
                assert two.whole == 1
                two.lan._discovery = None

    asyncio.run(go())


def test_many_that_do_not_exist_keep_nobody_from_one_that_does() -> None:
    """Their calls fail slowly; the one that answered before is called before any of them."""

    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            two = Device(pace=NEVER._replace(meetings_max=1))
            async with two.lan:
                for number in range(50):
                    two.lan._found(Found(f"{number:016x}", (HOST,), 1))
                await until(lambda: len(two.problems) >= 50)
                two.lan._found(Found("f" * 16, (HOST,), one.lan.port))
                await until(lambda: two.lan._peers["f" * 16].meetings == 1)
                failed_before: list[int] = []

                def counted(binding: bytes, is_caller: bool) -> Toy:
                    failed_before.append(len(two.problems))
                    return two._new_meeting(binding, is_caller)

                two.lan._new_meeting = counted
                for peer in two.lan._peers.values():
                    peer.due_at_s = 0.0
                failed = len(two.problems)
                two.lan.changed()
                await until(lambda: failed_before)
                # One may have been under way.
                assert failed_before[0] <= failed + 1

    asyncio.run(go())


def test_a_change_does_not_hasten_calls_to_one_that_does_not_answer() -> None:
    async def go() -> None:
        pace = NEVER._replace(retry_s=3600.0, retry_max_s=3600.0)
        two = Device(pace=pace, addresses=[(HOST, _free_port())])
        async with two.lan:
            await until(lambda: len(two.problems) == 1)
            for _ in range(10):
                two.lan.changed()
                await asyncio.sleep(0.02)
            assert len(two.problems) == 1

    asyncio.run(go())


def test_a_device_is_tried_at_each_of_its_addresses() -> None:
    async def go() -> None:
        one = Device(pace=NEVER)
        async with one.lan:
            two = Device(pace=NEVER)
            async with two.lan:
                two.lan._found(Found("0" * 16, ("127.0.0.9", HOST), one.lan.port))
                await until(lambda: one.whole == 1)

    asyncio.run(go())


def test_there_is_one_meeting_with_a_device_at_a_time() -> None:
    async def go() -> None:
        hub = Device(pace=NEVER)
        async with hub.lan:
            two = Device(pace=NEVER, addresses=[(HOST, hub.lan.port)])
            two.lan._new_meeting = lambda _binding, _is_caller: Mute(b"")
            async with two.lan:
                await until(lambda: hub.lan.meetings == 1)
                for _ in range(5):
                    two.lan.changed()
                    await asyncio.sleep(0.03)
                assert two.lan.meetings == 1

    asyncio.run(go())


def test_closing_ends_meetings_calls_and_tasks() -> None:
    async def go() -> None:
        hub = Device(pace=NEVER)
        async with hub.lan:
            two = Device(pace=NEVER, addresses=[(HOST, hub.lan.port)])
            two.lan._new_meeting = lambda _binding, _is_caller: Mute(b"")
            async with two.lan:
                await until(lambda: hub.lan.meetings == 1 and two.lan.meetings == 1)
            await until(lambda: hub.lan.meetings == 0)
        await asyncio.sleep(0)
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(go())


def test_other_addresses_of_one_s_own_bring_a_call_at_once() -> None:
    async def go() -> None:
        port = _free_port()
        two = Device(pace=NEVER._replace(retry_s=3600, retry_max_s=3600), addresses=[(HOST, port)])
        async with two.lan:
            await until(lambda: len(two.problems) == 1)
            one = Device(pace=NEVER, port=port)
            async with one.lan:
                two.lan._pace = NEVER
                two.lan._moved()
                await until(lambda: one.whole == 1)

    asyncio.run(go())


class Mute(Toy):
    """Says nothing and is never over."""

    is_over = False

    def send(self, _max_bytes: int) -> bytes:
        return b""


class Named:
    """A stand-in for discovery that found nobody."""

    def __init__(self, name: str) -> None:
        self.name = name


def _counting(calls, name, new_meeting):
    def made(binding: bytes, is_caller: bool):
        calls[name] += is_caller
        return new_meeting(binding, is_caller)

    return made


def _free_port() -> int:
    """One that no outgoing call is given by the kernel, so that it is free again later."""
    # Tests that run beside one another look in different places.
    first = 20_000 + os.getpid() % 1000 * 10
    for port in range(first, first + 10):
        try:
            listening = socket.create_server((HOST, port))
        except OSError:
            continue
        listening.close()
        return port
    raise AssertionError("no port is free")


async def _garbage(channel) -> None:
    channel._writer.write(Tls(is_caller=True).to_send())
    await channel.read()
