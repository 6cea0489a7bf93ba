from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.sandbox.keeping.objects import Body, ObjectStore

LARGE = 100_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    Body.store = ObjectStore(tmp_path)
    yield Body.store
    Body.store = None


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.binary(max_size=20)),
        st.tuples(st.just("seek"), st.integers(0, 30)),
        st.tuples(st.just("read"), st.integers(-1, 30)),
        st.tuples(st.just("truncate"), st.none()),
    )
)


@given(steps)
def test_a_body_is_a_file(steps: list[tuple[str, object]]) -> None:
    body, file = Body(), io.BytesIO()
    for name, argument in steps:
        if name == "truncate":
            body.truncate()
            file.truncate()
        else:
            assert getattr(body, name)(argument) == getattr(file, name)(argument)
    body.seek(0)
    assert body.read() == file.getvalue()


def test_a_large_content_is_not_in_the_pickle(store: ObjectStore) -> None:
    body = Body(0)
    content = bytes(range(256)) * (LARGE // 256)
    body.write(content)
    assert body.digest is not None
    pickled = pickle.dumps(body)
    assert len(pickled) < 1000
    restored: Body = pickle.loads(pickled)
    assert restored.read() == content
    restored.seek(256)
    assert restored.read(3) == b"\x00\x01\x02"


def test_a_small_content_needs_no_store() -> None:
    body = Body()
    body.write(b"small")
    assert body.digest is None
    restored: Body = pickle.loads(pickle.dumps(body))
    assert restored.read() == b"small"


def test_a_closed_body_cannot_be_read() -> None:
    body = Body()
    body.write(b"gone")
    body.close()
    with pytest.raises(ValueError, match="closed"):
        body.read()


def test_contents_that_nothing_names_are_deleted(store: ObjectStore, tmp_path: Path) -> None:
    kept, gone = store.put(b"kept"), store.put(b"gone")
    store.keep_only([kept])
    assert [path.name for path in tmp_path.glob("??/*")] == [kept]
    assert gone != kept
    assert store.read(kept, 1, 2) == b"ep"
