"""What came of a campaign, counted from outside: by the marks of the bodies' steps, never by the ledger.

Only a body's status is taken from the operations database, to be held against what is found outside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa
from tests.crash.operations.bodies import STEPS
from tests.crash.operations.crew import Kill
from tests.crash.operations.marks import Mark, marks

from moyai.audit.records import SCHEMA, from_document
from moyai.audit.verify import verify
from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.openings import is_open

_LATE_SECONDS = 2.0
"""From a body's beginning, which its window decides, to its first mark, on a busy machine."""


@dataclass
class Findings:
    """What is wrong, each in words that say where."""

    duplicates: list[str] = field(default_factory=list)
    """A step of a body that had its effect more than once in an attempt."""
    lost: list[str] = field(default_factory=list)
    """A step that should have had its effect, or have been taken back, and was not."""
    two_at_once: list[str] = field(default_factory=list)
    """Two doings of one body's steps at the same time."""
    over_concurrency: list[str] = field(default_factory=list)
    out_of_window: list[str] = field(default_factory=list)
    wave_order: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    """A body whose status is not what is so outside."""
    stuck_locks: list[str] = field(default_factory=list)
    left_processes: list[str] = field(default_factory=list)
    broken_chains: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(found) for name, found in vars(self).items()}

    @property
    def none(self) -> bool:
        """Whether all is well."""
        return not any(self.counts().values())


Span = tuple[float, float]


def check_marks(folder: Path, plan: OperationPlan, view: OperationView, found: Findings) -> None:
    """Hold the marks against the plan, and the statuses against the marks."""
    statuses = {body.code: body.status for body in view.bodies}
    spans: dict[int, dict[str, Span]] = {}
    for body in plan.bodies:
        there = marks(folder, body.code)
        _once(body.code, there, found)
        _alone(body.code, there, found)
        _true(body.code, there, statuses[body.code], plan, found)
        if not there:
            continue
        spans.setdefault(body.wave, {})[body.code] = (there[0].at, there[-1].at)
        if body.calendar is not None and not _was_open(there[0].wall, body.calendar):
            found.out_of_window.append(f"{body.code} began at {there[0].wall}")
    _bounded(plan, [one for wave in spans.values() for one in wave.values()], found)
    for number in sorted(spans)[1:]:
        before = max((end for _, end in spans.get(number - 1, {}).values()), default=0.0)
        early = [code for code, span in spans[number].items() if span[0] < before]
        found.wave_order.extend(f"{code} of wave {number}" for code in early)


def _was_open(wall: float, calendar: object) -> bool:
    moment = datetime.fromtimestamp(wall, UTC)
    before = datetime.fromtimestamp(wall - _LATE_SECONDS, UTC)
    return any(is_open(calendar, one) for one in (moment, before))  # type: ignore[arg-type]


def _once(code: str, there: Sequence[Mark], found: Findings) -> None:
    counted = Counter((one.attempt, one.step) for one in there if one.what == "effect")
    found.duplicates.extend(
        f"{code} {attempt} {step}: {times} times"
        for (attempt, step), times in counted.items()
        if times > 1
    )


def _alone(code: str, there: Sequence[Mark], found: Findings) -> None:
    """Between a doing's beginning and its later marks there is no other's."""
    doing = ""
    for one in there:
        if one.what == "begin":
            doing = one.doing
        elif one.doing != doing:
            found.two_at_once.append(f"{code} {one.step}: {one.worker} goes on beside another")


def _true(
    code: str, there: Sequence[Mark], status: str, plan: OperationPlan, found: Findings
) -> None:
    effects = [one.step for one in there if one.what == "effect"]
    done = [step for step in effects if not step.startswith("-")]
    back = {step.removeprefix("-") for step in effects if step.startswith("-")}
    fails = next((step for step in STEPS if plan.parameters.get(f"{code}:{step}")), None)
    wanted = "done" if fails is None else "failed"
    if status == "cancelled" and not there:
        return
    if status != wanted:
        found.untrue.append(f"{code} is {status} and should be {wanted}")
    due = STEPS if fails is None else STEPS[: STEPS.index(fails)]
    found.lost.extend(f"{code} {step}" for step in due if step not in done)
    if fails is None and back:
        found.untrue.append(f"{code} is {status}, and {sorted(back)} were taken back")
    if fails is not None:
        found.lost.extend(f"{code} -{step}" for step in done if step not in back)
    if list(dict.fromkeys(done)) != [step for step in STEPS if step in done]:
        found.untrue.append(f"{code} has its steps in the order {done}")


def _bounded(plan: OperationPlan, spans: Iterable[Span], found: Findings) -> None:
    """A body counts from its first mark to its last, dead workers and takeovers included."""
    bound = max(wave.limits.max_concurrent for wave in plan.waves)
    moves = sorted(move for span in spans for move in ((span[0], 1), (span[1], -1)))
    at_once = 0
    for at, change in moves:
        at_once += change
        if at_once > bound:
            found.over_concurrency.append(f"{at_once} bodies at {at:.2f}")


def check_database(auditor: sa.Connection, found: Findings) -> None:
    """Locks that nobody has any more, and chains; `auditor` reads records."""
    rows = auditor.execute(
        sa.text(
            "SELECT l.classid, l.objid, a.application_name FROM pg_locks l "
            "JOIN pg_database d ON d.oid = l.database "
            "LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        )
    )
    found.stuck_locks.extend(str(tuple(row)) for row in rows)
    chains: dict[str, list[Mapping[str, object]]] = {}
    for chain, content, sha256 in auditor.execute(
        sa.text("SELECT chain, content, sha256 FROM moyai.audit ORDER BY chain, seq")
    ):
        document = json.loads(content)
        if document.pop("schema") != SCHEMA:
            found.broken_chains.append(f"{chain}: a record of another schema")
        chains.setdefault(chain, []).append({**document, "sha256": sha256})
    for chain, records in chains.items():
        wrong = verify((from_document(one) for one in records), chain=chain)
        found.broken_chains.extend(f"{chain}: {one.what.en}" for one in wrong)


def takeovers(folder: Path, codes: Iterable[str], kills: Iterable[Kill]) -> list[float]:
    """Seconds from the end of a killed worker to another's first mark on a body it had in hand.

    Where no other worker was at work at that moment, one had to start first: that is no takeover.
    """
    killed = {one.worker: one.at for one in kills}
    bodies = [marks(folder, code) for code in codes]
    lives: dict[str, Span] = {}
    for one in (mark for there in bodies for mark in there):
        first, last = lives.get(one.worker, (one.at, one.at))
        lives[one.worker] = (min(first, one.at), max(last, one.at))
    found: list[float] = []
    for there in bodies:
        for before, after in pairwise(there):
            at = killed.get(before.worker)
            if at is None or after.worker == before.worker or after.at < at:
                continue
            if any(first < at < last for first, last in lives.values()):
                found.append(after.at - at)
    return found
