"""Upgrades whose workers end at any place: another goes on, and every effect is there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from office import A, B, Between, Office

from moyai.operations.database.reading import steps
from moyai.operations.database.rows import BodyRow
from moyai.operations.durable.living.processes import MARK, kill, marked

FORWARD = (
    "preflight",
    "close-writes",
    "backup",
    "stack",
    "migrate-expand",
    "health",
    "migrate-contract",
    "health-after",
    "release",
    "open-writes",
)


class _Killed(BaseException):
    """A process that ends here."""


def _killer(seen: set[tuple[str, str | None, str | None]], when: str) -> Between:
    def between(ended: str | None, following: str | None) -> None:
        if (when, ended, following) not in seen:
            seen.add((when, ended, following))
            raise _Killed

    return between


def _killed_everywhere(office: Office, operation: str, code: str) -> tuple[BodyRow, int]:
    """Carry a body by workers that end before and after each boundary; how many ended."""
    seen: set[tuple[str, str | None, str | None]] = set()
    while True:
        try:
            body = office.carry(operation, code, _killer(seen, "before"), _killer(seen, "after"))
            return body, len(seen)
        except _Killed:
            continue


def test_killed_at_every_boundary_it_goes_forward_once(office: Office) -> None:
    office.bring(B, "1.2.0")
    operation, revisions = office.plan("1.3.0", B), office.revisions(B)
    body, kills = _killed_everywhere(office, operation, B)
    assert (body.status, kills) == ("done", 2 * len(FORWARD) + 1)
    assert office.steps(operation, B) == [(1, name, "done") for name in FORWARD]
    assert office.schema(B) == [1, 2, 3, 4, 5, 6]
    assert office.backups(B, operation) == ["1"]
    assert (office.image(B), office.revisions(B)) == ("1.3.0", revisions + 1)
    assert office.is_open(B)
    assert office.locks() == []


def test_killed_at_every_boundary_it_goes_back_once(office: Office) -> None:
    office.bring(B, "1.3.0")
    office.write(B, "fragile")
    before = office.procedures(B)
    operation = office.plan("1.5.0", B)
    body, _ = _killed_everywhere(office, operation, B)
    assert body.status == "failed"
    assert body.error is not None
    assert "applicant-kinds" in body.error["what"]["en"]
    assert [name for _, name, _ in office.steps(operation, B)][8:] == [
        "-migrate-contract",
        "-migrate-expand",
        "-stack",
        "-backup",
        "-close-writes",
    ]
    assert (office.image(B), office.schema(B)) == ("1.3.0", [1, 2, 3, 4, 5, 6])
    assert office.procedures(B) == before
    assert office.databases(B) == {""}
    assert office.backups(B, operation) == ["1"]
    assert office.is_open(B)
    assert office.locks() == []
    office.delete(B, "fragile")


def test_a_process_killed_within_steps_is_gone_on_with(office: Office) -> None:
    office.bring(A, "1.3.0")
    operation, revisions = office.plan("1.5.0", A), office.revisions(A)
    within = []
    for step in ("backup", "stack", "migrate-contract"):
        worker = f"w-{step}"
        process = _start(office, operation, A, worker)
        _until(office, operation, A, step, process)
        _until_worked(office, operation, A, step, process)
        process.send_signal(signal.SIGSTOP)  # what is on record of the step stays as it is
        if _status(office, operation, A, step) == "intended":
            within.append(step)
        process.kill()
        kill(marked(worker))
        process.wait()
    assert "stack" in within, "the longest one was not met"
    assert len(within) >= 2
    assert office.carry(operation, A).status == "done"
    assert office.schema(A) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert office.backups(A, operation) == ["1"]
    assert (office.image(A), office.revisions(A)) == ("1.5.0", revisions + 1)
    assert office.is_open(A)
    assert office.locks() == []
    assert office.federation.ok("deploy", "all").code == 0


def _start(office: Office, operation: str, code: str, worker: str) -> subprocess.Popen[bytes]:
    place = office.federation
    return subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).with_name("carrier.py")),
            str(place.folder),
            str(place.home),
            operation,
            code,
        ],
        env={**os.environ, MARK: worker},
        start_new_session=True,
    )


def _until_worked(
    office: Office, operation: str, code: str, step: str, process: subprocess.Popen[bytes]
) -> None:
    """Until it, and what it has started, have spent processor time on that step, or it has ended."""
    worker, known = f"w-{step}", {process.pid: _processor_seconds(process.pid)}
    before = sum(known.values())
    while sum(known.values()) < before + 0.1:
        assert process.poll() is None, "it ended too early"
        if _status(office, operation, code, step) != "intended":
            return
        for pid in (process.pid, *marked(worker)):
            with suppress(OSError):
                known[pid] = _processor_seconds(pid)


def _status(office: Office, operation: str, code: str, step: str) -> str:
    with office.operator.connect() as connection:
        found = [one for one in steps(connection, operation, code) if one.step == step]
    return found[-1].status


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until(
    office: Office, operation: str, code: str, step: str, process: subprocess.Popen[bytes]
) -> None:
    """Wait for a step that has begun."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with office.operator.connect() as connection:
            if any(one.step == step for one in steps(connection, operation, code)):
                return
        assert process.poll() is None, "it ended too early"
        time.sleep(0.05)
    raise AssertionError(f"{step} does not begin")
