"""Bodies that are added to the file."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_body_of_another_prefecture_is_added_with_a_warning(moyai: Run) -> None:
    done = moyai("tenant", "add", "130001")
    assert done.returncode == 0
    assert "+   - code: " in done.stdout
    [warning] = done.stderr.splitlines()
    assert warning.startswith("warning: tenants.yaml:")
    assert "tenants[130001].code: 東京都 is in 東京都, the federation in 大阪府" in warning
    assert warning in moyai("validate").stdout


def test_a_body_without_anything_odd_is_added_without_a_word(moyai: Run) -> None:
    done = moyai("tenant", "add", "270008", "--lgwan", "10.201.0.0/24")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_added_body_is_told_to_programs_as_it_is_shown(moyai: Run) -> None:
    done = moyai("tenant", "add", "130001", "--output", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["name"] == "東京都"
    assert done.stdout == moyai("tenant", "show", "130001", "--output", "json").stdout
    [warning] = done.stderr.splitlines()
    assert warning.startswith("warning: ")


def test_an_added_body_as_csv(moyai: Run) -> None:
    rows = list(csv.reader(io.StringIO(moyai("tenant", "add", "270008", "-o", "csv").stdout)))
    assert rows[0] == ["key", "value"]
    assert ["slug", "osaka-pref"] in rows
