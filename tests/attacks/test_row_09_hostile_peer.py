"""Row 9: a hostile member in a meeting. Rounds, frames, bytes, memory and work are bounded.

Counts are asserted, never time. Each attack ends with a code that the other side is told, and
leaves the victim as it was: an honest meeting after it ends equal.
"""

from __future__ import annotations

import random
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest

from lumbre.errors import Refused
from lumbre.node.meetings import SpaceShelf, link_of
from lumbre.record import Lane, LogName, MediaName, SigningKey
from lumbre.record.canonical import encode
from lumbre.record.log import NO_SPACE
from lumbre.record.segment import read_segment
from lumbre.sync import exchange, meeting, runs, talk
from lumbre.sync.frames import (
    LADDER_MAX,
    Acts,
    Census,
    Closing,
    Code,
    Cold,
    Done,
    Heads,
    HeadSaid,
    Introduce,
    Message,
    Pieces,
    Proof,
    Runs,
    Sent,
    Want,
    Wanted,
    WantPieces,
    Warm,
    write_frame,
)
from lumbre.sync.frontier import branches_of, digest_of, heads_of
from lumbre.sync.greeting import Link, vouch
from tests.ledger.test_ledger import need, one_by_one
from tests.sync.hostile import NUMBER, Hand, Stage, digest, endless
from tests.world import World

MIB = 1024 * 1024


@pytest.fixture
def stage() -> Stage:
    return Stage()


def as_records(*records: bytes) -> bytes:
    return b"".join(len(record).to_bytes(3, "big") + record for record in records)


def whole(segment: bytes) -> bytes:
    """A segment as a record of a stream of runs."""
    return encode((None, 0, segment))


def rounds() -> Iterator[Message]:
    number = 0
    while True:
        number += 1
        yield Cold(NUMBER, digest(number), b"")
        yield Heads(NUMBER, [])
        yield Sent(NUMBER)
        yield Closing(NUMBER, digest(-number), 1)


def test_row_09_rounds_that_never_end_equal_end_after_four(stage):
    hand = stage.hand()
    taken = hand.say_until_over(rounds())
    assert taken <= 4 * exchange.ROUNDS_MAX
    assert hand.victim.outcomes()[0].rounds == exchange.ROUNDS_MAX
    sent = sum(isinstance(message, Cold) for message in hand.heard)
    assert sent <= exchange.ROUNDS_MAX
    assert not hand.victim.outcomes()[0].is_equal
    stage.assert_unharmed()


@pytest.mark.parametrize(
    "message",
    [
        Heads(NUMBER, []),
        Cold(NUMBER, digest(1), b""),
        Warm(NUMBER, digest(1)),
        Closing(NUMBER, digest(1), 1),
    ],
    ids=lambda message: type(message).__name__,
)
def test_row_09_a_message_said_twice_in_a_round_is_answered_once(stage, message):
    hand = stage.hand()
    if not isinstance(message, Cold):
        hand.say(Cold(NUMBER, digest(0), b""))
    assert hand.say_until_over(endless(message)) <= 1
    # The whole space at most once, whatever is said.
    assert hand.heard_bytes < 2 * sum(map(len, one_by_one(stage.victim))) + 4096
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


