"""Discovery without a network: what is announced, and what is believed of others."""

from __future__ import annotations

import asyncio
import platform
from typing import ClassVar

import ifaddr
import pytest
from zeroconf import ServiceStateChange

from lumbre.carriers.lan import Discovery, Found
from lumbre.carriers.lan import discovery as module
from lumbre.carriers.lan.discovery import SERVICE, addresses_here, may_be_called
from tests.carriers.lan.toy import until

OUTSIDE = ("192.168.4.7", "fe80::1")
LOOPBACK = ("127.0.0.1", "::1")


class FakeZeroconf:
    """Records what was registered; fails where it is told to."""

    made: ClassVar[list[FakeZeroconf]] = []
    fails = False

    def __init__(self, interfaces, ip_version) -> None:
        if FakeZeroconf.fails:
            raise OSError(19, "No such device")
        self.zeroconf = self
        self.interfaces = interfaces
        self.ip_version = ip_version
        self.announced = []
        self.is_closed = False
        FakeZeroconf.made.append(self)

    async def async_register_service(self, info, *, cooperating_responders) -> None:
        self.announced.append(info)

    async def async_update_interfaces(self, interfaces, ip_version) -> None:
        self.interfaces, self.ip_version = interfaces, ip_version

    async def async_update_service(self, info) -> None:
        self.announced.append(info)

    async def async_close(self) -> None:
        self.is_closed = True


class FakeBrowser:
    made = 0

    def __init__(self, _zeroconf, service, handlers) -> None:
        assert service == SERVICE
        assert len(handlers) == 1
        FakeBrowser.made += 1

    async def async_cancel(self) -> None:
        pass


class FakeInfo:
    """Answers for every name: where it is, and on which port."""

    answers: ClassVar[dict[str, tuple[list[str], int]]] = {}

    def __init__(self, _service, name) -> None:
        self._answer = self.answers.get(name.partition(".")[0])
        self.port = self._answer[1] if self._answer else None

    async def async_request(self, _zeroconf, _timeout_ms) -> bool:
        await asyncio.sleep(0.01)
        return self._answer is not None

    def parsed_scoped_addresses(self) -> list[str]:
        return self._answer[0]


@pytest.fixture
def network(monkeypatch):
    """What this device's addresses are, as a list that a test changes."""
    addresses = list(OUTSIDE)
    FakeZeroconf.made, FakeZeroconf.fails, FakeBrowser.made = [], False, 0
    monkeypatch.setattr(module, "AsyncZeroconf", FakeZeroconf)
    monkeypatch.setattr(module, "AsyncServiceBrowser", FakeBrowser)
    monkeypatch.setattr(module, "addresses_here", lambda: tuple(addresses))
    return addresses


def test_what_is_announced_names_no_device_and_is_another_at_each_start(network) -> None:
    async def go() -> str:
        async with Discovery(8421, lambda _: None) as discovery:
            await until(lambda: FakeBrowser.made == 1)
            (info,) = FakeZeroconf.made[-1].announced
            assert info.name == f"{discovery.name}.{SERVICE}"
            assert info.server == f"{discovery.name}.local."
            assert info.text == b"\x03v=1"
            assert info.port == 8421
            assert info.parsed_addresses() == list(OUTSIDE)
            assert platform.node() not in info.server
            FakeBrowser.made = 0
            return discovery.name

    names = {asyncio.run(go()) for _ in range(3)}
    assert len(names) == 3
    assert all(zeroconf.is_closed for zeroconf in FakeZeroconf.made)


def test_other_addresses_are_announced_and_others_are_asked_for_anew(network) -> None:
    moved = []

    async def go() -> None:
        discovery = Discovery(
            1, lambda _: None, on_moved=lambda: moved.append(1), look_every_s=0.01
        )
        async with discovery:
            await until(lambda: len(moved) == 1)
            network[:] = ["10.0.0.9"]
            await until(lambda: len(moved) == 2)
            (zeroconf,) = FakeZeroconf.made
            assert zeroconf.interfaces == ["10.0.0.9"]
            assert zeroconf.announced[-1].parsed_addresses() == ["10.0.0.9"]
            assert FakeBrowser.made == 2
            await asyncio.sleep(0.05)
            assert len(moved) == 2

    asyncio.run(go())


