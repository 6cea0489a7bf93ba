"""A secretariat checks its bodies by a worker that is killed meanwhile, and reads one body's record alone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from federations import DAY, Answer, Federation
from tests.warm import run_warm

WHO = ("--operator", "keikaku@jimukyoku.example.jp")


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
def test_what_fails_is_reported_owed_and_begun_again_alone(federation: Federation) -> None:
    with _unwell(federation):
        answer = _check(federation, "272027", "272043", "--service", "chat")
    assert answer.code == 4, answer.out
    assert "ended as failed" in answer.err
    report = federation.ok("operation", "report", "last:check", "--output", "json").json()
    assert {body["status"] for body in report["bodies"]} == {"failed"}
    assert "SQLSTATE 42703" in report["bodies"][0]["steps"][0]["error"]
    owed = federation.ok("operation", "debts", "--output", "json").json()
    assert {one["code"] for one in owed} == {"272027", "272043"}
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
    assert federation.ok("operation", "debts", "--output", "json").json() == []


def test_a_killed_worker_process_is_started_again(
    federation: Federation, worker: subprocess.Popen[bytes]
) -> None:
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(int(children[0]), signal.SIGKILL)
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
    assert '"status": "whole"' in alone.stdout
    file.write_bytes(content.replace(b'"result":"failed"', b'"result":"done"', 1))
    changed = run_warm(("audit", "verify", str(file)), tmp_path, {**os.environ}, 60)
    assert changed.returncode == 4
    whole = federation.ok("audit", "verify", "--output", "json").json()
    assert {one["chain"] for one in whole} >= {"federation", "body:272027", "body:273813"}
    records = federation.ok("audit", "show", "272027", "--output", "json").json()
    assert {one["chain"] for one in records} == {"body:272027"}
    assert records[0]["action"] == "operation.plan"


def test_who_asks_has_to_be_an_operator(federation: Federation) -> None:
    nobody = federation.moyai("check", "all")
    assert (nobody.code, "MOYAI_OPERATOR" in nobody.err) == (2, True)
    auditor = federation.moyai("check", "all", "--operator", "kansa@jimukyoku.example.jp")
    assert (auditor.code, "auditor" in auditor.err) == (5, True)
