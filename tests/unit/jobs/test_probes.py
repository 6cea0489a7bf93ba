"""Reading a service's health statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from moyai.jobs.probes import read_probes
from moyai.jobs.results import JobError

READ = "-- check: read\n-- expect: probe\nSELECT %(probe)s\n"


def _write(folder: Path, text: str) -> Path:
    (folder / "health.sql").write_text(text)
    return folder


def test_parts_are_read_in_order(tmp_path: Path) -> None:
    text = f"-- about\n-- check: write\n-- why\nINSERT\n  INTO t;\n{READ}"
    found = read_probes(_write(tmp_path, text))
    assert [(p.name, p.sql, p.expect) for p in found] == [
        ("write", "INSERT\n  INTO t", "nothing"),
        ("read", "SELECT %(probe)s", "probe"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1",
        "-- check: a\nSELECT 1",
        READ + READ,
        READ + "-- check: A\nSELECT 1",
        READ + "-- check: empty\n-- only words\n",
        READ + "-- check: two\nSELECT 1; SELECT 2",
        READ.replace("expect: probe", "expect: luck"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(JobError) as caught:
        read_probes(_write(tmp_path, text))
    assert caught.value.code == "wrong-probes"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"health\.sql"):
        read_probes(tmp_path)
