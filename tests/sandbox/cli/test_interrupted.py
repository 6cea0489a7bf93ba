"""Commands that are killed, and commands that meet."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from federations import DAY, Federation


def _start(federation: Federation, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        federation.command(*arguments),
        cwd=federation.folder,
        env=federation.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _when(process: subprocess.Popen[str], words: str) -> None:
    """Wait for a line with these words."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")


@contextmanager
def _frozen(process: subprocess.Popen[str]) -> Iterator[None]:
    """A command that `_start` began stands still, with all that it started: workers and engines lead
    sessions of their own, and would go on without it."""
    known = psutil.Process(process.pid)
    every = (known, *known.children(recursive=True))
    _signal(every, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(every, signal.SIGCONT)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(number)


def _record(federation: Federation, code: str) -> bytes | None:
    folder = federation.home.joinpath("sites", "sandbox", "state", ".moyai", "records")
    path = folder / "moyai-tenant" / f"{code}.json"
    return path.read_bytes() if path.exists() else None


def test_a_deploy_killed_half_way_goes_on(federation: Federation) -> None:
    federation.edit("daily: 35", "daily: 36")
    federation.edit("retention_days: 365", "retention_days: 366")
    process = _start(federation, "deploy", "--as-of", DAY, "--jobs", "1")
    _when(process, "272027 岸和田市: building")
    time.sleep(0.8)
    process.kill()
    process.wait(10)
    statuses = {one["status"] for one in federation.statuses().values()}
    assert statuses & {"unknown", "outdated", "failed"}
    federation.ok("deploy", "--as-of", DAY)
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


def test_a_deploy_whose_reader_goes_away_goes_on_to_its_end(federation: Federation) -> None:
    federation.edit("retention_days: 366", "retention_days: 367")
    process = _start(federation, "deploy", "--as-of", DAY, "--jobs", "1")
    _when(process, "272027 岸和田市: building")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(120) == 0
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


@pytest.mark.parametrize(("place", "code"), [(">/dev/full", 4), (">&- 2>&- <&-", 0)])
def test_a_deploy_that_cannot_write_goes_on_to_its_end(
    federation: Federation, place: str, code: int
) -> None:
    if "full" in place and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    text = federation.file.read_text(encoding="utf-8")
    [days] = set(re.findall(r"retention_days: (\d+)", text))
    federation.edit(f"retention_days: {days}", f"retention_days: {int(days) + 1}")
    done = subprocess.run(
        ["bash", "-c", f'"$@" {place}', "bash", *federation.command("deploy", "--as-of", DAY)],
        cwd=federation.folder,
        env=federation.environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert ("cannot be written" in done.stderr) is (code == 4)
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


def test_two_commands_on_one_body_one_is_refused_by_the_holders_name(
    federation: Federation,
) -> None:
    first = _start(federation, "deploy", "272027", "--refresh", "--as-of", DAY)
    _when(first, "272027 岸和田市: building")
    with _frozen(first):
        before = _record(federation, "272027")
        second = federation.moyai("deploy", "272027", "--refresh", "--as-of", DAY)
        assert _record(federation, "272027") == before
    rest, _ = first.communicate(timeout=120)
    assert first.returncode == 0, rest
    assert second.code in (4, 5)
    assert str(first.pid) in second.out + second.err
    assert federation.statuses()["272027"]["status"] == "current"


def test_the_second_of_two_equal_deploys_waits_and_runs_nothing_again(
    federation: Federation,
) -> None:
    waits = ("deploy", "--as-of", DAY, "--jobs", "1", "--wait", "120")
    for _ in range(5):
        first = _begun(federation, *waits)
        with _frozen(first):
            held = _is_held(federation, "272027")
            if held:
                logs = federation.home / "sites" / "sandbox" / "logs" / "moyai-tenant" / "272027"
                before = set(logs.iterdir())
                second = _start(federation, *waits)
                while set(logs.iterdir()) == before:  # it has one once it stands before the lock
                    time.sleep(0.1)
        rest, _ = first.communicate(timeout=120)
        if held:
            break  # else it was frozen too late: it had ended what the second is to wait for
    assert held
    out, _ = second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), rest + out
    meantime = "another command has applied it in the meantime."
    assert "272027 岸和田市: building" not in out
    assert f"272027 岸和田市: {meantime}" in out
    # Both reach the next body at the same time: either may be first, and only one builds it.
    builder, other = (rest, out) if "272043 池田市: building" in rest else (out, rest)
    assert "272043 池田市: building" in builder
    assert "272043 池田市: building" not in other
    assert f"272043 池田市: {meantime}" in other
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


def _begun(federation: Federation, *arguments: str) -> subprocess.Popen[str]:
    """A deploy with something to do, which has just begun with the first body."""
    text = federation.file.read_text(encoding="utf-8")
    [days] = set(re.findall(r"retention_days: (\d+)", text))
    federation.edit(f"retention_days: {days}", f"retention_days: {int(days) + 1}")
    process = _start(federation, *arguments)
    _when(process, "272027 岸和田市: building")
    return process


def _is_held(federation: Federation, code: str) -> bool:
    """Whether somebody has a stack's lock."""
    site = federation.home / "sites" / "sandbox"
    [lock] = site.glob(f"work/**/{code}/lock")
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_sandbox_that_is_gone_is_said_and_the_next_run_repairs(federation: Federation) -> None:
    pid = int(federation.ok("sandbox", "status", "--output", "json").json()["pid"])
    os.kill(pid, signal.SIGKILL)
    federation.edit("daily: 36", "daily: 37")
    federation.ok("deploy", "--as-of", DAY)
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


def test_what_an_interrupted_deploy_did_not_begin_is_told_apart_and_left_as_it_was(
    federation: Federation,
) -> None:
    federation.ok("tenant", "add", "272051")  # it comes last, and was never applied
    [daily] = set(re.findall(r"daily: \d+", federation.file.read_text(encoding="utf-8")))
    federation.edit(daily, "daily: 38")
    others = ("272043", "273813", "272051")
    before = {code: _record(federation, code) for code in others}
    process = _start(federation, "deploy", "--as-of", DAY, "--jobs", "1")
    _when(process, "272027 岸和田市: building")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 4, out
    assert "1 failed: 272027 岸和田市" in out
    assert "3 not begun: 272043 池田市, 273813 太子町, 272051 吹田市" in out
    for code in others:
        assert re.search(f"{code} .*: not begun", out)
        assert not re.search(f"{code} .*: (failed|building)", out)
        assert _record(federation, code) == before[code]
    assert before["272051"] is None
    statuses = {code: one["status"] for code, one in federation.statuses().items()}
    assert statuses == {
        "272027": "failed",
        "272043": "outdated",
        "273813": "outdated",
        "272051": "absent",
    }
    federation.ok("deploy", "--as-of", DAY)
    assert {one["status"] for one in federation.statuses().values()} == {"current"}


@pytest.mark.parametrize(
    ("place", "number"),
    [("shared: done", signal.SIGINT), ("cell-a: done", signal.SIGTERM)],
)
def test_an_interrupt_between_the_foundation_and_the_bodies_begins_none(
    federation: Federation, place: str, number: signal.Signals
) -> None:
    before = {code: _record(federation, code) for code in federation.statuses()}
    process = _start(federation, "deploy", "--refresh", "--as-of", DAY, "--jobs", "1")
    _when(process, place)
    process.send_signal(number)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 4, out
    assert "not begun: " in out
    assert "goes on" in out
    assert "Traceback" not in out
    after = {code: _record(federation, code) for code in before}
    unbegun = [code for code in before if f"{code} " in out.partition("not begun: ")[2]]
    assert unbegun
    assert all(after[code] == before[code] for code in unbegun)
    federation.ok("deploy", "--as-of", DAY)
    assert {one["status"] for one in federation.statuses().values()} == {"current"}