@pytest.mark.parametrize(
    "message",
    [
        Done(NUMBER),
        Acts(NUMBER),
        Acts(NUMBER, [b"x"]),
        Want(NUMBER, []),
        WantPieces(NUMBER, MediaName(bytes(32), 9, 4), [(0, 1)], False),
        Pieces(NUMBER, 0, b"x"),
        Proof(NUMBER, b"x"),
        Proof(NUMBER + 1, b"x"),
        Census(NUMBER + 1, b"x"),
        Runs(NUMBER, b"no stream"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_row_09_what_has_no_sense_now_ends_the_meeting_with_a_code(stage, message):
    hand = stage.hand()
    hand.say(message)
    assert hand.victim.is_over
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


@pytest.mark.parametrize(
    "frame",
    [bytes((0, 0, 1, 255)), write_frame(Runs(NUMBER, b"")), write_frame(Introduce(NUMBER))],
    ids=["unknown", "empty part", "introduce"],
)
def test_row_09_frames_without_end_that_bring_nothing_end(stage, frame):
    hand = stage.hand()
    sent = 0
    while not hand.victim.is_over and sent < 10_000:
        hand.say_bytes(frame * 100)
        sent += 100
    assert hand.codes <= {Code.TOO_MUCH, Code.NOT_A_MESSAGE}
    assert hand.codes
    assert sent <= meeting.FRAMES_MAX + 100
    stage.assert_unharmed()


def test_row_09_parts_without_end_for_a_space_that_was_refused_end(stage):
    other = World("zoe")
    stage.victim.node.add_space(other.space)
    stage.victim.node.keep_author(other.space, b"z" * 32)
    hand = Hand(stage.liar, stage.victim)
    hand.say(hand.greeting.hello([hand.space, other.space], bytes(meeting.NOISE_BYTES)))
    # One space is refused, so that the other keeps the meeting open.
    hand.say(Proof(NUMBER, b"x"))
    assert hand.codes == {Code.BAD_PROOF}
    assert not hand.victim.is_over
    part = Runs(NUMBER, bytes(64 * 1024))
    assert hand.say_until_over(islice(endless(part), meeting.FRAMES_MAX)) < meeting.FRAMES_MAX
    assert hand.codes == {Code.BAD_PROOF, Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_large_frames_of_an_unknown_type_end_by_their_bytes(stage):
    hand = stage.hand()
    frame = (MIB).to_bytes(3, "big") + b"\xff" + bytes(MIB - 1)
    tracemalloc.start()
    sent = 0
    while not hand.victim.is_over:
        hand.say_bytes(frame)
        sent += len(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent <= meeting.FRAMES_MAX_BYTES + 2 * MIB
    assert peak < 8 * MIB
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_a_frame_longer_than_any_is_refused_by_its_length(stage):
    hand = stage.hand()
    hand.say_bytes(b"\xff\xff\xff")
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def bomb(record: bytes, count: int) -> Iterator[Message]:
    """A stream that unpacks to the same record again and again."""
    packer = zlib.compressobj(9)
    data = as_records(record) * (MIB // (len(record) + 3))
    for _ in range(count):
        packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield Runs(NUMBER, packed)


def bombs() -> dict[str, bytes]:
    key = SigningKey(bytes(32)).public
    return {
        "nothing that fits": encode((0, 5, b"")),
        "new names": encode(((key, Lane.BULK, False), 0, b"")),
        "bad segments": whole(b"\x94\x01"),
    }


@pytest.mark.parametrize("record", bombs().values(), ids=bombs())
def test_row_09_what_unpacks_to_much_and_brings_nothing_ends_soon(stage, record):
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""))
    tracemalloc.start()
    taken = hand.say_until_over(bomb(record, 200))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken <= runs.WASTE_MAX_BYTES // MIB + 1
    assert peak < 96 * MIB
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_entries_that_are_known_sent_without_end_end_soon(stage):
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""))
    segment = max(one_by_one(stage.victim), key=len)
    taken = hand.say_until_over(bomb(whole(segment), 200))
    assert taken <= runs.WASTE_MAX_BYTES // MIB + 1
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_empty_blocks_without_end_end_soon(stage):
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""))
    packer = zlib.compressobj()
    start = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    blocks = b"\x00\x00\x00\xff\xff" * 100_000
    hand.say(Runs(NUMBER, start))
    taken = hand.say_until_over(endless(Runs(NUMBER, blocks)))
    assert taken <= runs.WASTE_MAX_BYTES // len(blocks) + 1
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_what_follows_a_stream_s_end_is_refused(stage):
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""), Runs(NUMBER, zlib.compress(b"")))
    hand.say(Runs(NUMBER, b"more"))
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


def test_row_09_frontiers_that_lie_make_no_work_beyond_one_answer(stage):
    chance = random.Random(9)
    book = stage.victim.node.log
    truly = heads_of(branches_of(book, stage.world.space))
    lies = [
        HeadSaid(
            chance.choice((chance.randbytes(8), chance.choice(truly).log[:8])),
            chance.choice((0, 1, 2**40 - 1)),
            chance.randbytes(8),
            chance.choice((0, 3, 2**40 - 1)),
            [(chance.randrange(2**40), chance.randbytes(8)) for _ in range(LADDER_MAX)],
        )
        for _ in range(1_000)
    ]
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), chance.randbytes(4 * 10_000)), Heads(NUMBER, lies))
    hand.say(Sent(NUMBER), Closing(NUMBER, digest(1), 2**40 - 1))
    hand.say_until_over(rounds())
    most = sum(map(len, one_by_one(stage.victim)))
    assert hand.heard_bytes <= exchange.ROUNDS_MAX * (2 * most + 65_536)
    stage.assert_unharmed()


def test_row_09_who_claims_falsely_to_be_equal_harms_nobody(stage):
    hand = stage.hand()
    book = stage.victim.node.log
    same = digest_of(heads_of(branches_of(book, stage.world.space)))
    stage.liar.write(need("kept back"))
    hand.say(Cold(NUMBER, same, b""), Done(NUMBER))
    assert hand.victim.outcomes()[0].is_equal
    # The same device says it the next time, and nothing stands in its way.
    before = stage.victim.rows("need")
    assert before == []
    stage.world.meet(stage.liar, stage.victim)
    stage._before = stage.victim.hash()
    stage.assert_unharmed()


