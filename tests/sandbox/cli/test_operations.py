"""A secretariat checks its bodies by a worker that is killed meanwhile, and reads one body's record alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import pytest
from federations import DAY, Answer, Federation
from tests.warm import run_warm

from moyai.approvals.signing import find_signer
from moyai.operations.fleet.checking import plan_check
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.putting import put_on_record
from moyai.planning.fleet.exceptions import with_exceptions
from moyai.planning.openings import WEEK, Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.texts import JAPAN

PLANNER = "keikaku@jimukyoku.example.jp"
WHO = ("--operator", PLANNER)


@pytest.fixture(scope="module")
def worker(
    federation: Federation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.Popen[bytes]]:
    """`moyai worker` as a person starts it; it ends with a Ctrl-C."""
    log = tmp_path_factory.mktemp("worker") / "log.txt"
    with log.open("wb") as stream:
        found = subprocess.Popen(
            federation.command("worker", "--bodies", "3"),
            cwd=federation.folder,
            env=federation.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        _until(lambda: "takes 3 bodies at a time" in log.read_text(), log)
        yield found
        assert found.poll() is None, log.read_text()
        found.send_signal(signal.SIGINT)
        assert found.wait(30) == 0, log.read_text()
        assert "Ctrl-C once more stops at once" in log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        if found.poll() is None:
            found.kill()


def _until(wanted: object, log: Path) -> None:
    assert callable(wanted)
    deadline = time.monotonic() + 90
    while not wanted():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@contextmanager
def _unwell(federation: Federation) -> Iterator[None]:
    health = federation.folder / "stacks" / "services" / "chat" / "health.sql"
    sound = health.read_bytes()
    health.write_bytes(sound.replace(b"SELECT probe", b"SELECT no_such_column"))
    try:
        yield
    finally:
        health.write_bytes(sound)


def _check(federation: Federation, *words: str) -> Answer:
    return federation.moyai("check", *words, *WHO, "--wait", "--as-of", DAY)


@pytest.mark.usefixtures("worker")
def test_all_bodies_are_checked_and_listed(federation: Federation) -> None:
    answer = _check(federation, "all")
    assert answer.code == 0, answer.out + answer.err
    assert "272027 岸和田市: done" in answer.out
    [found] = federation.ok("operation", "list", "--output", "json").json()
    assert (found["kind"], found["status"], found["counts"]) == ("check", "done", {"done": 3})
    assert [wave["status"] for wave in found["waves"]] == ["done"]
    first = found["bodies"][0]
    assert {key: first[key] for key in ("code", "status", "step", "attempts", "error")} == {
        "code": "272027",
        "status": "done",
        "step": "health",
        "attempts": 1,
        "error": None,
    }
    shown = federation.ok("operation", "show", "--output", "json").json()
    assert (shown["id"], shown["workers"]) == (found["id"], 1)
    assert found["id"] in federation.ok("operation", "list").out


@pytest.mark.usefixtures("worker")
def test_what_fails_is_reported_and_begun_again_alone_and_a_look_is_not_owed(
    federation: Federation,
) -> None:
    with _unwell(federation):
        answer = _check(federation, "272027", "272043", "--service", "chat")
    assert answer.code == 4, answer.out
    assert "ended as failed" in answer.err
    report = federation.ok("operation", "report", "last:check", "--output", "json").json()
    assert {body["status"] for body in report["bodies"]} == {"failed"}
    assert "SQLSTATE 42703" in report["bodies"][0]["steps"][0]["error"]
    assert federation.ok("operation", "debts", "--output", "json").json() == []
    page = federation.folder / "report.md"
    federation.ok("operation", "report", "--save", str(page), "--lang", "ja")
    assert "# 一斉作業の報告" in page.read_text(encoding="utf-8")
    federation.ok("operation", "retry", "last", "272027", *WHO)
    ended = federation.moyai("operation", "watch", "last")
    assert (ended.code, "272027 岸和田市: done" in ended.out) == (4, True)
    federation.ok("operation", "retry", "last", *WHO)
    federation.ok("operation", "watch", "last")
    bodies = federation.ok("operation", "show", "--output", "json").json()["bodies"]
    assert [(one["status"], one["attempts"]) for one in bodies] == [("done", 2), ("done", 2)]


def test_a_killed_worker_process_is_started_again(
    federation: Federation, worker: subprocess.Popen[bytes]
) -> None:
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    lines = {one: Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0") for one in children}
    [working] = [one for one, words in lines.items() if b"moyai.operations.durable" in words]
    os.kill(int(working), signal.SIGKILL)
    answer = _check(federation, "272027")
    assert answer.code == 0, answer.out + answer.err


@pytest.mark.usefixtures("worker")
def test_one_bodys_export_verifies_alone(federation: Federation, tmp_path: Path) -> None:
    file = tmp_path / "kishiwada.jsonl"
    federation.ok("audit", "export", "kishiwada", "--save", str(file))
    content = file.read_bytes()
    assert b"272043" not in content
    alone = run_warm(
        ("audit", "verify", str(file), "--output", "json"), tmp_path, {**os.environ}, 60
    )
    assert alone.returncode == 0, alone.stderr
    assert '"status": "consistent"' in alone.stdout
    beside = federation.ok("audit", "verify", str(file), "--against-site", "--output", "json")
    assert [one["status"] for one in beside.json()] == ["whole"]
    file.write_bytes(content.replace(b'"result":"begun"', b'"result":"done"', 1))
    changed = run_warm(("audit", "verify", str(file)), tmp_path, {**os.environ}, 60)
    assert changed.returncode == 4
    whole = federation.ok("audit", "verify", "--output", "json").json()
    assert {one["chain"] for one in whole} >= {"federation", "body:272027", "body:273813"}
    records = federation.ok("audit", "show", "272027", "--output", "json").json()
    assert {one["chain"] for one in records} == {"body:272027"}
    actions = [one["action"] for one in records]
    assert actions[:2] == ["hand.deploy", "hand.deploy"], "the environments were applied by hand"
    assert "operation.plan" in actions


def test_who_asks_has_to_be_an_operator(federation: Federation) -> None:
    nobody = federation.moyai("check", "all")
    assert (nobody.code, "MOYAI_OPERATOR" in nobody.err) == (2, True)
    auditor = federation.moyai("check", "all", "--operator", "kansa@jimukyoku.example.jp")
    assert (auditor.code, "auditor" in auditor.err) == (5, True)


@pytest.fixture(scope="module")
def keys(federation: Federation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Keys of the planner and the approver, which the file has from then on."""
    folder = tmp_path_factory.mktemp("keys")
    found = {who: _key(folder / who) for who in ("keikaku", "shonin")}
    for who, key in found.items():
        _take_key(federation, who, key.with_suffix(".pub").read_text().split()[1])
    return found


