"""Reading a service's meters."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import SERVICES

from moyai.jobs.meters import read_meters
from moyai.jobs.results import JobError
from moyai.service_meters import unit_of


def _write(folder: Path, text: str) -> Path:
    (folder / "metering.sql").write_text(text)
    return folder


def test_parts_are_read_in_order(tmp_path: Path) -> None:
    text = (
        "-- about\n-- meter: b\n-- 100 %%\nSELECT 1\n;\n-- meter: a\nWITH x AS (SELECT 2) TABLE x\n"
    )
    found = read_meters(_write(tmp_path, text))
    assert [(one.name, one.line) for one in found] == [("b", 2), ("a", 6)]
    assert found[0].sql == "-- 100 %%\nSELECT 1\n;"


def test_a_service_need_not_have_one(tmp_path: Path) -> None:
    assert read_meters(tmp_path) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1",
        "-- meter: A\nSELECT 1",
        "-- meter: a\nSELECT 1\n-- meter: a\nSELECT 2",
        "-- meter: storage\nSELECT 1",
        "-- meter: empty\n-- only words\n",
        "-- meter: a\nINSERT INTO t VALUES (1)",
        "-- meter: a\nSELECT 1; SELECT 2",
        "-- meter: a\nSELECT 5 % 2",
        "-- meter: a\nSELECT %s",
        "-- meter: a\nSELECT 'x",
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(JobError, match=r"metering\.sql") as caught:
        read_meters(_write(tmp_path, text))
    assert caught.value.code == "wrong-meters"


def test_the_services_that_are_shipped_meter_what_rules_share_by() -> None:
    found = {one.name: [m.name for m in read_meters(one)] for one in SERVICES.glob("[a-z]*")}
    assert found == {
        "chat": ["accounts", "messages"],
        "eapp-a": ["applications", "accounts"],
        "eapp-b": ["applications"],
    }
    assert unit_of("applications").ja == "件"
