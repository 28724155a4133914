import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import StoreError
from lumbre.store import PrivateStore
from tests.store.writing import KEY


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private.lumbre"


def test_readers_see_what_is_buffered_and_only_commit_keeps_it(path):
    store = PrivateStore(path, KEY)
    store.put("views", b"a", b"1")
    store.put("views", b"b", b"2")
    store.commit(7)
    store.put("views", b"b", None)
    store.put("views", b"c", b"3")
    store.put("other", b"a", b"x")
    assert store.get("views", b"b") is None
    assert store.get("views", b"c") == b"3"
    assert store.get("nothing", b"c") is None
    assert list(store.scan("views")) == [(b"a", b"1"), (b"c", b"3")]
    assert list(store.scan("other")) == [(b"a", b"x")]
    store.close()

    store = PrivateStore(path, KEY)
    assert store.marker() == 7
    assert list(store.scan("views")) == [(b"a", b"1"), (b"b", b"2")]
    assert list(store.scan("other")) == []
    store.clear()
    assert store.marker() == 0
    assert list(store.scan("views")) == []
    store.close()


_KEYS = st.binary(max_size=3) | st.sampled_from([b"\xff", b"\xff\xff", b"a\xff", b"a\xff\xff"])
_PUTS = st.lists(st.tuples(_KEYS, st.none() | st.binary(max_size=2)), max_size=30)


@given(_PUTS, _PUTS, _KEYS)
def test_a_scan_is_what_a_sorted_dict_says(tmp_path_factory, stored, buffered, prefix):
    store = PrivateStore(tmp_path_factory.mktemp("p") / "private.lumbre", KEY)
    model = {}
    for puts in (stored, buffered):
        store.commit(0)
        for key, value in puts:
            store.put("t", key, value)
            model[key] = value
    expected = [(k, v) for k, v in sorted(model.items()) if v is not None and k.startswith(prefix)]
    assert list(store.scan("t", prefix)) == expected
    for key, value in model.items():
        assert store.get("t", key) == value
    store.close()


def test_a_long_scan_bears_commits_between(path):
    store = PrivateStore(path, KEY)
    for n in range(1000):
        store.put("t", b"%04d" % n, b"x")
    store.commit(1)
    seen = []
    for key, _ in store.scan("t"):
        seen.append(key)
        if len(seen) % 100 == 0:
            store.put("u", key, b"y")
            store.commit(2)
    assert seen == [b"%04d" % n for n in range(1000)]
    store.close()


def test_secrets_and_drafts_are_kept_at_once_and_outlive_a_rebuild(path):
    store = PrivateStore(path, KEY)
    store.put_secret("epoch", b"1", b"key")
    store.put_secret("epoch", b"2", b"key 2")
    store.put_draft(b"form", b"hari")
    store.put_draft(b"form", b"harina")
    store.put_draft(b"gone", b"x")
    store.put_draft(b"gone", None)
    store.clear()
    store.close()

    store = PrivateStore(path, KEY)
    assert store.secret("epoch", b"1") == b"key"
    assert store.secret("author", b"1") is None
    assert list(store.secrets("epoch")) == [(b"1", b"key"), (b"2", b"key 2")]
    assert store.drafts() == [(b"form", b"harina")]
    store.delete_secret("epoch", b"1")
    assert store.secret("epoch", b"1") is None
    store.close()


def test_several_values_are_put_as_one_by_one(path):
    store = PrivateStore(path, KEY)
    store.put_many("t", [(b"a", b"1"), (b"b", b"2"), (b"c", None)])
    store.commit(1)
    store.put_many("t", [(b"a", None), (b"b", b"3"), (b"c", b"4")])
    expected = [(b"b", b"3"), (b"c", b"4")]
    assert list(store.scan("t")) == expected
    assert store.get_many("t", [b"a", b"b", b"c"]) == dict(expected)
    store.commit(2)
    assert list(store.scan("t")) == expected
    store.close()


def test_secrets_are_overwritten_when_they_go_also_after_the_tables_were_emptied(path):
    store = PrivateStore(path, KEY)
    store.put("t", b"k", b"v")
    store.commit(1)
    store.clear()
    assert store.database.value("PRAGMA secure_delete") == 1
    store.close()


def test_a_value_has_a_cap(path, monkeypatch):
    monkeypatch.setattr("lumbre.store.private_store.VALUE_MAX_BYTES", 10)
    store = PrivateStore(path, KEY)
    store.put("t", b"k", bytes(10))
    with pytest.raises(StoreError, match=r"store\.value-too-large"):
        store.put("t", b"k", bytes(11))
    with pytest.raises(StoreError, match=r"store\.value-too-large"):
        store.put_many("t", [(b"j", b""), (b"k", bytes(11))])
    assert store.get("t", b"k") == bytes(10)
    assert store.get("t", b"j") is None
    store.discard()
    assert store.get("t", b"k") is None
    store.close()