def test_row_09_one_ask_names_the_same_bodies_often_and_gets_them_once(stage):
    for number in range(20):
        stage.victim.write(need(f"Bloque {number}"))
    stage._before = stage.victim.hash()
    book = stage.victim.node.log
    branches = branches_of(book, stage.world.space)
    heads = heads_of(branches)
    once = [Wanted(head.log[:8], 0, 2**40 - 1) for head in heads]
    sizes = []
    for wanted in (once, once * (4096 // len(once))):
        hand = stage.hand()
        before = hand.heard_bytes
        hand.say(Cold(NUMBER, digest_of(heads), b""), Want(NUMBER, wanted))
        sizes.append(hand.heard_bytes - before)
    assert sizes[0] == sizes[1] < sum(map(len, one_by_one(stage.victim)))
    assert hand.say_until_over(endless(Want(NUMBER, []))) <= 16
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


def test_row_09_an_ask_for_more_pieces_than_a_meeting_gives_is_refused_before_it_is_counted_out(
    stage,
):
    hand = stage.hand()
    same = digest_of(heads_of(branches_of(stage.victim.node.log, stage.world.space)))
    hand.say(Cold(NUMBER, same, b""))
    media = MediaName(bytes(32), 2**14, 1)
    hand.say(WantPieces(NUMBER, media, [(0, 2**14 - 1)] * 4096, False))
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_link_keys_without_end_leave_one_baseline(stage):
    author = stage.liar.key
    same = digest_of(heads_of(branches_of(stage.victim.node.log, stage.world.space)))
    sizes = set()
    for number in range(1, 30):
        key = SigningKey(number.to_bytes(32, "big"))
        link = Link(key, author.public, vouch(author, stage.world.space, key.public))
        hand = Hand(stage.liar, stage.victim, link)
        hand.greet()
        hand.say(Cold(NUMBER, same, b""), Done(NUMBER))
        assert hand.victim.outcomes()[0].is_equal
        sizes.add(len(stage.victim.log._meta))
    assert len(sizes) == 1
    stage.assert_unharmed()


def test_row_09_a_stranger_who_knows_the_space_is_shown_nothing_before_a_proof(stage):
    hand = Hand(stage.liar, stage.victim)
    hand.say(hand.greeting.hello([hand.space], bytes(meeting.NOISE_BYTES)))
    hand.say(Introduce(NUMBER))
    assert not any(isinstance(message, Acts) for message in hand.heard)
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


def test_row_09_a_link_key_that_its_author_has_not_vouched_for_is_no_proof(stage):
    key = SigningKey(b"k" * 32)
    own_word = vouch(stage.liar.key, stage.world.space, key.public)
    other_space = vouch(stage.other.key, bytes(32), key.public)
    for voucher in (own_word, other_space, bytes(64)):
        hand = Hand(stage.liar, stage.victim, Link(key, stage.other.key.public, voucher))
        hand.greet()
        assert hand.codes == {Code.BAD_PROOF}
        assert not hand.victim.is_acquainted
    stage.assert_unharmed()


def test_row_09_what_comes_before_a_proof_is_no_more_than_a_frontier(stage):
    hand = Hand(stage.liar, stage.victim)
    hand.say(hand.greeting.hello([hand.space], bytes(meeting.NOISE_BYTES)))
    cold = Cold(NUMBER, digest(0), b"")
    assert hand.say_until_over([cold, cold]) == 1
    assert hand.codes == {Code.NOT_A_MESSAGE}
    stage.assert_unharmed()


def test_row_09_acts_of_an_unknown_device_bring_nothing_but_acts_of_this_space(stage):
    other = World("zoe")
    stage.victim.node.add_space(other.space)
    thief = SigningKey(b"t" * 32)
    key = SigningKey(b"k" * 32)
    link = Link(key, thief.public, vouch(thief, stage.world.space, key.public))
    hand = Hand(stage.liar, stage.victim, link)
    assert any(isinstance(message, Introduce) for message in hand.greet())
    stage.liar.write(need("unasked"))
    parts = [*one_by_one(stage.liar), *one_by_one(other.founder), b"no segment"]
    hand.say(Acts(NUMBER, parts), Acts(NUMBER))
    assert hand.codes == {Code.NOT_ADMITTED}
    assert stage.victim.rows("need") == []
    assert not list(stage.victim.node.log.logs(other.space))
    stage.assert_unharmed()


def test_row_09_acts_without_end_that_bring_nothing_are_refused(stage, monkeypatch):
    monkeypatch.setattr(talk, "ACTS_WASTE_MAX_BYTES", MIB)
    thief, key = SigningKey(b"t" * 32), SigningKey(b"k" * 32)
    link = Link(key, thief.public, vouch(thief, stage.world.space, key.public))
    hand = Hand(stage.liar, stage.victim, link)
    hand.greet()
    assert hand.say_until_over(endless(Acts(NUMBER, [bytes(300_000)]))) <= 3
    assert hand.codes == {Code.TOO_MUCH}
    stage.assert_unharmed()


def test_row_09_acts_are_shown_until_who_asked_says_its_frontier(stage, monkeypatch):
    monkeypatch.setattr(talk, "_ACTS_FRAME_BYTES", 1)
    monkeypatch.setattr(runs, "CUT_ENTRIES", 1)
    for number in range(4):
        stage.world.join(f"person {number}")
    stage._before = stage.victim.hash()
    hand = stage.hand()
    hand.victim.receive(write_frame(Introduce(NUMBER)))
    shown = [*hand.reader.feed(hand.victim.send(1)), *hand.reader.feed(hand.victim.send(1))]
    assert [len(message.segments) for message in shown] == [1, 1]
    left = hand.say(Cold(NUMBER, digest(0), b""))
    acts = [message.segments for message in left if isinstance(message, Acts)]
    # What was cut already, and the end.
    assert [len(segments) for segments in acts] == [1, 0]
    hand.victim.lost()
    stage.assert_unharmed()


def test_row_09_acts_after_the_last_or_that_nobody_asked_for_end_the_meeting(stage):
    newcomer = stage.world.join("eva")
    hand = Hand(newcomer, stage.other)
    hand.greet()
    assert any(isinstance(message, Introduce) for message in hand.heard)
    lane = [part for part in one_by_one(newcomer) if read_segment(part)[0].name.lane is Lane.TRUST]
    hand.say(Acts(NUMBER, lane))
    # They suffice: what still comes is left to the exchange, and ends once.
    assert any(isinstance(message, Cold) for message in hand.heard)
    hand.say(Acts(NUMBER, lane), Acts(NUMBER))
    assert not hand.codes
    hand.say(Acts(NUMBER))
    assert hand.codes == {Code.NOT_A_MESSAGE}


def test_row_09_entries_of_another_space_are_not_taken_in_the_talk_about_this_one(stage):
    other = World("zoe")
    stage.victim.node.add_space(other.space)
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""))
    records = [whole(part) for part in one_by_one(other.founder)]
    hand.say(Runs(NUMBER, zlib.compress(as_records(*records))), Sent(NUMBER))
    assert not list(stage.victim.node.log.logs(other.space))
    assert other.space not in {
        branch.first_id
        for name in stage.victim.node.log.logs(NO_SPACE)
        for branch in stage.victim.node.log.branches(name.id)
    }
    stage.assert_unharmed()


