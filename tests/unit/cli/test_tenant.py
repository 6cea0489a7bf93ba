"""Bodies that are added to the file."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

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


def test_a_body_is_changed_and_the_difference_shown(moyai: Run, project: Path) -> None:
    file = project / "tenants.yaml"
    told = "  edits_need_approval: false\n  max_concurrent"
    file.write_text(file.read_text("utf-8").replace("  max_concurrent", told), "utf-8")
    edit = ("tenant", "edit", "ikeda", "--set", "services.eapp-b.settings.payment=both")
    shown = moyai(*edit, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert (
        "+      - { service: eapp-b, from: 2022-10-01, settings: { payment: both } }"
        in shown.stdout
    )
    body = ("tenant", "show", "ikeda", "--output", "json")
    assert "pay-easy" in moyai(*body).stdout
    assert moyai(*edit).returncode == 0
    assert "pay-easy" not in moyai(*body).stdout
    again = moyai(*edit)
    assert (again.returncode, "nothing would change" in again.stderr) == (2, True)


def test_an_edit_says_what_is_to_be_changed(moyai: Run) -> None:
    for words in ((), ("--set", "name")):
        answer = moyai("tenant", "edit", "ikeda", *words)
        assert (answer.returncode, "--set KEY=VALUE" in answer.stderr) == (2, True)
    unknown = moyai("tenant", "edit", "nowhere", "--set", "name=x")
    assert (unknown.returncode, "nowhere" in unknown.stderr) == (2, True)