def test_no_network_is_no_error_and_is_looked_at_again(network) -> None:
    async def go() -> None:
        network.clear()
        moved = []
        async with Discovery(
            1, lambda _: None, on_moved=lambda: moved.append(1), look_every_s=0.01
        ):
            await asyncio.sleep(0.05)
            assert FakeZeroconf.made == []
            FakeZeroconf.fails = True
            network.append("10.0.0.9")
            await asyncio.sleep(0.05)
            assert moved == []
            FakeZeroconf.fails = False
            await until(lambda: moved == [1])
            network.clear()
            await until(lambda: FakeZeroconf.made[-1].is_closed)

    asyncio.run(go())


def test_who_announces_itself_is_found_once_asked_and_gone_when_it_says_so(
    network, monkeypatch
) -> None:
    monkeypatch.setattr(module, "AsyncServiceInfo", FakeInfo)
    found: list[Found] = []
    gone: list[str] = []
    one, odd = "1" * 16, "2" * 16
    FakeInfo.answers = {
        one: (["192.168.4.9", "8.8.8.8", "fe80::9%3"], 8421),
        odd: (["8.8.8.8", "127.0.0.1", "224.0.0.1", "nonsense"], 8421),
        "3" * 16: (["192.168.4.9"], 0),
    }

    async def go() -> None:
        discovery = Discovery(1, found.append, gone.append)
        discovery._addresses = OUTSIDE

        def heard(name: str, change=ServiceStateChange.Added, service=SERVICE) -> None:
            discovery._heard(None, service, f"{name}.{SERVICE}", change)

        for name in (one, one, odd, "3" * 16, "4" * 16, discovery.name, "LAPTOP-OF-MARIA", ""):
            heard(name)
        heard("5" * 16, service="_other._tcp.local.")
        assert sorted(discovery._asking) == [one, odd, "3" * 16, "4" * 16]
        await until(lambda: not discovery._asking)
        assert found == [Found(one, ("192.168.4.9", "fe80::9%3"), 8421)]
        heard(one, ServiceStateChange.Removed)
        heard("LAPTOP-OF-MARIA", ServiceStateChange.Removed)
        assert gone == [one]

    asyncio.run(go())


def test_a_flood_of_announcements_is_asked_about_a_few_at_a_time(network, monkeypatch) -> None:
    monkeypatch.setattr(module, "AsyncServiceInfo", FakeInfo)
    FakeInfo.answers = {}

    async def go() -> None:
        discovery = Discovery(1, lambda _: None)
        for number in range(1000):
            discovery._heard(None, SERVICE, f"{number:016x}.{SERVICE}", ServiceStateChange.Added)
        assert len(discovery._asking) == module.ASKING_MAX
        await until(lambda: not discovery._asking)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("host", "here", "may"),
    [
        ("192.168.1.2", OUTSIDE, True),
        ("10.1.2.3", OUTSIDE, True),
        ("169.254.9.9", OUTSIDE, True),
        ("fe80::5%2", OUTSIDE, True),
        ("fd00::5", OUTSIDE, True),
        ("8.8.8.8", OUTSIDE, False),
        ("2001:4860:4860::8888", OUTSIDE, False),
        ("224.0.0.251", OUTSIDE, False),
        ("ff02::fb", OUTSIDE, False),
        ("0.0.0.0", OUTSIDE, False),  # noqa: S104 one of the announced
        ("127.0.0.1", OUTSIDE, False),
        ("127.0.0.1", LOOPBACK, True),
        ("::1", LOOPBACK, True),
        ("example.org", OUTSIDE, False),
    ],
)
def test_only_addresses_of_a_local_network_are_called(host, here, may) -> None:
    assert may_be_called(host, here) is may


def test_own_addresses_leave_out_loopback_and_what_cannot_be_used_yet(monkeypatch) -> None:
    def adapters(*addresses):
        ips = [ifaddr.IP(address, 24, "eth0") for address in addresses]
        return lambda: [ifaddr.Adapter("eth0", "eth0", ips)]

    # One of documentation's own, which no device has.
    tentative = ("2001:db8::7", 0, 0)
    monkeypatch.setattr(ifaddr, "get_adapters", adapters("10.0.0.2", "127.0.0.1", tentative))
    assert addresses_here() == ("10.0.0.2",)
    monkeypatch.setattr(ifaddr, "get_adapters", adapters("127.0.0.1", ("::1", 0, 0)))
    assert set(addresses_here()) == set(LOOPBACK)
    monkeypatch.setattr(ifaddr, "get_adapters", list)
    assert addresses_here() == ()