def test_row_09_a_name_that_is_another_author_s_brings_nothing(stage):
    (entry,) = stage.liar.write(need("mine"))
    part = next(p for p in one_by_one(stage.liar) if entry.id in {e.id for e in read_segment(p)})
    items = encode(msgspec.msgpack.decode(part)[3])
    victim = LogName(stage.world.space, stage.victim.key.public, Lane.URGENT)
    record = encode(((victim.author, Lane.URGENT, False), 0, items))
    hand = stage.hand()
    hand.say(Cold(NUMBER, digest(0), b""))
    hand.say(Runs(NUMBER, zlib.compress(as_records(record))), Sent(NUMBER))
    assert stage.victim.rows("need") == []
    assert hand.victim.outcomes()[0].refused == {"refused.bad-signature": 1}
    stage.world.meet(stage.liar, stage.victim)
    stage._before = stage.victim.hash()
    stage.assert_unharmed()


def test_row_09_a_shelf_that_is_asked_for_a_link_of_a_device_without_authors_has_none(stage):
    reader = World("zoe").founder
    reader.node.add_space(stage.world.space)
    assert link_of(reader.node, stage.world.space) is None
    assert SpaceShelf(reader.node, stage.world.space).link is None


def test_row_09_names_without_end_are_refused(monkeypatch):
    monkeypatch.setattr(runs, "NAMES_MAX", 3)
    reader = runs.RunReader(World().founder.node.log, bytes(32), ())
    names = [encode(((bytes([n]) * 32, 2, False), 0, b"\x90")) for n in range(9)]
    assert list(reader.feed(zlib.compress(as_records(*names)))) == []
    assert len(reader._names) == 3
    assert reader.refused["refused.too-large"] == 6


def test_row_09_a_record_longer_than_any_segment_is_refused():
    reader = runs.RunReader(World().founder.node.log, bytes(32), ())
    with pytest.raises(Refused):
        list(reader.feed(zlib.compress(b"\xff\xff\xff")))
