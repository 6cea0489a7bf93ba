"""Deeds by hand in lines: before they are done, and for how they ended; each body told of itself alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.audit.records import FEDERATION
from moyai.errors import OperationFailed, Refused, UsageError
from moyai.operations.evidence import doing
from moyai.operations.evidence.deeds import DeedFiles, deed_files
from moyai.operations.evidence.doing import About, Deed, on_record, person
from moyai.operations.evidence.lines import Line
from moyai.texts import same

ABOUT = About("tenant-edit", "sandbox", "ab" * 32, "keikaku@example.jp")
BODY, OTHER = "271004", "272027"


@pytest.fixture
def files(tmp_path: Path) -> DeedFiles:
    return deed_files(tmp_path)


def told(files: DeedFiles) -> list[dict[str, Any]]:
    (deed,) = files.ids()
    return [json.loads(line.content) for line in files.lines(deed)]


def results(files: DeedFiles) -> list[str]:
    return [one["result"] for one in told(files)]


def test_its_beginning_is_on_the_disk_before_it_is_done(files: DeedFiles, tmp_path: Path) -> None:
    with on_record(tmp_path, ABOUT, (BODY,), {"edits": ("a=1",)}):
        assert results(files) == ["begun"]
    begun, ended = told(files)
    assert (begun["by"], begun["told"]["claimed_operator"]) == (person(), "keikaku@example.jp")
    assert (begun["plan_sha256"], ended["result"]) == (None, "applied")
    assert ended["bodies"][BODY]["begun_at"] <= begun["at"] <= ended["at"]


def test_its_file_and_the_files_name_are_on_the_disk_before_it_is_done(
    files: DeedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def seen(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        sync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    with on_record(tmp_path, ABOUT, (BODY,), {}):
        (deed,) = files.ids()
        assert {files.place(deed), files.folder} <= set(synced)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (OperationFailed(same("no")), "failed"),
        (ValueError(), "failed"),
        (Refused(same("no")), "refused"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_its_end_says_how_it_ended(
    files: DeedFiles, tmp_path: Path, error: BaseException, result: str
) -> None:
    with pytest.raises(type(error)), on_record(tmp_path, ABOUT, (BODY,), {}):
        raise error
    assert results(files) == ["begun", result]
    assert told(files)[-1]["bodies"][BODY]["result"] == result


def _interrupted_after_line(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as soon as the line of this number is on the disk."""
    put, lines = DeedFiles.put, 0

    def interrupted(self: DeedFiles, key: str, record: Mapping[str, object]) -> None:
        nonlocal lines
        put(self, key, record)
        lines += 1
        if lines == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(DeedFiles, "put", interrupted)


