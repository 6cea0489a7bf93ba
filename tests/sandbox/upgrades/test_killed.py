"""Upgrades whose workers end at any place: another goes on, and every effect is there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from carrier import TRAPS
from office import A, B, Between, Office

from moyai.operations.database.rows import BodyRow
from moyai.operations.durable.living.processes import MARK, end_all

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
    for step in TRAPS:
        _die_within(office, operation, A, step)
        assert (1, step, "intended") in office.steps(operation, A)
        assert bool(office.locks()) == (step == "stack"), "an engine was killed at work"
    assert office.carry(operation, A).status == "done"
    assert office.steps(operation, A) == [(1, name, "done") for name in FORWARD]
    assert office.schema(A) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert office.backups(A, operation) == ["1"]
    assert (office.image(A), office.revisions(A)) == ("1.5.0", revisions + 1)
    assert office.is_open(A)
    assert office.locks() == []
    assert office.federation.ok("deploy", "all").code == 0


def _die_within(office: Office, operation: str, code: str, step: str) -> None:
    """Carry a body by a process that kills itself, and all that it has started, within a step."""
    worker, place = f"w-{step}", office.federation
    script = str(Path(__file__).with_name("carrier.py"))
    given = (str(place.folder), str(place.home), operation, code, step)
    ended = subprocess.run(
        [sys.executable, script, *given],
        env={**os.environ, MARK: worker},
        start_new_session=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, f"it was never within {step}"
    assert end_all(worker, 10.0)
