"""Bodies and pieces of media: what is large travels last, and goes on where it broke off."""

from __future__ import annotations

import random

import msgspec
import pytest

from lumbre.errors import Invalid
from lumbre.kinds.shared import Source
from lumbre.kinds.situation.records import Rumour
from lumbre.node import media as media_module
from lumbre.node.media import Album
from lumbre.node.meetings import new_meeting
from lumbre.record import Lane, MediaName
from lumbre.schema import Via
from lumbre.store import PieceStore
from lumbre.sync import bodies, runs
from lumbre.sync.frames import FrameReader, Pieces, Runs, Want, WantPieces
from tests.ledger.test_ledger import need, one_by_one
from tests.sync.meet import Line, assert_equal, heads, meet, new_binding
from tests.world import Device, World


def rumour(number: int) -> Rumour:
    """One whose body does not travel without being asked for."""
    chance = random.Random(number)
    words = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(900))
    return Rumour(Via.OWN_DEVICE, None, words, Source.SEEN)


def drop_body(device: Device, lane: Lane) -> int:
    """Prune every body of a lane, as a store does."""
    dropped = 0
    for entries in device.log._entries.values():
        for at, entry in enumerate(entries):
            if entry.name.lane is lane and entry.body is not None:
                entries[at] = msgspec.structs.replace(entry, body=None)
                dropped += 1
    return dropped


@pytest.fixture
def pair() -> tuple[Device, Device]:
    world = World()
    return world.founder, world.join("eva")


def absent(device: Device) -> int:
    numbers = device.log.census.lacking_branches()
    return sum(len(device.log.absent(number, 10_000)) for number in numbers)


def test_p5_a_body_that_was_pruned_comes_back_though_frontiers_are_equal(pair):
    ana, eva = pair
    ana.write(need("Bloque 1"))
    ana.write(rumour(1))
    meet(ana.node, eva.node)
    assert drop_body(eva, Lane.BULK) == 1
    assert drop_body(ana, Lane.URGENT) == 1
    caller, called = meet(ana.node, eva.node)
    assert absent(eva) == absent(ana) == 0
    assert caller.outcomes()[0].new == called.outcomes()[0].new == 0
    assert_equal(ana, eva)


def test_large_bodies_of_lane_3_travel_after_all_headers(pair):
    ana, eva = pair
    for number in range(4):
        ana.write(rumour(number))
    ana.write(need("Bloque 1"))
    line = Line()
    meet(ana.node, eva.node, line=line)
    assert absent(eva) == 0
    assert_equal(ana, eva)
    frames = list(FrameReader().feed(bytes(line.up)))
    streams = [message for message in frames if isinstance(message, Runs)]
    *headers, last = (len(message.data) for message in streams)
    # 4 bodies of 2.7 kB: all headers are shorter than one of them.
    assert sum(headers) < 2_000 < 8_000 < last
    assert any(isinstance(message, Want) for message in FrameReader().feed(bytes(line.down)))


def test_a_meeting_cut_among_the_bodies_keeps_those_that_came_and_the_next_asks_for_the_rest(
    pair, monkeypatch
):
    monkeypatch.setattr(runs, "CHUNK_BYTES", 2_000)
    monkeypatch.setattr(runs, "CUT_BYTES", 2_000)
    ana, eva = pair
    for number in range(8):
        ana.write(rumour(number))
    line = Line()
    meet(ana.node, eva.node, line=Line(cut_after=19_000))
    left = absent(eva)
    assert 0 < left < 8
    assert heads(ana) == heads(eva)
    meet(ana.node, eva.node, line=line)
    assert absent(eva) == 0
    assert line.total_bytes < 3_500 * left + 2_000
    assert_equal(ana, eva)