@pytest.mark.usefixtures("worker")
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on PATH")
def test_a_plan_begins_once_another_person_has_signed_it(
    federation: Federation,
    keys: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOYAI_HOME", str(federation.home))
    with open_office(federation.file, "sandbox") as office:
        workspace = office.workspace
        plan = plan_check(workspace, "272027", date.fromisoformat(DAY), by=PLANNER)
        signer = find_signer(workspace.registry.operators[0].ssh_key, keys["keikaku"], {})
        asking = with_exceptions(replace(plan, approval_seconds=3600), workspace.registry)
        operation = put_on_record(office.engine, asking, signer)
    shown = federation.ok("operation", "show", operation, "--output", "json").json()
    assert (shown["status"], shown["approvals_missing"]) == (
        "planned",
        ["plan", "exceptions"],
    )
    own = ("--operator", PLANNER, "--key", str(keys["keikaku"]))
    refused = federation.moyai("operation", "approve", operation, *own)
    assert "health check" not in refused.out, "no plan is shown to who may not approve"
    assert refused.code == 5, refused.err
    asked = federation.ok("operation", "approve", operation, "--line")
    line = asked.out
    assert "errors of one kind" in asked.err, "the whole plan is shown to who signs elsewhere"
    command = ("ssh-keygen", "-Y", "sign", "-n", "moyai-approval@1", "-f", str(keys["shonin"]))
    signed = subprocess.run(command, input=line.encode(), capture_output=True, check=True)
    file = tmp_path / "approval.sig"
    file.write_bytes(signed.stdout)
    theirs = ("--operator", "shonin@jimukyoku.example.jp", "--signature", str(file))
    alone = federation.moyai("operation", "approve", operation, *theirs)
    assert (alone.code, "its moment cannot be told" in alone.err) == (2, True)
    (said := tmp_path / "approval.txt").write_text(line)
    federation.ok("operation", "approve", operation, *theirs, "--signed", str(said))
    shonin = ("--operator", "shonin@jimukyoku.example.jp", "--key", str(keys["shonin"]))
    federation.ok("operation", "approve", operation, "exceptions", *shonin)
    federation.ok("operation", "watch", operation)
    report = federation.ok("operation", "report", operation).out
    assert "approved: shonin@jimukyoku.example.jp (plan)" in report


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on PATH")
def test_who_approves_too_early_is_told_whom_it_does_not_reach_before_and_after(
    federation: Federation, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOYAI_HOME", str(federation.home))
    opens = datetime.now(JAPAN) + timedelta(days=2)
    window = MaintenanceWindow((WEEK[opens.weekday()],), clock(1), 4)
    with open_office(federation.file, "sandbox") as office:
        registry = office.workspace.registry
        plan = plan_check(office.workspace, "272027", date.fromisoformat(DAY), by=PLANNER)
        body = replace(plan.bodies[0], calendar=Calendar(window, ()))
        late = with_exceptions(replace(plan, approval_seconds=3600, bodies=(body,)), registry)
        signer = find_signer(registry.operators[0].ssh_key, keys["keikaku"], {})
        operation = put_on_record(office.engine, late, signer)
    given = ("--operator", "shonin@jimukyoku.example.jp", "--key", str(keys["shonin"]))
    signed = federation.ok("operation", "approve", operation, "--everything", *given).out
    assert "an approval given now holds until" in signed, "before it is signed"
    last = signed.strip().splitlines()[-1]
    assert last.startswith("approve it again before "), signed
    assert last.endswith(f"operation approve {operation}")
    answer = federation.ok("operation", "approve", operation, *given, "--output", "json")
    early = answer.json()["approval_ends_before"]
    assert (early["is_given"], [one["code"] for one in early["bodies"]]) == (True, ["272027"])
    shown = federation.ok("operation", "show", operation, "--output", "json").json()
    assert shown["approval_ends_before"]["bodies"] == early["bodies"]
    listed = federation.ok("operation", "list", "--output", "json").json()
    found = {one["id"]: one["approval_ends_before"] for one in listed}
    assert found[operation]["bodies"] == early["bodies"]
    assert any(one is None for one in found.values())
    federation.ok("operation", "cancel", operation, "--operator", PLANNER)


def _key(file: Path) -> Path:
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", str(file))
    subprocess.run(command, check=True)
    return file


def _take_key(federation: Federation, who: str, blob: str) -> None:
    text = federation.file.read_text(encoding="utf-8")
    after, found = re.subn(rf"ssh-ed25519 \S+ {who}\b", f"ssh-ed25519 {blob} {who}", text)
    assert found == 1
    federation.file.write_text(after, encoding="utf-8")


@pytest.mark.usefixtures("worker")
def test_heads_of_records_are_anchored_by_workers_and_by_hand(federation: Federation) -> None:
    deadline = time.monotonic() + 60  # the worker still settles what was cancelled
    while "No audit record has moved" not in federation.ok("audit", "anchor").out:
        assert time.monotonic() < deadline
    _check(federation, "272027")
    moved = federation.ok("audit", "anchor", "--output", "json").json()
    # The worker anchors what has ended by itself, within half a minute.
    assert {one["chain"] for one in moved} <= {"federation", "body:272027"}
    looked = {
        one["chain"]: one for one in federation.ok("audit", "verify", "--output", "json").json()
    }
    assert looked["body:272027"]["anchors"] >= 2
    assert looked["body:272043"]["anchors"] >= 1
    alone = federation.ok("audit", "verify", "--no-anchors", "--output", "json").json()
    assert {one["anchors"] for one in alone} == {0}
