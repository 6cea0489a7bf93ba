"""Every step of every kind says what becomes of it: undone, nothing to take back, kept, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.kinds import rotate
from moyai.operations.kinds.kind import InDoubt, Step, Stopped, TakenBack, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import KINDS, kind_of
from moyai.operations.kinds.upgrade import step as upgrade_step
from moyai.operations.kinds.upgrade.back import back_steps
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.ways_back import (
    AS_BEFORE,
    NOT_SAID,
    NOTHING,
    UNDONE,
    StepEnd,
    Way,
    stays,
    touched,
    way_back_in,
)
from moyai.texts import Text, same

CODE = "271004"
SOURCE = SiteSource(Path("tenants.yaml"), "sandbox")
FAILED = OperationFailed(same("it failed"))
_PREFLIGHT = {"release": "1.0.0", "end_sha256": "e", "contracts": (3,)}
DONE: Mapping[str, Mapping[str, Any]] = {
    "preflight": _PREFLIGHT,
    "dump:eapp-a": {"manifest": "m"},
    "restore-test:eapp-a": {"manifest": "m", "rows": 1, "tables": 1},
    "deploy": {"update": 1, "same": 3},
    "new:eapp-a": {"version": "v", "previous": {}},
    "void:eapp-a": {"refused": ("app",), "sessions": 0},
    "backup": {"manifest": "m", "schema_version": 2, "token": {}},
    "migrate-expand": {"applied": ("0002_more",), "schema_version": 2},
}
"""What steps leave that are done; the others leave nothing."""
READS = (Way.NOTHING, Way.NOTHING)
DEPLOYED = {"preflight": READS, "deploy": (Way.STAYS, Way.STAYS)}
SAID: Mapping[str, Mapping[str, tuple[Way, Way]]] = {
    "check": {"health": READS},
    "backup": {
        "dump:eapp-a": (Way.STAYS, Way.UNKNOWN),
        "restore-test:eapp-a": (Way.NOTHING, Way.UNKNOWN),
    },
    "deploy": DEPLOYED,
    "edit": {"file": READS, **DEPLOYED},
    "rotate": {
        "preflight": READS,
        "new:eapp-a": (Way.STAYS, Way.UNKNOWN),
        "set:eapp-a": (Way.UNDONE, Way.UNDONE),
        "restart:eapp-a": (Way.STAYS, Way.UNKNOWN),
        "health:eapp-a": READS,
        "void:eapp-a": (Way.STAYS, Way.UNKNOWN),
    },
    "upgrade": {
        "preflight": READS,
        "close-writes": (Way.UNDONE, Way.NOTHING),
        "backup": (Way.STAYS, Way.UNKNOWN),
        "stack": (Way.UNDONE, Way.NOTHING),
        "migrate-expand": (Way.STAYS, Way.UNKNOWN),
        "health": READS,
        "migrate-contract": (Way.UNDONE, Way.NOTHING),
        "health-after": READS,
        "release": (Way.UNDONE, Way.NOTHING),
    },
}
"""Of each step: what is said of it where it was done, and where it was begun and had no effect to be seen.
`open-writes` and the steps of an approved way back are for a person, once begun."""
FOR_A_PERSON = {"open-writes"}


def _plan(kind: str) -> OperationPlan:
    body = PlannedBody(CODE, "body", 1, "0" * 64, (), 1, None)
    given = {"service": "eapp-a", "release": "1.1.0", "services": {CODE: ("eapp-a",)}}
    when = datetime(2026, 11, 26, tzinfo=UTC)
    return OperationPlan(kind, "eapp-a", given, "", "", "", when, (), (body,), 0, 0)


def _steps(kind: str) -> dict[str, Step]:
    plan = _plan(kind)
    return {one.name: one for one in kind_of(kind, SOURCE).steps(plan, plan.bodies[0])}


def _work(kind: str, *done: str) -> Work:
    """In which these steps are done."""
    plan = _plan(kind)
    results = {name: DONE.get(name, {}) for name in done}
    return Work("20261126-1", plan, plan.bodies[0], 1, "k", results, frozenset({"plan"}))


class _Body:
    """A body of which one step's effect is there, or none; everything done to it is of no account."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_there: bool) -> None:
        self.is_there = is_there
        monkeypatch.setattr(upgrade_step, "subscribed", lambda *_: self)
        monkeypatch.setattr(rotate, "_body", lambda *_: self)
        monkeypatch.setattr("moyai.operations.kinds.upgrade.data.nothing_written", lambda *_: True)
        self.registry = self.outputs = self.manifest = SimpleNamespace()
        self.service, self.target = "eapp-a", "1.1.0"
        self.record = SimpleNamespace(releases={"eapp-a": "1.1.0" if is_there else "1.0.0"})
        self.restarts = SimpleNamespace(deployment=lambda _: "d", begin_anew=lambda *_: None)

    def inside(self) -> Any:
        closed = {"closed_by": "20261126-1" if self.is_there else None}
        counted = {"schema_version": 3 if self.is_there else 2, "token": {"objects": "o"}}
        fields = {"writes_state": closed, "writes_count": counted}
        fields["restore_state"] = {"restored": False}
        return _Inside(fields)

    def bring(self, _: str | None) -> None:
        """On record."""

    def build_back(self, _: object) -> dict[str, int]:
        return {"update": 1, "same": 4} if self.is_there else {}

    def change_record(self, _: object) -> None:
        """On record."""

    def health(self, _: str) -> None:
        """It is well."""


class _Inside:
    def __init__(self, fields: Mapping[str, Mapping[str, object]]) -> None:
        self._fields = fields

    def __getattr__(self, verb: str) -> Any:
        return lambda *_: SimpleNamespace(fields=self._fields.get(verb, {}))


