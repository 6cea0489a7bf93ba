"""The checker of crash campaigns finds what it is there for."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.crash.operations.bodies import STEPS, Wish, make_plan
from tests.crash.operations.check import Findings, check_marks, takeovers
from tests.crash.operations.crew import Kill
from tests.crash.operations.marks import Mark

from moyai.operations.database.rows import BodyRow, OperationRow, OperationView
from moyai.planning.fleet.plans import OperationPlan

CODE = "100000"
NOW = datetime.now(UTC).timestamp()


def _plan(folder: Path, **wish: object) -> OperationPlan:
    given = Wish(2, 1, 1, 0.0, failing=0)
    return make_plan(folder, replace(given, **wish), random.Random(1))  # type: ignore[arg-type]


def _marks(at: float, steps: tuple[str, ...] = STEPS, worker: str = "w1") -> list[Mark]:
    whats = ("begin", "effect", "end")
    return [
        Mark(what, 1, step, f"{step}-{at}", worker, at + number + part / 10, NOW)
        for number, step in enumerate(steps)
        for part, what in enumerate(whats)
    ]


def _write(folder: Path, code: str, marks: list[Mark]) -> None:
    lines = "".join(f"{json.dumps(asdict(one))}\n" for one in marks)
    (folder / f"{code}.jsonl").write_text(lines)


def _view(plan: OperationPlan, status: str = "done") -> OperationView:
    moment = datetime.now(UTC)
    row = OperationRow(
        *("1", "marked", "marks", "sandbox", "done", None, "run", "0" * 64, "a@example.jp"),
        *(moment, moment, moment),
    )
    bodies = tuple(
        BodyRow(one.code, one.name, one.wave, status, None, 1, "w1", moment, moment, None, None)
        for one in plan.bodies
    )
    return OperationView(row, plan, None, {}, (), bodies, (), moment)


def _found(folder: Path, plan: OperationPlan, first: list[Mark], status: str = "done") -> Findings:
    _write(folder, CODE, first)
    _write(folder, "100001", _marks(100))
    found = Findings()
    check_marks(folder, plan, _view(plan, status), found)
    return found


def test_nothing_is_found_where_all_is_well(tmp_path: Path) -> None:
    assert _found(tmp_path, _plan(tmp_path), _marks(0)).none


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda there: [*there, *_marks(50, STEPS[-1:])], "duplicates"),
        (lambda there: [one for one in there if one.step != STEPS[1]], "lost"),
        (lambda there: [*there[:1], *_marks(0.5, STEPS[:1], "w2"), *there[1:]], "two_at_once"),
        (lambda there: [replace(one, at=one.at + 99) for one in there], "over_concurrency"),
        (lambda there: [*there[3:6], *there[:3], *there[6:]], "untrue"),
        (lambda there: [*there, *_marks(50, ("-write-1",))], "untrue"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, change: object, kind: str) -> None:
    assert callable(change)
    found = _found(tmp_path, _plan(tmp_path), change(_marks(0)))
    assert found.counts()[kind] > 0


def test_a_body_that_begins_before_its_window_is_found(tmp_path: Path) -> None:
    plan = _plan(tmp_path, windows=True)
    assert plan.bodies[-1].calendar is not None
    assert f"100001 began at {NOW}" in _found(tmp_path, plan, _marks(0)).out_of_window


def test_a_failed_body_that_was_not_taken_back_is_found(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    plan = replace(plan, parameters={**plan.parameters, f"{CODE}:write-3": "fails"})
    found = _found(tmp_path, plan, _marks(0, STEPS[:2]), "failed")
    assert found.lost == [f"{CODE} -write-1", f"{CODE} -engine-2"]


def test_a_status_that_is_not_so_is_found(tmp_path: Path) -> None:
    assert len(_found(tmp_path, _plan(tmp_path), _marks(0), "held").untrue) == 2


def test_takeover_is_from_the_kill_to_the_next_workers_first_mark(tmp_path: Path) -> None:
    _write(tmp_path, CODE, [*_marks(0, STEPS[:1]), *_marks(5, STEPS[1:], "w2")])
    _write(tmp_path, "100001", _marks(1, worker="w2"))
    assert takeovers(tmp_path, [CODE, "100001"], [Kill("w1", 3.0)]) == [2.0]


def test_where_nobody_else_was_at_work_there_is_no_takeover(tmp_path: Path) -> None:
    _write(tmp_path, CODE, [*_marks(0, STEPS[:1]), *_marks(5, STEPS[1:], "w2")])
    assert takeovers(tmp_path, [CODE], [Kill("w1", 3.0)]) == []
