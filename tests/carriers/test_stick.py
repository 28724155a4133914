"""Giving to a stick: only what it lacks, and whatever happens to it nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lumbre.carriers import stick as carrier
from lumbre.carriers.file import bundles_in
from lumbre.carriers.stick import ID_FILE, give, give_to
from lumbre.errors import StoreError
from lumbre.node import carrying, epochs
from lumbre.node.carrying import known_by, sealed_bundles, take_bundles
from lumbre.node.sticks import STEPS_MAX, STICKS_MAX, recall
from lumbre.schema import Role
from lumbre.sync.sealed_bundle import open_bundle
from tests.ledger.test_ledger import fresh, need, offer
from tests.node.test_carrying import asked
from tests.record.helpers import secret
from tests.world import Device, World


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder that stands for a stick."""
    made = tmp_path / "stick"
    made.mkdir()
    return made


def given(device: Device, folder: Path, **options) -> list[str]:
    found = give(folder, device.node, device.node.space(device.space), **options)
    return [name for name, _ in found.files]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ID_FILE)


def taken(device: Device, folder: Path):
    return take_bundles(device.node, bundles_in(folder))[0]


def end_equal(world: World, folder: Path, *devices: Device) -> None:
    for device in devices:
        taken(device, folder)
        assert device.hash() == world.founder.hash()


def test_only_what_the_stick_lacks_is_written(folder):
    world = World()
    world.founder.write(*[offer(1000 + n) for n in range(200)])
    (first,) = given(world.founder, folder)
    assert given(world.founder, folder) == []
    world.founder.write(offer())
    (second,) = given(world.founder, folder)
    assert names(folder) == sorted([first, second]) == [first, second]
    assert (folder / second).stat().st_size < 6000 < (folder / first).stat().st_size
    end_equal(world, folder, fresh(world, world.founder))


def test_whole_writes_all_of_it_and_takes_away_what_it_replaces(folder):
    world = World()
    old = given(world.founder, folder)
    new = given(world.founder, folder, whole=True)
    assert names(folder) == new != old
    assert given(world.founder, folder) == []
    end_equal(world, folder, fresh(world, world.founder))


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("how", ["deleted", "cut", "changed"])
def test_what_no_longer_lies_there_is_not_counted_as_held(folder, at, how):
    world = World()
    files = []
    for number in range(3):
        world.founder.write(offer(1000 + number))
        files += given(world.founder, folder)
    path = folder / files[at]
    data = path.read_bytes()
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if how == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    assert given(world.founder, folder)
    assert given(world.founder, folder) == []
    end_equal(world, folder, fresh(world, world.founder))


@pytest.mark.parametrize("at", [0, 1, -1])
def test_of_a_step_in_several_files_none_counts_alone(folder, at, monkeypatch):
    monkeypatch.setattr(carrying, "CONTAINER_MAX_BYTES", 6000)
    world = World()
    for name in ("bea", "caro", "dora", "elsa"):
        member = world.join(name)
        member.write(*[need(note=secret(f"{name} {n}").hex() * 2) for n in range(12)])
        world.founder.take_from(member)
    files = given(world.founder, folder)
    assert len(files) >= 3
    (folder / files[at]).unlink()
    assert given(world.founder, folder)
    assert given(world.founder, folder) == []
    end_equal(world, folder, fresh(world, world.founder))


def test_after_a_salvage_all_is_written_again(folder):
    """Arrivals count anew then: what is remembered by them says nothing."""
    world = World()
    given(world.founder, folder)
    world.founder.log.set_meta("generation", b"another log file")
    assert len(given(world.founder, folder)) == 1
    assert given(world.founder, folder) == []
    end_equal(world, folder, fresh(world, world.founder))


def test_a_stick_that_was_emptied_is_written_whole(folder):
    world = World()
    given(world.founder, folder)
    for path in folder.iterdir():
        path.unlink()
    assert len(given(world.founder, folder)) == 1
    end_equal(world, folder, fresh(world, world.founder))


def test_many_small_bundles_become_one(folder):
    world = World()
    for number in range(STEPS_MAX + 1):
        world.founder.write(offer(1000 + number))
        given(world.founder, folder)
    assert len(names(folder)) == 1
    end_equal(world, folder, fresh(world, world.founder))


def test_what_somebody_else_wrote_there_stays(folder):
    world = World()
    beto = world.join("beto")
    theirs = given(beto, folder)
    (folder / "photo.jpg").write_bytes(b"holiday")
    ours = given(world.founder, folder)
    # Another file under the name of one of ours is not ours.
    (folder / ours[0]).write_bytes(b"not what was written")
    given(world.founder, folder, whole=True)
    assert {*theirs, *ours, "photo.jpg"} < set(names(folder))
    assert (folder / "photo.jpg").read_bytes() == b"holiday"


def test_each_node_and_space_has_its_own_bundles(folder):
    world, other = World(), World("eva")
    beto = world.join("beto")
    world.meet_all()
    for device in (world.founder, beto, other.founder):
        assert len(given(device, folder)) == 1
    for device in (world.founder, beto, other.founder):
        assert given(device, folder) == []
    assert len(names(folder)) == 3