@pytest.fixture(autouse=True)
def _rotating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate.Set, "_password", lambda *_: {"changed_at": "now"})


def _undone(step: Step, work: Work) -> TakenBack:
    return step.undo(work, FAILED)


def test_all_steps_of_all_kinds_are_told_of() -> None:
    assert set(KINDS) == set(SAID)
    for kind, said in SAID.items():
        assert set(_steps(kind)) - FOR_A_PERSON == set(said)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, said in SAID.items() for name in said]
)
def test_each_step_says_what_became_of_it(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, before = (
        _steps(kind)[name],
        [one for one in _steps(kind) if one not in (name, "void:eapp-a")],
    )
    needed = [one for one in before if one in DONE]
    found = []
    for is_there in (True, False):
        _Body(monkeypatch, is_there=is_there)
        work = _work(kind, *needed, *([name] if is_there else []))
        answer = _undone(step, work)
        found.append(answer.way_back.way)
        said = answer.way_back.said
        assert said.ja
        assert said.en
        assert not said.ja.endswith("。")
        assert way_back_in(answer.document) == answer.way_back
    assert tuple(found) == SAID[kind][name]
    assert not step.only_reads or SAID[kind][name] == READS


def test_what_nobody_may_take_back_is_for_a_person() -> None:
    work = _work("upgrade", "preflight")
    steps = [_steps("upgrade")["open-writes"]]
    steps += [one for one in back_steps(SOURCE) if not one.only_reads]
    assert len(steps) == 4
    for step in steps:
        with pytest.raises(InDoubt):
            step.undo(work, FAILED)


def test_writes_that_a_stop_kept_from_being_opened_leave_nothing_to_take_back() -> None:
    found = _steps("upgrade")["open-writes"].undo(_work("upgrade", "preflight"), Stopped())
    assert found.way_back == NOTHING


def test_writes_that_another_has_closed_are_not_said_to_be_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _Body(monkeypatch, is_there=True)
    other = replace(_work("upgrade", "preflight", "close-writes"), operation="20261126-2")
    assert _undone(_steps("upgrade")["close-writes"], other).way_back == NOTHING


def test_passwords_whose_old_ones_are_void_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    _Body(monkeypatch, is_there=True)
    done = ("new:eapp-a", "set:eapp-a", "restart:eapp-a", "void:eapp-a")
    steps, work = _steps("rotate"), _work("rotate", *done)
    for name in done:
        way_back = _undone(steps[name], work).way_back
        assert (way_back.way, "void" in way_back.said.en) == (Way.STAYS, True)


def test_what_was_expanded_is_undone_where_data_went_back() -> None:
    work = _work("upgrade", "preflight", "migrate-expand")
    back = replace(work, results={**work.results, "-migrate-contract": {"restored": "m"}})
    assert _undone(_steps("upgrade")["migrate-expand"], back).way_back == UNDONE


def test_what_an_attempt_before_expanded_stays_though_this_one_found_nothing_to_do() -> None:
    results = {"preflight": _PREFLIGHT, "migrate-expand": {"applied": ()}}
    work = replace(_work("upgrade"), results=results)
    step = _steps("upgrade")["migrate-expand"]
    assert _undone(step, work).way_back == NOTHING
    earlier = {"migrate-expand": {"applied": ("0002_more",)}}
    assert _undone(step, replace(work, earlier=earlier)).way_back.way is Way.STAYS


def test_a_backup_of_a_service_that_the_body_does_not_have_is_none() -> None:
    work = replace(_work("backup"), results={"dump:eapp-a": {}})
    assert _undone(_steps("backup")["dump:eapp-a"], work).way_back == NOTHING


@pytest.mark.parametrize("name", ["close-writes", "stack", "migrate-contract", "release"])
def test_what_a_dead_worker_may_have_taken_back_is_said_with_care(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is there any more: undone where the step was done; where it was not, nobody knows."""
    _Body(monkeypatch, is_there=False)
    step, needed = _steps("upgrade")[name], ("preflight", "backup")
    done = replace(_work("upgrade", *needed, name), again=True)
    assert _undone(step, done).way_back == UNDONE
    failed = replace(_work("upgrade", *needed), again=True)
    assert _undone(step, failed).way_back == AS_BEFORE


@pytest.mark.parametrize(
    "result", [None, {}, {"back": True}, {"way_back": "undone"}, {"way_back": {"way": "x"}}]
)
def test_records_of_versions_before_are_told_with_care(result: object) -> None:
    assert way_back_in(result) == NOT_SAID
    assert NOT_SAID.way is Way.UNKNOWN


def test_what_is_touched_is_said_by_name() -> None:
    kept = stays(Text("復元に使えます", "it can be restored"))
    ends = [
        StepEnd(same("a"), UNDONE),
        StepEnd(same("bb"), NOTHING),
        StepEnd(same("c"), kept),
        StepEnd(same("d"), AS_BEFORE),
        StepEnd(same("e"), None),
        StepEnd(same("f"), UNDONE),
    ]
    said = touched(ends)
    assert said.en.startswith(
        "Taken back: a, f. Stays as it is: c (it can be restored). Not known: d ("
    )
    assert said.en.endswith(" Not taken back: e.")
    assert said.ja.startswith("元に戻した手順: a、f。そのまま残るもの: c（復元に使えます）。")
    assert "bb" not in said.en


def test_where_nothing_was_changed_nothing_else_is_said() -> None:
    assert touched([]) == touched([StepEnd(same("a"), NOTHING)]) == NOTHING_TOUCHED
    assert "this attempt" in touched([], is_first=False).en
