"""Which migrations are applied: pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SERVICES

from moyai.jobs.migrations import Applied, Migration, plan, read_migrations
from moyai.jobs.results import JobError


def _known(contracts: list[bool]) -> list[Migration]:
    return [
        Migration(version, f"m{version}", contract, str(version), "")
        for version, contract in enumerate(contracts, start=1)
    ]


def _applied(known: list[Migration], count: int) -> list[Applied]:
    return [Applied(m.version, m.name, m.sha256) for m in known[:count]]


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Migration], int, int]:
    known = _known(draw(st.lists(st.booleans(), min_size=1, max_size=8)))
    return known, draw(st.integers(0, len(known))), draw(st.integers(1, len(known)))


@given(_cases())
def test_all_steps_reach_the_wanted_version_or_refuse(
    case: tuple[list[Migration], int, int],
) -> None:
    known, applied, wanted = case
    if any(m.contracts for m in known[wanted:applied]):
        with pytest.raises(JobError) as caught:
            plan(known, _applied(known, applied), wanted, "all")
        assert caught.value.code == "contracted"
        return
    found = plan(known, _applied(known, applied), wanted, "all")
    assert [m.version for m in found.apply] == list(range(applied + 1, wanted + 1))
    assert found.pending == ()
    assert found.version == max(applied, wanted)


@given(_cases())
def test_expand_stops_before_the_first_contract_and_all_goes_on_from_there(
    case: tuple[list[Migration], int, int],
) -> None:
    known, applied, wanted = case
    if applied > wanted:
        return
    first = plan(known, _applied(known, applied), wanted, "expand")
    assert not any(m.contracts for m in first.apply)
    assert not first.pending or first.pending[0].contracts
    second = plan(known, _applied(known, first.version), wanted, "all")
    assert second.apply == first.pending


@given(_cases(), st.integers(0, 7))
def test_a_changed_file_is_always_refused(
    case: tuple[list[Migration], int, int], where: int
) -> None:
    known, applied, wanted = case
    rows = _applied(known, applied)
    if where >= applied:
        return
    rows[where] = Applied(rows[where].version, rows[where].name, "other")
    with pytest.raises(JobError, match="has changed"):
        plan(known, rows, wanted, "all")


def test_a_gap_in_the_record_is_refused() -> None:
    known = _known([False, False])
    with pytest.raises(JobError) as caught:
        plan(known, [Applied(2, "m2", "2")], 2, "all")
    assert caught.value.code == "record-gap"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("1_a.sql", "-- phase: expand\n", "migration-name"),
        ("0001_A.sql", "-- phase: expand\n", "migration-name"),
        ("0002_a.sql", "-- phase: expand\n", "migration-gap"),
        ("0001_a.sql", "SELECT 1", "migration-phase"),
        ("0001_a.sql", "-- phase: shrink\n", "migration-phase"),
        ("0001_a.sql", "-- phase: expand\n-- phase: contract\n", "migration-phase"),
        ("0001_a.sql", "-- phase: expand\nSELECT 1;\n  commit ;", "migration-statement"),
        ("0001_a.sql", "-- phase: expand\nBEGIN;\nSELECT 1", "migration-statement"),
        ("0001_a.sql", "-- phase: expand\nSELECT 1; COMMIT", "migration-statement"),
        ("0001_a.sql", "-- phase: expand\nSELECT 'a", "migration-statement"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, name: str, text: str, code: str) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / name).write_text(text)
    with pytest.raises(JobError) as caught:
        read_migrations(tmp_path)
    assert caught.value.code == code


def test_functions_may_have_blocks(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    text = "-- phase: expand\nDO $$\nBEGIN\n  PERFORM 1;\nEND;\n$$"
    (tmp_path / "migrations" / "0001_a.sql").write_text(text)
    assert [m.version for m in read_migrations(tmp_path)] == [1]


@pytest.mark.parametrize("text", [b"\xff\xfe", "-- phase: expand\n".encode("utf-16")])
def test_other_encodings_are_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_a.sql").write_bytes(text)
    with pytest.raises(JobError) as caught:
        read_migrations(tmp_path)
    assert caught.value.code == "migration-encoding"


def test_a_folder_without_migrations_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError) as caught:
        read_migrations(tmp_path / "nothing")
    assert caught.value.code == "no-migrations"


@pytest.mark.parametrize("service", ["chat", "eapp-a", "eapp-b"])
def test_the_shipped_services_have_both_releases_migrations(service: str) -> None:
    found = read_migrations(SERVICES / service)
    assert [m.version for m in found] == [1, 2]
    assert not any(m.contracts for m in found)
