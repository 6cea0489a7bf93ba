"""A disk that fills up at any write: nothing is on record, nothing stays behind, and the next run succeeds.

The limit on a file's size stands for the disk: what is beyond it fails as a write to a full disk does.
"""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai.costs.disk import telling_of_disk
from moyai.costs.ledger.imported import Outcome
from moyai.costs.ledger.ledger import Ledger, Writer
from moyai.costs.ledger.query import group_rows
from moyai.costs.periods import period_of
from moyai.errors import ExitCode, OperationFailed

_SIZES = (0, 1, 100, *(2**power for power in range(8, 17)))


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process have at most so many bytes meanwhile. Python ignores the signal of that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def failed_at(work: Callable[[], object], after_each: Callable[[], None]) -> list[int]:
    """The sizes at which it failed, all smaller than that at which it succeeded."""
    failed: list[int] = []
    for size in _SIZES:
        error = _failure(work, size)
        if error is None:
            return failed
        assert error.exit_code is ExitCode.FAILED
        assert error.touched is not None
        assert "Nothing was put on record" in error.touched.en
        assert error.remedy is not None
        after_each()
        failed.append(size)
    raise AssertionError("it succeeded at no size")


def _failure(work: Callable[[], object], size: int) -> OperationFailed | None:
    try:
        with room_for(size):
            work()
    except OperationFailed as error:
        return error
    return None


def _rows(count: int) -> list[dict[str, str]]:
    return [focus_row(f"{at}.5", ResourceId=f"r-{at * 7919:x}") for at in range(count)]


@pytest.mark.parametrize("kind", ["utf-8", "cp932", "breaks", "template"])
def test_an_import_that_fails_at_any_write_changes_nothing(kind: str, tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "before.csv", [focus_row("2")]))
    rows = _rows(300)
    if kind == "breaks":
        rows[0]["ServiceName"] = "two\nlines"
    file = csv_file(tmp_path / "a.csv", rows, "cp932" if kind == "cp932" else "utf-8")
    if kind == "template":
        lines = [f"2024-09,licence {at},{at}00" for at in range(300)]
        file.write_text("\n".join(["period,item,amount", *lines]), encoding="utf-8")
    _fails_cleanly(ledger, tmp_path / "ledger", lambda: put(ledger, file))
    assert [one.outcome for one in put(ledger, file)] == [Outcome.ALREADY]


def _fails_cleanly(ledger: Ledger, root: Path, work: Callable[[], object]) -> None:
    manifest = (root / "manifest.json").read_bytes()

    def nothing_changed() -> None:
        assert (root / "manifest.json").read_bytes() == manifest
        assert not [*(root / "work").iterdir()]
        assert not [*root.rglob(".put-*")]
        assert ledger.manifest().keys()

    assert len(failed_at(work, nothing_changed)) > 3
    assert (root / "manifest.json").read_bytes() != manifest
    named = ledger.manifest().keys()
    kept = {f"sources/{path.name}" for path in (root / "sources").iterdir()}
    assert kept == {key for key in named if key.startswith("sources/")}


def test_what_was_put_before_the_disk_filled_up_is_removed(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    before = {*(tmp_path / "ledger").rglob("*")}

    def half_done() -> None:
        with ledger.writing("test") as writer:
            writer.put_bytes("sources", "", b"a file")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OperationFailed, match="No space left on device"):
        half_done()
    assert {*(tmp_path / "ledger").rglob("*")} == before


def test_what_fails_after_the_change_is_on_record_says_so(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = csv_file(tmp_path / "a.csv", [focus_row("1")])

    def imported_and_shown() -> None:
        with ledger.writing("test") as writer, telling_of_disk():
            _commit_nothing(writer)
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OperationFailed) as found:
        imported_and_shown()
    assert found.value.touched is not None
    assert "is on record" in found.value.touched.en
    assert [one.outcome for one in put(ledger, file)] == [Outcome.NEW]


def _commit_nothing(writer: Writer) -> None:
    writer.commit(writer.manifest)


def test_a_folder_for_queries_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))

    def read_only(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", read_only)
    with pytest.raises(OperationFailed, match="Read-only file system") as found:
        group_rows(ledger.store, ledger.basis(period_of("2024-09")), ())
    assert found.value.remedy is not None
    assert "read-only" in found.value.remedy.en
