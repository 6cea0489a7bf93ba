"""Runbooks of the catalogue, carried out on a deployed federation as a secretariat would.

The tests of this module share one federation.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from federations import Answer, Federation

RUNBOOKS = Path(__file__).resolve().parents[3] / "runbooks"
JOINS = "273660"
"""岬町, which is not among the federation's bodies at first."""
SLOW = """\
---
name: slow
title: { ja: 遅い, en: Slow }
purpose: { ja: 試す。, en: Trying. }
steps:
  - id: first
    kind: command
    title: { ja: 一, en: First }
    run: [sh, -c, "echo first >> done"]
    timeout_seconds: 60
    idempotency: safe
    no_undo: { ja: なし。, en: None. }
  - id: second
    kind: command
    title: { ja: 二, en: Second }
    run: [sh, -c, "echo $$ > pid; echo second >> done; test -e quick || exec sleep 60"]
    timeout_seconds: 60
    idempotency: once
    no_undo: { ja: なし。, en: None. }
---
{{ step("first") }}
{{ step("second") }}
"""


@pytest.fixture(scope="module", autouse=True)
def runbooks(federation: Federation) -> Path:
    """The catalogue beside the federation's tenants.yaml."""
    return Path(shutil.copytree(RUNBOOKS, federation.folder / "runbooks"))


def answered(**answers: str) -> list[str]:
    pairs = (f"{name.replace('_', '-')}={words}" for name, words in answers.items())
    return [word for pair in pairs for word in ("--answer", pair)]


def steps(answer: Answer) -> dict[str, Any]:
    """Step → its record."""
    assert answer.code == 0, answer.out + answer.err
    return {one["step"]: one for one in answer.json()}


def run(federation: Federation, *arguments: str) -> dict[str, Any]:
    return steps(federation.moyai("runbook", "run", *arguments, "--output", "json"))


def test_a_body_joins_by_the_runbook(federation: Federation) -> None:
    yes = answered(agreed="yes", handed_over="yes")
    found = run(federation, "new-body", f"body={JOINS}", "services=chat", *yes)
    assert {one["status"] for one in found.values()} == {"done"}
    assert list(found) == ["agreed", "onboard", "healthy", "unchanged", "handed-over"]
    (body,) = federation.ok("status", JOINS, "--output", "json").json()
    assert (body["status"], body["releases"]) == ("current", {"chat": "1.0.0"})
    told = federation.ok("audit", "show", JOINS, "--output", "json").json()
    steps = [(one["step"], one["result"]) for one in told if one["action"].startswith("runbook.")]
    assert ("onboard", "done") in steps
    assert ("handed-over", "answered") in steps
    assert federation.ok("audit", "verify").code == 0
    runs = federation.ok("runbook", "runs", "--output", "json").json()
    assert [one["not_in_chain"] for one in runs] == [0]


def test_the_round_of_a_monday(federation: Federation) -> None:
    found = run(federation, "monday-round", *answered(seen="yes"))
    status = {name: one["status"] for name, one in found.items()}
    assert status["bodies"] == status["engine"] == status["waiting"] == "done"
    assert status["held"] == status["debts"] == status["audit"] == status["backups"] == "done"
    assert set(status.values()) <= {"done", "noted"}


def test_an_operator_is_taken_out(federation: Federation) -> None:
    lost = "kansa@jimukyoku.example.jp"
    answers = answered(known="somebody at nine", taken_out="yes", accounts="yes")
    call = ("runbook", "run", "lost-operator", f"operator={lost}", "why=lost", *answers)
    early = federation.moyai(*call, "--output", "json")
    assert early.code == 4
    assert {one["step"]: one["status"] for one in early.json()}["gone"] == "failed"
    text = federation.file.read_text(encoding="utf-8")
    begin = text.index("  - name: 監査担当")
    end = text.index("\n\n", begin) + 1
    federation.file.write_text(text[:begin] + text[end:], encoding="utf-8")
    run_id = early.json()[0]["run"]
    found = run(federation, "--resume", run_id, *answers)
    assert found["gone"]["status"] == "done"
    assert found["known"]["begun_at"] == early.json()[0]["begun_at"]


def test_a_notice_is_checked_and_rendered(federation: Federation) -> None:
    given = ("bodies=272027 272043", "what=障害 <b>です</b>", "since=22:10", "next_word=23:00")
    found = run(
        federation, "incident-notice", *given, *answered(read_by_another="yes", sent="22:30")
    )
    assert "272027 272043" in found["statuses"]["argv"]
    page = federation.ok("runbook", "render", "incident-notice", *given, "--format", "html").out
    assert "障害 &lt;b&gt;です&lt;/b&gt;" in page


def test_the_year_end_is_checked(federation: Federation) -> None:
    answers = answered(freezes="yes", budgets="yes")
    found = run(federation, "year-end-checks", "after_freeze=2099-04-08", *answers)
    assert {one["status"] for one in found.values()} <= {"done", "noted"}
    assert found["rights"]["status"] == "done"


def test_a_certificate_is_looked_after(federation: Federation) -> None:
    answers = answered(seen_before="2027-01-31", delegated="yes", seen_after="yes")
    found = run(federation, "certificate-renewal", "body=272027", *answers)
    assert {one["status"] for one in found.values()} == {"done"}


def is_gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def _slow_run(federation: Federation) -> tuple[str, str]:
    """The id and the status of the run of `slow`."""
    runs = federation.ok("runbook", "runs", "--output", "json").json()
    return next((one["id"], one["status"]) for one in runs if one["runbook"] == "slow")


def test_a_run_whose_process_was_killed_asks_before_it_does_again_what_is_done_once(
    federation: Federation, runbooks: Path
) -> None:
    (runbooks / "slow.md.j2").write_text(SLOW, encoding="utf-8")
    done = federation.folder / "done"
    process = subprocess.Popen(
        federation.command("runbook", "run", "slow"),
        cwd=federation.folder,
        env=federation.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    for _ in range(400):
        if done.exists() and "second" in done.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_gone(int((federation.folder / "pid").read_text()))
    run_id, _ = _slow_run(federation)
    (kept,) = federation.home.rglob(f"{run_id}.evidence.jsonl")
    (federation.folder / "quick").touch()
    unasked = federation.moyai("runbook", "run", "--resume", run_id)
    assert (unasked.code, done.read_text()) == (5, "first\nsecond\n")
    assert "its end is not on record" in unasked.out
    assert "--answer again:second=yes" in unasked.out
    assert "waits for an approval or an answer" in unasked.err
    unknown = federation.moyai("runbook", "run", "--resume", run_id, "--answer", "second=yes")
    assert (unknown.code, "again:second" in unknown.err) == (2, True)
    assert '"again:second"' not in kept.read_text()
    assert _slow_run(federation)[1] == "waiting"
    run(federation, "--resume", run_id, "--answer", "again:second=yes")
    assert done.read_text() == "first\nsecond\nsecond\n"


def test_a_dry_run_does_nothing_and_says_what_it_would(federation: Federation) -> None:
    before = federation.ok("runbook", "runs", "--output", "json").json()
    call = ("runbook", "run", "new-body", "body=kishiwada", "--dry-run")
    planned = json.loads(federation.ok(*call, "--output", "json").out)
    assert planned[2]["argv"][:3] == ["moyai", "onboard", "272027"]
    assert federation.ok("runbook", "runs", "--output", "json").json() == before
