"""The operations database put back to an older copy while backups of bodies were being made, by the runbook of
a lost database host; backups counted in the bodies' own buckets."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from federations import Federation
from tests.sandbox.copies import Copies

pytestmark = pytest.mark.timeout(900)
RUNBOOKS = Path(__file__).resolve().parents[3] / "runbooks"
PLANNER = "keikaku@jimukyoku.example.jp"
BODIES = ("272027", "272043")


@pytest.fixture
def copies(federation: Federation) -> Iterator[Copies]:
    shutil.copytree(RUNBOOKS, federation.folder / "runbooks")
    federation.ok("operation", "list")
    [place] = federation.home.glob("sites/sandbox/**/operations/superuser")
    found = Copies(place.parents[1])
    yield found
    found.drop()


class Worker:
    """One `moyai worker`, and what it says."""

    def __init__(self, federation: Federation, log: Path) -> None:
        self._log = log
        self._process = subprocess.Popen(
            federation.command("worker", "--bodies", "1"),
            cwd=federation.folder,
            env=federation.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
        )

    def said(self) -> str:
        return self._log.read_text()

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(120) == 0, self.said()


def backups(federation: Federation) -> list[str]:
    """The manifests that there are, in all bodies' buckets."""
    given = federation.variables()
    s3 = boto3.session.Session().client(
        "s3",
        endpoint_url=given["AWS_ENDPOINT_URL"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        region_name=given["AWS_REGION"],
    )
    found: list[str] = []
    for code in BODIES:
        listed = s3.list_objects_v2(Bucket=f"osaka-{code}-backups-123456789012", Prefix="backups/")
        found += [one["Key"] for one in listed.get("Contents", ()) if one["Key"].endswith(".json")]
    return sorted(found)


def show(federation: Federation, operation: str) -> dict[str, Any]:
    return dict(federation.ok("operation", "show", operation, "--output", "json").json())


def until(federation: Federation, operation: str, wanted: str, worker: Worker) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while (shown := show(federation, operation))["status"] != wanted:
        assert time.monotonic() < deadline, (shown, worker.said()[-3000:])
        time.sleep(0.3)
    return shown


def statuses(shown: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["status"] for one in shown["bodies"]}


def test_a_database_restored_from_a_copy_is_declared_and_gone_on_with(
    federation: Federation, copies: Copies, tmp_path: Path
) -> None:
    worker = Worker(federation, tmp_path / "first.txt")
    federation.ok("backup", "run", *BODIES, "--operator", PLANNER)
    [listed] = federation.ok("operation", "list", "--output", "json").json()
    operation = listed["id"]
    deadline = time.monotonic() + 120
    while "running" not in statuses(show(federation, operation)).values():
        assert time.monotonic() < deadline, worker.said()
        time.sleep(0.1)
    copies.take()
    until(federation, operation, "done", worker)
    federation.ok("audit", "anchor")
    worker.end()
    made = backups(federation)
    assert len(made) == 4, "two services of two bodies"
    copies.put_back()

    worker = Worker(federation, tmp_path / "second.txt")
    deadline = time.monotonic() + 60
    while "older than what was done" not in worker.said():
        assert time.monotonic() < deadline, worker.said()
        time.sleep(0.2)
    time.sleep(5)
    assert backups(federation) == made
    assert "running" in statuses(show(federation, operation)).values(), "as in the copy"
    told = federation.ok("operation", "list")
    assert "is a copy older than what was done" in told.err
    assert "moyai operation restored" in told.err
    refused = federation.moyai("backup", "run", BODIES[0], "--operator", PLANNER)
    assert refused.code == 5
    assert federation.moyai("audit", "verify").code == 4
    dry = federation.ok(
        "operation", "restored", "--dry-run", "--operator", PLANNER, "--output", "json"
    )
    found = dry.json()
    assert (found["declared"], {one["code"] for one in found["held"]}) == (False, set(BODIES))

    answers = ("--answer", "served=yes", "--answer", "back=yes", "--answer", "copy=older")
    run = federation.moyai(
        *("runbook", "run", "database-host-lost", f"operator={PLANNER}"),
        *(*answers, "--operator", PLANNER, "--output", "json"),
    )
    assert run.code == 0, run.out + run.err
    steps = {one["step"]: one["status"] for one in run.json()}
    assert steps["declared"] == steps["chains"] == "done"
    assert steps["held"] == "noted"
    again = ("operation", "restored", "--outside", "--operator", PLANNER, "--output", "json")
    listed_again = federation.ok(*again).json()
    assert listed_again["copied_at"] == found["copied_at"]
    assert {one["code"] for one in listed_again["outside"]} == {
        one["code"] for one in found["outside"]
    }
    verified = federation.ok("audit", "verify", "--output", "json").json()
    told_gaps = {one["name"]: one["declared"] for one in verified if one["declared"]}
    assert {"federation", *(f"body:{code}" for code in BODIES)} == set(told_gaps)
    shown = until(federation, operation, "failed", worker)
    assert statuses(shown) == dict.fromkeys(BODIES, "held")
    assert all("restored from an older copy" in one["error"] for one in shown["bodies"])
    assert backups(federation) == made
    runs = federation.ok("runbook", "runs", "--output", "json").json()
    assert [one["not_in_chain"] for one in runs] == [0]

    federation.ok("operation", "retry", operation, "--operator", PLANNER)
    until(federation, operation, "done", worker)
    new = sorted(set(backups(federation)) - set(made))
    assert len(new) == 4
    assert all("-e2.json" in one for one in new), "none is taken for one of the lost time"
    federation.ok("backup", "run", BODIES[0], "--operator", PLANNER)
    latest = federation.ok("operation", "list", "--output", "json").json()[0]["id"]
    assert latest.endswith("-e2-1")
    until(federation, latest, "done", worker)
    worker.end()
    federation.ok("audit", "anchor")
    federation.ok("audit", "verify")