@pytest.mark.parametrize("role", [Role.MEMBER, Role.COURIER])
def test_who_was_let_in_later_can_take_an_old_stick(folder, role):
    """The bundles from before are not sealed to its own key."""
    world = World()
    for number in range(3):
        world.founder.write(offer(1000 + number))
        given(world.founder, folder)
    newcomer = asked(world, "beto", role)
    given(world.founder, folder)
    received = taken(newcomer, folder)
    assert received.refused == {}
    assert newcomer.log.last_arrival() > 0
    reader = fresh(world, world.founder)
    reader.take_from(newcomer)
    assert reader.hash() == world.founder.hash()


def test_after_a_new_epoch_old_bundles_are_still_read_by_who_comes_then(folder):
    world = World()
    world.founder.write(offer())
    given(world.founder, folder)
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(need("after"))
    given(world.founder, folder)
    newcomer = asked(world, "beto")
    given(world.founder, folder)
    end_equal(world, folder, newcomer)


def test_a_stick_for_one_receiver_has_only_what_that_one_lacks(folder):
    world = World()
    beto = world.join("beto")
    world.meet_all()
    given(beto, folder)
    taken(world.founder, folder)
    for path in folder.glob("*.lumbre"):
        path.unlink()
    world.founder.write(offer())
    node, space = world.founder.node, world.founder.node.space(world.space)
    known = known_by(node, world.space, [beto.key.public])
    assert len(give_to(folder, node, space, known).files) == 1
    received = taken(beto, folder)
    assert (received.new, received.known) == (1, 0)
    # Whoever else takes that stick is still given the rest.
    assert len(given(world.founder, folder)) == 1


def test_a_stick_that_is_pulled_out_at_any_moment_loses_nothing(folder, monkeypatch):
    """Every call that changes the folder fails in its turn."""
    world = World()
    space = world.founder.node.space(world.space)
    for number in range(STEPS_MAX):
        world.founder.write(offer(1000 + number))
        given(world.founder, folder)
    world.founder.write(offer(9999))
    real = {name: getattr(os, name) for name in ("open", "fsync", "replace", "unlink")}
    for fail_at in range(200):
        calls = 0

        def counted(name, fail_at=fail_at):
            def call(*args, **kwargs):
                nonlocal calls
                calls += 1
                if calls > fail_at:
                    raise OSError(5, "Input/output error")
                return real[name](*args, **kwargs)

            return call

        for name in real:
            monkeypatch.setattr(os, name, counted(name))
        try:
            give(folder, world.founder.node, space, whole=True)
            is_done = True
        except StoreError:
            is_done = False
        monkeypatch.undo()
        receiver = fresh(world, world.founder)
        taken(receiver, folder)
        assert len(receiver.rows("offer")) >= STEPS_MAX
        if is_done:
            break
    assert is_done
    assert fail_at > 5
    given(world.founder, folder)
    end_equal(world, folder, fresh(world, world.founder))


def test_only_so_many_sticks_are_remembered(tmp_path):
    world = World()
    folders = []
    for number in range(STICKS_MAX + 1):
        made = tmp_path / str(number)
        made.mkdir()
        folders.append(made)
        given(world.founder, made)
    ids = [bytes.fromhex((made / ID_FILE).read_text()) for made in folders]
    assert recall(world.founder.log, ids[0]).chains == []
    assert recall(world.founder.log, ids[1]).chains
    assert len(given(world.founder, folders[0])) == 1


@pytest.mark.parametrize("text", [b"", b"zz", b"00", b"\xff\xfe", b"0" * 1000])
def test_row_21_a_false_id_on_a_stick_is_replaced(folder, text):
    world = World()
    (folder / ID_FILE).write_bytes(text)
    given(world.founder, folder)
    assert len((folder / ID_FILE).read_text().strip()) == 32


def test_row_21_an_id_that_is_a_link_is_not_followed(folder, tmp_path):
    world = World()
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (folder / ID_FILE).symlink_to(victim)
    given(world.founder, folder)
    assert victim.read_bytes() == b"mine"
    assert not (folder / ID_FILE).is_symlink()


def test_row_17_neither_names_nor_contents_say_whose_a_stick_is(folder):
    world = World("Canaria")
    world.founder.write(need("Bloque Canario"))
    world.founder.write(offer())
    given(world.founder, folder)
    shown = b"".join(path.name.encode() + path.read_bytes() for path in folder.iterdir())
    keys = world.founder.node.space(world.space).current_keys()[1]
    hidden = [world.space, world.founder.key.public, keys.public, b"Canari", b"La Vega", b"need"]
    hidden += [name.id for name in world.founder.log.logs(world.space)]
    for word in hidden:
        for form in (word, word.hex().encode(), word[:6], word[:4].hex().encode()):
            assert form not in shown, form
    (opened,) = [open_bundle((folder / name).read_bytes(), [keys.bundle]) for name in names(folder)]
    assert list(opened.segments())
    assert list(sealed_bundles(world.founder.node, world.founder.node.space(world.space)))
    assert carrier.ID_FILE in {path.name for path in folder.iterdir()}
