"""Runbooks from the command line, without a site that runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

RUNBOOKS = Path(__file__).resolve().parents[3] / "runbooks"


@pytest.fixture
def runbooks(project: Path) -> Path:
    """The catalogue beside the sample's tenants.yaml."""
    return Path(shutil.copytree(RUNBOOKS, project / "runbooks"))


def test_runbooks_are_listed_and_shown(moyai: Run, runbooks: Path) -> None:
    names = {path.name.removesuffix(".md.j2") for path in runbooks.glob("*.md.j2")}
    found = json.loads(moyai("runbook", "list", "--output", "json").stdout)
    assert {one["name"] for one in found} == names
    assert all(one["valid"] for one in found)
    shown = json.loads(moyai("runbook", "show", "new-body", "--output", "json").stdout)
    assert [one["name"] for one in shown["parameters"]] == ["body", "services", "first_day"]
    assert shown["steps"][1]["idempotency"] == "resumes"


def test_a_project_without_runbooks_has_none(moyai: Run) -> None:
    done = moyai("runbook", "list", "--output", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_what_is_wrong_is_shown_with_exit_code_3(moyai: Run, runbooks: Path) -> None:
    path = runbooks / "monday-round.md.j2"
    text = path.read_text(encoding="utf-8").replace("moyai, status", "moyai, sattus")
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("sattus")].count("\n") + 1
    done = moyai("runbook", "check")
    assert done.returncode == 3
    place = f"monday-round.md.j2:{line}:18: steps[2].run[1]: "
    assert done.stdout.startswith(f"{place}there is no command of moyai 'sattus")
    assert moyai("runbook", "check", "new-body").returncode == 0
    run = moyai("runbook", "run", "monday-round")
    assert (run.returncode, "1 error" in run.stderr) == (3, True)


def test_a_page_is_written_with_its_parameters(moyai: Run, runbooks: Path, project: Path) -> None:
    call = ("runbook", "render", "new-body", "body=kishiwada", "services=chat")
    page = moyai(*call, "--as-of", "2026-11-26").stdout
    assert "$ moyai onboard 272027 --service chat=2026-11-26 --site sandbox --yes" in page
    done = moyai(*call, "--format", "pdf", "--to", "out", "--output", "json", MOYAI_LANG="ja")
    (written,) = json.loads(done.stdout)
    assert (project / written["file"]).read_bytes().startswith(b"%PDF")
    assert moyai(*call, "--format", "pdf").returncode == 2


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("run", "new-bdoy"), "did you mean new-body?"),
        (("run", "new-body", "body=x"), "there is no body 'x'"),
        (("run", "new-body"), "body: a value is needed"),
        (("run", "new-body", "body"), "is not written NAME=VALUE"),
        (("run", "monday-round", "--operator", "x@example.jp"), "there is no operator"),
        (("run", "--resume", "r20261126-1"), "there is no run"),
        (("run",), "Say one of"),
        (("run", "monday-round", "--resume", "r1"), "Say one of"),
        (("render", "monday-round", "x=y"), "there is no parameter 'x'"),
    ],
)
def test_wrong_calls_touch_nothing(
    moyai: Run, runbooks: Path, call: tuple[str, ...], says: str
) -> None:
    done = moyai("runbook", *call)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Nothing was touched." in done.stderr
    assert json.loads(moyai("runbook", "runs", "--output", "json").stdout) == []


def test_operators_are_listed_with_the_days_they_have_left(moyai: Run) -> None:
    done = moyai("operator", "list", "--as-of", "2027-03-30", "--output", "json")
    left = {one["email"]: one["days_left"] for one in json.loads(done.stdout)}
    assert left["kansa@jimukyoku.example.jp"] == 1
    assert left["keikaku@jimukyoku.example.jp"] == 367
