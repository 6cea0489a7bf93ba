from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.sandbox.keeping.doubts import BEGINNING
from moyai.sandbox.keeping.headers import DamagedError, Header, newest_snapshot
from moyai.sandbox.keeping.snapshots import SnapshotFiles

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONTENT = b"planted-secret " * 100


def header(minutes: int = 0) -> Header:
    return Header(NOW + timedelta(minutes=minutes), "moto 5, Python 3", ("abc",))


def test_a_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path)
    files.write(header(), CONTENT)
    (path,) = files.all()
    assert files.read(path) == (header(), CONTENT)
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_in_it_cannot_be_read_from_the_file(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path)
    files.write(header(), CONTENT)
    assert b"planted" not in files.all()[0].read_bytes()


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path)
    for minutes in range(4):
        files.write(header(minutes), CONTENT)
    times = [files.read(path)[0].taken_at for path in files.all()]
    assert times == [NOW + timedelta(minutes=3), NOW + timedelta(minutes=2)]
    assert newest_snapshot(tmp_path) == times[0]
    assert list(files.named_contents()) == ["abc", "abc"]


def test_without_a_readable_snapshot_everything_is_in_doubt(tmp_path: Path) -> None:
    assert newest_snapshot(tmp_path) == BEGINNING
    (tmp_path / "000000000001.snapshot").write_bytes(b"{")
    assert newest_snapshot(tmp_path) == BEGINNING
    assert list(SnapshotFiles(tmp_path).named_contents()) == []


@given(st.data())
def test_a_damaged_snapshot_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = SnapshotFiles(Path(folder))
        files.write(header(), CONTENT)
        (path,) = files.all()
        whole = path.read_bytes()
        place = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            path.write_bytes(whole[:place])
        else:
            changed = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
            path.write_bytes(whole[:place] + changed + whole[place + 1 :])
        with pytest.raises(DamagedError):
            files.read(path)


def test_another_sites_snapshot_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ours, theirs = SnapshotFiles(tmp_path / "a"), SnapshotFiles(tmp_path / "b")
    ours.write(header(), CONTENT)
    theirs.write(header(), CONTENT)
    with pytest.raises(DamagedError):
        ours.read(theirs.all()[0])