def test_more_bodies_than_one_ask_names_are_asked_for_one_after_another(pair, monkeypatch):
    monkeypatch.setattr(bodies, "RANGES_MAX", 1)
    ana, eva = pair
    for number in range(4):
        ana.write(rumour(number))
        ana.write(Rumour(Via.OWN_DEVICE, None, "x", Source.SEEN))
    line = Line()
    meet(ana.node, eva.node, line=line)
    asks = [m for m in FrameReader().feed(bytes(line.down)) if isinstance(m, Want)]
    assert [len(ask.ranges) for ask in asks] == [1, 1, 1, 1]
    assert absent(eva) == 0


def test_a_body_that_neither_holds_is_asked_for_and_the_meeting_ends(pair):
    ana, eva = pair
    ana.write(rumour(1))
    meet(ana.node, eva.node)
    drop_body(ana, Lane.BULK)
    drop_body(eva, Lane.BULK)
    line = Line()
    caller, _ = meet(ana.node, eva.node, line=line)
    assert caller.outcomes()[0].is_equal
    assert not any(isinstance(m, Runs) for m in FrameReader().feed(bytes(line.up)))
    assert absent(ana) == absent(eva) == 1


def test_much_that_nobody_holds_keeps_back_no_bodies_of_others(pair, monkeypatch):
    """Whether it is another space's, which is not spoken of, or another author's in this one."""
    ana, eva = pair
    eva.write(*(rumour(number) for number in range(8)))
    meet(ana.node, eva.node)
    assert drop_body(ana, Lane.BULK) == drop_body(eva, Lane.BULK) == 8
    other = World("zoe").founder
    other.write(*(rumour(number) for number in range(8)))
    drop_body(other, Lane.BULK)
    eva.node.add_space(other.space)
    eva.node.take(one_by_one(other))
    assert absent(eva) == 16
    ana.write(rumour(9))
    monkeypatch.setattr(bodies, "BODIES_MAX", 4)
    meet(ana.node, eva.node)
    assert absent(eva) == 16
    assert absent(ana) == 8


def test_only_the_body_that_is_asked_for_travels_among_those_under_one_mark(pair):
    ana, eva = pair
    ana.write(*(rumour(number) for number in range(10)))
    meet(ana.node, eva.node)
    (entries,) = [e for e in eva.log._entries.values() if e[0].name.lane is Lane.BULK]
    entries[4] = msgspec.structs.replace(entries[4], body=None)
    line = Line()
    meet(ana.node, eva.node, line=line)
    assert absent(eva) == 0
    assert line.up_bytes < 2 * 2_800


# Media


class Disk(dict):
    """Pieces in memory."""

    def put(self, hash_: bytes, sealed: bytes) -> None:
        self.setdefault(hash_, sealed)

    def missing(self, hashes) -> list[bytes]:
        return [hash_ for hash_ in hashes if hash_ not in self]


def meet_with_pieces(
    one: tuple[Device, Disk], other: tuple[Device, Disk], line: Line | None = None
) -> Line:
    binding = new_binding()
    line = line or Line()
    line.run(
        new_meeting(one[0].node, binding, is_caller=True, pieces=one[1]),
        new_meeting(other[0].node, binding, is_caller=False, pieces=other[1]),
    )
    return line


PHOTO = bytes(at * at % 251 for at in range(100_000))


@pytest.fixture
def shared(pair) -> tuple[tuple[Device, Disk], tuple[Device, Disk], MediaName]:
    """One who has a photo, one who wants it, and its name."""
    ana, eva = ((device, Disk()) for device in pair)
    media = album(ana).add(PHOTO, 10_000)
    return ana, eva, media


def album(one: tuple[Device, Disk]) -> Album:
    device, disk = one
    return Album(device.node, device.space, disk)


def photo(one: tuple[Device, Disk], media: MediaName) -> bytes:
    pieces = [album(one).piece(media, number) for number in range(media.pieces)]
    return b"".join(piece for piece in pieces if piece is not None)


def test_a_medium_comes_only_where_it_is_wanted(shared):
    ana, eva, media = shared
    line = meet_with_pieces(ana, eva)
    assert line.total_bytes < 5_000
    assert not eva[1]
    album(eva).want(media)
    meet_with_pieces(ana, eva)
    assert photo(eva, media) == PHOTO
    # Once it is here, it is asked for no more.
    assert album(eva).wanted(9) == []
    assert meet_with_pieces(ana, eva).total_bytes < 1_000