def test_one_interrupted_while_its_beginning_was_put_on_record_says_so(
    files: DeedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted_after_line(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt), on_record(tmp_path, ABOUT, (BODY,), {}):
        raise AssertionError
    assert results(files) == ["begun", "interrupted"]
    assert told(files)[-1]["bodies"][BODY]["result"] == "interrupted"


def test_one_interrupted_while_its_end_was_put_on_record_has_one_end(
    files: DeedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted_after_line(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt), on_record(tmp_path, ABOUT, (BODY,), {}):
        pass
    assert results(files) == ["begun", "applied"]


def test_a_late_failure_of_the_disk_is_its_end_where_its_beginning_stands(
    files: DeedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, failed = os.fsync, []

    def fails_once(handle: int) -> None:
        if not failed:
            failed.append(handle)
            raise OSError(5, "Input/output error")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fails_once)
    with pytest.raises(OperationFailed), on_record(tmp_path, ABOUT, (BODY,), {}):
        raise AssertionError
    assert results(files) == ["begun", "failed"]


def test_what_cannot_be_put_on_record_is_not_done(tmp_path: Path) -> None:
    (tmp_path / "deeds").write_text("no folder")
    done = []
    with pytest.raises(OperationFailed), on_record(tmp_path, ABOUT, (), {}):
        done.append(1)
    assert done == []


def test_a_private_key_gets_on_no_record(files: DeedFiles, tmp_path: Path) -> None:
    facts = {"edits": ("x=-----BEGIN PRIVATE KEY-----",)}
    with pytest.raises(UsageError), on_record(tmp_path, ABOUT, (BODY,), facts):
        raise AssertionError
    assert [files.lines(one) for one in files.ids()] == [()]


def test_of_one_at_work_nothing_is_said_and_of_one_that_died_its_end_once(
    files: DeedFiles, tmp_path: Path
) -> None:
    deed = Deed(tmp_path, ABOUT)
    deed.begin({BODY: {}, OTHER: {}}, {})
    files.before_putting(deed.id)
    assert results(files) == ["begun"]
    deed.close()  # as the system does when a process ends
    files.before_putting(deed.id)
    files.before_putting(deed.id)
    assert results(files) == ["begun", "lost"]
    lost = told(files)[-1]
    assert (lost["by"], set(lost["bodies"])) == ("moyai", {BODY, OTHER})


def test_a_line_that_was_half_written_is_none(files: DeedFiles, tmp_path: Path) -> None:
    deed = Deed(tmp_path, ABOUT)
    deed.begin({BODY: {}}, {})
    with files.place(deed.id).open("ab") as file:
        file.write(b'{"half')
    deed.close()
    files.before_putting(deed.id)
    assert results(files) == ["begun", "lost"]


@pytest.mark.parametrize("content", [b"[" * 200_000, b"[1]", b"1", b"{", b'{"deed": "x"}'])
def test_a_line_that_is_no_record_is_told_as_damaged(files: DeedFiles, content: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        files.notes(Line(content))
    files.folder.mkdir()
    (files.folder / "d20261127-093015-00000000.jsonl").write_bytes(content + b"\n")
    files.before_putting("d20261127-093015-00000000")
    assert files.waiting("d20261127-093015-00000000") >= 1


def test_one_that_died_before_its_first_line_leaves_nothing(files: DeedFiles) -> None:
    with files.held("d20261127-093015-00000000"):
        files.before_putting("d20261127-093015-00000000")
        assert files.ids() == ("d20261127-093015-00000000",)
    files.before_putting("d20261127-093015-00000000")
    assert files.ids() == ()


def test_all_that_ended_and_is_in_the_chains_is_kept_apart(
    files: DeedFiles, tmp_path: Path
) -> None:
    with on_record(tmp_path, ABOUT, (BODY,), {}) as deed:
        files.settled(deed.id)
        assert files.ids() == (deed.id,), "its end is still to come"
    files.put_chained(deed.id, 2)
    files.settled(deed.id)
    assert (files.ids(), files.all_ids()) == ((), (deed.id,))
    assert (files.chained(deed.id), files.waiting(deed.id)) == (2, 0)


_MOMENTS = st.datetimes(
    datetime.fromisoformat("2026-01-01"),
    datetime.fromisoformat("2099-01-01"),
    timezones=st.just(UTC),
)


@given(_MOMENTS, st.integers(2, 10**7))
def test_ids_stand_in_the_order_of_their_deeds(first: datetime, after: int) -> None:
    second = first + timedelta(microseconds=after)
    files = DeedFiles(Path())
    found = [files.new_id(one) for one in (first, second)]
    assert found == sorted(found)
    assert all(re.fullmatch("d[0-9]{8}-[0-9]{6}-[0-9a-f]{8}", one) for one in found)


@given(st.dictionaries(st.from_regex(r"[0-9]{6}", fullmatch=True), st.uuids(), max_size=5))
def test_a_body_is_told_of_itself_alone(bodies: dict[str, Any]) -> None:
    line = {
        "kind": "deploy",
        "by": "person:u@h",
        "at": "t",
        "told": {},
        "plan_sha256": None,
        "result": "applied",
        "federation": {"codes": sorted(bodies)},
        "bodies": {code: {"result": "applied", "x": str(one)} for code, one in bodies.items()},
    }
    notes = DeedFiles(Path()).notes(Line(json.dumps(line).encode()))
    assert set(notes) == {FEDERATION, *(f"body:{code}" for code in bodies)}
    for code, one in bodies.items():
        note = notes[f"body:{code}"]
        assert note.details["x"] == str(one)
        shown = str({**note.details, "evidence_sha256": None})
        assert not [other for other in bodies.values() if other != one and str(other) in shown]
        assert "codes" not in note.details


@pytest.mark.parametrize("host", ["h", "日本 語\n", "x" * 300])
def test_who_a_person_is_fits_a_record(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = os.uname()
    monkeypatch.setattr(
        doing.os, "uname", lambda: os.uname_result((names[0], host, *tuple(names)[2:]))
    )
    found = person()
    assert found.startswith("person:")
    assert len(found) <= 261
    assert all("!" <= sign <= "~" for sign in found)
