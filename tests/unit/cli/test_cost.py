"""moyai cost check."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def _change(project: Path, old: str, new: str) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_sample_has_no_error(moyai: Run) -> None:
    done = moyai("cost", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No error: 1 rule set, 1 direct rule, 5 pools.\n"


def test_a_dead_rule_is_a_warning_with_its_line(moyai: Run, project: Path) -> None:
    _change(project, 'where: { "Tags.moyai:service": chat }', "where: {}")
    done = moyai("cost", "check", "--output", "json")
    assert done.returncode == 0
    records = json.loads(done.stdout)
    assert {one["severity"] for one in records} == {"warning"}
    lines = (project / "tenants.yaml").read_text(encoding="utf-8").splitlines()
    dead = [one for one in records if "it catches no row" in one["message"]]
    assert ['"Tags.moyai:service": eapp-a' in lines[one["line"] - 1] for one in dead] == [
        True,
        False,
        False,
    ]
    assert moyai("validate").stdout == "Valid: 43 bodies.\n"


def test_errors_are_those_of_the_file(moyai: Run, project: Path) -> None:
    _change(project, "{ by: equal, percent: 20 }", "{ by: equal, percent: 30 }")
    for arguments in (("cost", "check"), ("validate",)):
        done = moyai(*arguments)
        assert done.returncode == 3
        [line] = done.stdout.splitlines()
        assert line.endswith("pools[1].shares: together they are 110 %, not 100 %")