def test_pieces_go_on_where_they_broke_off_at_any_byte(shared):
    ana, eva, media = shared
    album(eva).want(media)
    total_bytes = 0
    for cut in (2_500, 14_000, 14_999, 33_333, 20_000):
        before = len(album(eva).missing(media))
        total_bytes += meet_with_pieces(ana, eva, Line(cut_after=cut)).total_bytes
        assert len(album(eva).missing(media)) <= before
    total_bytes += meet_with_pieces(ana, eva).total_bytes
    assert photo(eva, media) == PHOTO
    # At most one piece a cut came in vain.
    assert total_bytes < len(PHOTO) + 6 * (10_000 + 2_500)


def test_a_third_who_has_some_of_the_pieces_gives_those(shared):
    ana, eva, media = shared
    leo = (World().founder, Disk())
    album(eva).want(media)
    meet_with_pieces(ana, eva, Line(cut_after=60_000))
    some = media.pieces - len(album(eva).missing(media))
    assert 0 < some < media.pieces
    ana[1].clear()
    album(ana).want(media)
    meet_with_pieces(eva, ana)
    assert media.pieces - len(album(ana).missing(media)) == some
    assert not leo[1]


def test_a_piece_that_is_not_what_its_name_says_is_not_kept(shared):
    ana, eva, media = shared
    album(eva).want(media)
    hashes = album(ana).hashes(media)
    ana[1][hashes[3]] = bytes(10_000)
    ana[1][hashes[4]] = ana[1][hashes[4]] + b"x"
    meet_with_pieces(ana, eva)
    assert album(eva).missing(media) == [3, 4]
    # Eight pieces and the list of hashes.
    assert len(eva[1]) == 9
    assert len(photo(eva, media)) == 80_000


def test_hashes_that_do_not_lead_to_the_root_end_the_meeting(shared):
    ana, eva, media = shared
    album(eva).want(media)
    hashes = list(album(ana).hashes(media))
    ana[1].clear()
    album(ana).keep_hashes(media, hashes[::-1])
    binding = new_binding()
    caller = new_meeting(ana[0].node, binding, is_caller=True, pieces=ana[1])
    called = new_meeting(eva[0].node, binding, is_caller=False, pieces=eva[1])
    Line().run(caller, called)
    assert caller.other_code == called.code == 7
    assert not eva[1]


def test_media_come_after_everything_else(shared):
    ana, eva, media = shared
    ana[0].write(rumour(1))
    album(eva).want(media)
    line = meet_with_pieces(ana, eva)
    kinds = [type(message) for message in FrameReader().feed(bytes(line.up))]
    last = max(at for at, kind in enumerate(kinds) if kind is Runs)
    first = min(at for at, kind in enumerate(kinds) if kind is Pieces)
    assert last < first
    asked = [type(message) for message in FrameReader().feed(bytes(line.down))]
    assert asked.index(Want) < asked.index(WantPieces)


def test_pieces_in_a_store_on_disk_go_on_after_a_cut(shared, tmp_path):
    ana, (eva, _), media = shared
    store = PieceStore(tmp_path / "media", bytes(32))
    on_disk = (eva, store)
    album(on_disk).want(media)
    meet_with_pieces(ana, on_disk, Line(cut_after=50_000))
    assert 0 < len(album(on_disk).missing(media)) < media.pieces
    meet_with_pieces(ana, on_disk)
    assert photo(on_disk, media) == PHOTO
    store.close()


def test_no_more_media_are_wanted_than_a_list_holds(shared, monkeypatch):
    monkeypatch.setattr(media_module, "WANTED_MAX", 1)
    _, eva, media = shared
    album(eva).want(media)
    album(eva).want(media)
    with pytest.raises(Invalid):
        album(eva).want(MediaName(bytes(32), 9, 9))
