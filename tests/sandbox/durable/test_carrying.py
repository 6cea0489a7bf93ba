"""One body's steps on record: forward, back, taken over at any place, and never twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from counting import Counted, CountedStep, effects, make_plan, superseded
from tests.planned import create
from tests.sample import SAMPLE
from tests.sandbox.hands import begin, register

from moyai.errors import UsageError
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.debts import owed_at
from moyai.operations.database.epochs import behind
from moyai.operations.database.left import ledger_sha256
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown, steps
from moyai.operations.database.rows import BodyRow
from moyai.operations.database.writing import retry, want
from moyai.operations.durable.carrying import patience
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ended, Fenced, Ledger, Next, Taken
from moyai.operations.durable.carrying.overtaken import seen_through
from moyai.operations.durable.carrying.threshold import Threshold
from moyai.operations.fleet.risks import risks_otherwise
from moyai.operations.kinds.kind import Result, Stopped, Work
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.taking_over import TakenOver
from moyai.planning.openings import WEEK, Calendar
from moyai.registry.load import require
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.operation_settings import EVERYBODY, Risk, Wave
from moyai.texts import JAPAN, same

CODE = "100000"
_CONTENTS = sa.text("SELECT content FROM moyai.audit WHERE chain LIKE 'body:%' ORDER BY seq")
CLEARED = frozenset({"plan"})


@dataclass
class Office:
    """An operation on one body that was begun, and what carries it."""

    operator: sa.Engine
    worker: sa.Engine
    folder: Path
    plan: OperationPlan
    operation: str = ""

    def begin(self) -> None:
        with self.operator.begin() as connection:
            self.operation = create(connection, self.plan, None)
        assert begin(self.worker, self.operation, CODE)

    def take(self, worker: str = "w1") -> tuple[Ledger, Taken]:
        ledger = Ledger(self.worker, worker)
        taken = ledger.take(self.operation, CODE, self.attempt)
        assert taken is not None
        return ledger, taken

    def carry(self, worker: str = "w1") -> BodyRow:
        return self.carry_with(Ledger(self.worker, worker))

    def carry_with(self, ledger: Ledger) -> BodyRow:
        taken = ledger.take(self.operation, CODE, self.attempt)
        assert taken is not None
        plan = self.plan
        Carrying(ledger, Counted(), plan, plan.body(CODE), taken).run()
        return self.body

    attempt = 1

    def with_calendar(self, calendar: Calendar) -> None:
        """Begin a body that has windows."""
        [body] = self.plan.bodies
        self.plan = replace(self.plan, bodies=(replace(body, calendar=calendar),))
        self.begin()

    @property
    def body(self) -> BodyRow:
        with self.operator.connect() as connection:
            [body] = shown(connection, self.operation).bodies
        return body

    def results(self) -> dict[str, Any]:
        with self.operator.connect() as connection:
            return dict(
                map(tuple, connection.execute(sa.text("SELECT step, result FROM moyai.step")))
            )

    def told(self, action: str) -> list[tuple[Any, ...]]:
        """Records of the body's chain: step, result, details."""
        with self.operator.connect() as connection:
            records = [json.loads(one) for one in connection.execute(_CONTENTS).scalars()]
        found = [one for one in records if one["action"] == action]
        return [(one["step"], one["result"], one["details"]) for one in found]

    def steps(self) -> list[tuple[str, str]]:
        with self.operator.connect() as connection:
            return [(one.step, one.status) for one in steps(connection, self.operation)]


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    operator = open_engine(places.of("moyai_operator"))
    worker = open_engine(places.of("moyai_worker"))
    for name in ("w1", "w2", "frozen", "other", "late", "dies"):
        register(worker, name)
    yield Office(operator, worker, tmp_path, make_plan(tmp_path, 1))
    operator.dispose()
    worker.dispose()


def _with(office: Office, **parameters: Any) -> None:
    office.plan = make_plan(office.folder, 1, **parameters)
    office.begin()


def test_a_body_goes_forward_through_all_steps(office: Office) -> None:
    office.begin()
    assert office.carry().status == "done"
    assert effects(office.folder, CODE) == ["1 write-1", "1 write-2", "1 write-3"]
    names = ("read", "write-1", "write-2", "write-3")
    assert office.steps() == [(name, "done") for name in names]


def test_a_later_job_that_nobody_knows_of_shows_an_older_copy(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "superseded"})
    body = office.carry()
    assert body.status == "held"
    assert effects(office.folder, CODE) == ["1 write-1"], "nothing is taken back"
    with office.operator.connect() as connection:
        found = behind(connection)
    assert found is not None
    assert found.what["by"] == "fence"


def test_a_later_job_of_who_has_the_body_by_now_shows_nothing(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "superseded"})
    ledger, taken = office.take("late")
    office.take("w2")
    with pytest.raises(Fenced):
        seen_through(ledger, taken, superseded(same("late")))
    with office.operator.connect() as connection:
        assert behind(connection) is None


def test_a_step_that_fails_has_those_before_it_taken_back(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "failed"})
    body = office.carry()
    assert body.status == "failed"
    assert body.error is not None
    assert "write-2 was told" in body.error["what"]["en"]
    assert effects(office.folder, CODE) == ["1 write-1", "1 -write-2", "1 -write-1"]
    assert office.steps()[2:] == [
        ("write-2", "failed"),
        ("-write-2", "done"),
        ("-write-1", "done"),
    ]
    assert _ways(office) == {"-write-2": "nothing", "-write-1": "undone"}
    assert _touched(office) == "Taken back: write-1."
    [(_, _, ended)] = office.told("counted.body")
    assert ended["touched"]["ja"] == "元に戻した手順: write-1。", "a body's export says so too"


def test_a_look_that_fails_has_changed_nothing(office: Office) -> None:
    _with(office, **{f"{CODE}:read:1": "failed"})
    assert office.carry().status == "failed"
    assert (_ways(office), _touched(office)) == ({}, "Nothing was touched.")


def test_a_body_that_is_stopped_before_its_first_step_has_changed_nothing(office: Office) -> None:
    office.begin()
    with office.operator.begin() as connection:
        want(connection, office.operation, "stop", "operator:a@example.jp")
    assert office.carry().status == "cancelled"
    assert (office.steps(), _touched(office)) == ([("read", "failed")], "Nothing was touched.")


def test_a_stop_before_the_first_change_takes_nothing_back(office: Office) -> None:
    """The step that was about to begin is on record, and did nothing."""
    office.begin()
    ledger, taken = office.take("w1")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    ledger.go_on(taken, Ended("read", {}), None)
    with office.operator.begin() as connection:
        want(connection, office.operation, "stop", "operator:a@example.jp")
    assert office.carry("w2").status == "cancelled"
    assert effects(office.folder, CODE) == []
    assert (_ways(office), _touched(office)) == ({"-write-1": "nothing"}, "Nothing was touched.")


def test_a_taking_back_that_a_dead_worker_ended_is_not_said_to_be_nothing(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "failed"})
    with pytest.raises(_Killed):
        office.carry_with(_Unanswered(Ledger(office.worker, "dies"), "-write-1"))
    assert effects(office.folder, CODE)[-1] == "1 -write-1"
    assert office.carry("w2").status == "failed"
    assert effects(office.folder, CODE).count("1 -write-1") == 1
    assert _ways(office)["-write-1"] == "undone"


def _ways(office: Office) -> dict[str, str]:
    """What became of each step on its way back, on record."""
    found = office.results()
    return {
        name: result["way_back"]["way"] for name, result in found.items() if name.startswith("-")
    }


def _touched(office: Office) -> str:
    error = office.body.error
    assert error is not None
    return str(error["touched"]["en"])


@pytest.mark.parametrize("status", ["skipped", "moved"])
def test_what_cannot_begin_is_left_with_a_debt(office: Office, status: str) -> None:
    _with(office, **{f"{CODE}:read:1": status})
    assert office.carry().status == status
    assert effects(office.folder, CODE) == []
    with office.operator.connect() as connection:
        owed = connection.execute(sa.text("SELECT code, subject FROM moyai.debt")).all()
    assert [tuple(row) for row in owed] == [(CODE, "lines")]


def test_doubt_takes_nothing_back(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "held"})
    assert office.carry().status == "held"
    assert effects(office.folder, CODE) == ["1 write-1"]
    assert _touched(office) == "Not taken back: write-2, write-1."


def test_what_cannot_be_taken_back_holds_the_body_with_both_reasons(office: Office) -> None:
    _with(office, **{f"{CODE}:write-2:1": "failed", f"{CODE}:-write-1:1": "failed"})
    body = office.carry()
    assert body.status == "held"
    assert body.error is not None
    assert "told to end" in body.error["what"]["en"]
    assert "cannot be taken back" in body.error["what"]["en"]
    assert _touched(office) == "Not taken back: write-1."


def test_an_attempt_that_fails_takes_back_what_a_held_one_left(office: Office) -> None:
    _with(office, **{f"{CODE}:write-3:1": "held", f"{CODE}:write-1:2": "failed"})
    assert office.carry().status == "held"
    with office.operator.begin() as connection:
        retry(connection, office.operation, [CODE], "operator:a@example.jp")
    assert begin(office.worker, office.operation, CODE)
    office.attempt = 2
    assert office.carry().status == "failed"
    assert effects(office.folder, CODE) == [
        "1 write-1",
        "1 write-2",
        "2 -write-3",
        "2 -write-2",
        "2 -write-1",
    ]


def test_an_attempt_is_told_what_those_before_began_to_change(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(office, **{f"{CODE}:write-2:1": "held"})
    told: list[frozenset[str]] = []
    do = CountedStep.do

    def heard(self: CountedStep, work: Work) -> Result:
        told.append(work.begun)
        return do(self, work)

    monkeypatch.setattr(CountedStep, "do", heard)
    assert office.carry().status == "held"
    with office.operator.begin() as connection:
        retry(connection, office.operation, [CODE], "operator:a@example.jp")
    assert begin(office.worker, office.operation, CODE)
    office.attempt = 2
    assert office.carry().status == "done"
    assert told == [frozenset()] * 3 + [frozenset({"write-1", "write-2"})] * 4


def test_a_stop_ends_the_step_that_was_in_hand_first(office: Office) -> None:
    office.begin()
    ledger, taken = office.take("w1")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    ledger.go_on(taken, Ended("read", {}), Next("write-1", 2, "k2"))
    with office.operator.begin() as connection:
        want(connection, office.operation, "stop", "operator:a@example.jp")
    assert office.carry("w2").status == "cancelled"
    assert effects(office.folder, CODE) == ["1 write-1", "1 -write-1"]
    assert _ways(office) == {"-write-2": "nothing", "-write-1": "undone"}
    assert _touched(office) == "Taken back: write-1."


class _Killed(BaseException):
    """A process that ends here."""


class _Unanswered(Ledger):
    """Ends its process when a step's end is to be put on record: what it did is done."""

    def __init__(self, ledger: Ledger, step: str) -> None:
        super().__init__(ledger._engine, ledger._worker)
        self._step = step

    def finish(self, taken: Taken, status: str, **given: Any) -> None:
        if given["ended"] is not None and given["ended"].name == self._step:
            raise _Killed
        super().finish(taken, status, **given)


class _Mortal(Ledger):
    """Ends its process before or after its n-th call."""

    def __init__(self, ledger: Ledger, calls: int, after: bool) -> None:
        super().__init__(ledger._engine, ledger._worker)
        self._real, self._calls, self._after = ledger, calls, after

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        self._calls -= 1
        if self._calls == 0 and not self._after:
            raise _Killed
        answer = self._real.go_on(taken, ended, following)
        if self._calls == 0:
            raise _Killed
        return answer

    def hand_over(self, *given: Any) -> str:
        self._calls -= 1
        if self._calls == 0 and not self._after:
            raise _Killed
        answer = self._real.hand_over(*given)
        if self._calls == 0:
            raise _Killed
        return answer

    def finish(self, *arguments: object, **named: object) -> None:
        self._real.finish(*arguments, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(1, 9))
@pytest.mark.parametrize("fails", [False, True])
def test_a_carrying_that_ends_anywhere_is_gone_on_with(
    office: Office, calls: int, after: bool, fails: bool
) -> None:
    _with(office, **({f"{CODE}:write-3:1": "failed"} if fails else {}))
    ledger, taken = office.take()
    plan = office.plan
    mortal = _Mortal(ledger, calls, after)
    carrying = Carrying(mortal, Counted(), plan, plan.body(CODE), taken)
    try:
        carrying.run()
    except _Killed:
        office.carry("w2")
    body = office.body
    there = effects(office.folder, CODE)
    assert len(there) == len(set(there)), there
    if fails:
        assert body.status == "failed"
        assert [one for one in there if "-" not in one.split()[1][:1]] == there[:2]
        assert sorted(there[2:]) == ["1 -write-1", "1 -write-2", "1 -write-3"]
    else:
        assert body.status == "done"
        assert there == ["1 write-1", "1 write-2", "1 write-3"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(1, 8))
def test_a_body_that_could_not_be_taken_back_is_held_wherever_its_carrying_ends(
    office: Office, calls: int, after: bool
) -> None:
    _with(office, **{f"{CODE}:write-2:1": "failed", f"{CODE}:-write-1:1": "failed"})
    ledger, taken = office.take()
    plan = office.plan
    mortal = _Mortal(ledger, calls, after)
    carrying = Carrying(mortal, Counted(), plan, plan.body(CODE), taken)
    try:
        carrying.run()
    except _Killed:
        office.carry("w2")
    assert office.body.status == "held"


def _carrying(office: Office, worker: str = "w1", **named: Any) -> Carrying:
    """One that needs approval, and has it unless told otherwise."""
    ledger, taken = office.take(worker)
    plan = office.plan
    common = (ledger, Counted(), plan, plan.body(CODE), taken)
    return Carrying(*common, **{"cleared": CLEARED, "needs_approval": True, **named})


def _waits(office: Office) -> str:
    body = office.body
    assert (body.status, body.worker) == ("waiting", None)
    assert effects(office.folder, CODE) == []
    assert body.waits is not None
    return body.waits.en


def test_what_is_not_approved_any_more_waits_again(office: Office) -> None:
    office.begin()
    _carrying(office, cleared=frozenset()).run()
    assert "no approval of the plan counts now (it has run out" in _waits(office)
    with office.operator.connect() as connection:
        later = connection.execute(sa.text("SELECT may_begin_at > now() FROM moyai.body")).scalar()
    assert later is True, "or it would be begun at once by a worker that has another tenants.yaml"


def test_what_is_approved_begins(office: Office) -> None:
    office.begin()
    _carrying(office).run()
    assert office.body.status == "done"


def test_an_approval_that_lapses_while_a_body_is_looked_at_lets_it_wait(office: Office) -> None:
    office.begin()
    _carrying(office, approved=frozenset).run()
    assert "no approval of the plan counts now (it has run out" in _waits(office)
    assert office.steps() == [("read", "done")]
    assert begin(office.worker, office.operation, CODE)
    office.attempt = 2
    _carrying(office, approved=lambda: CLEARED).run()
    assert (office.body.status, office.body.attempts) == ("done", 2)


@pytest.mark.parametrize("wanted", ["pause", "cancel"])
def test_what_persons_want_counts_until_something_is_changed(office: Office, wanted: str) -> None:
    office.begin()
    with office.operator.begin() as connection:
        want(connection, office.operation, wanted, "operator:a@example.jp")
    _carrying(office).run()
    assert _waits(office)


def test_a_stop_before_anything_is_changed_takes_nothing_back(office: Office) -> None:
    office.begin()

    def stopped_meanwhile() -> frozenset[str]:
        with office.operator.begin() as connection:
            want(connection, office.operation, "stop", "operator:a@example.jp")
        return CLEARED

    _carrying(office, approved=stopped_meanwhile).run()
    assert (office.body.status, effects(office.folder, CODE)) == ("cancelled", [])
    assert office.steps() == [("read", "done")]


def _closed_now() -> Calendar:
    """A window that ended an hour ago, and is open for an hour each week."""
    begins = datetime.now(JAPAN) - timedelta(hours=2)
    day = WEEK[begins.weekday()]
    return Calendar(MaintenanceWindow((day,), begins.time().replace(microsecond=0), 1), ())


def test_a_window_that_closed_overnight_lets_a_body_wait_for_the_next(office: Office) -> None:
    office.with_calendar(_closed_now())
    ledger, taken = office.take("dies")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    _carrying(office, "w2").run()
    assert "waits for the next maintenance window" in _waits(office)


def test_a_body_that_has_begun_to_change_goes_on_outside_its_window(office: Office) -> None:
    office.with_calendar(_closed_now())
    ledger, taken = office.take("dies")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    ledger.go_on(taken, Ended("read", {}), Next("write-1", 2, "k2"))
    _carrying(office, "w2", approved=frozenset).run()
    assert office.body.status == "done"


def _begun_to_change(office: Office, fails: str = "") -> None:
    """By whoever has the workers' password."""
    office.begin()
    ledger, taken = office.take("dies")
    error = {"what": {"ja": "だめ", "en": "bad"}}
    ledger.go_on(taken, None, Next("read", 1, "k"))
    if fails == "read":
        ledger.go_on(taken, Ended("read", {}, error=error), None)
        return
    ledger.go_on(taken, Ended("read", {}), Next("write-1", 2, "k2"))
    if fails:
        ledger.go_on(taken, Ended("write-1", {}, error=error), None)


@pytest.mark.parametrize("fails", ["", "read", "write-1"])
def test_a_body_that_was_begun_without_an_approval_that_counted_is_held(
    office: Office, fails: str
) -> None:
    _begun_to_change(office, fails)
    asked: list[datetime] = []

    def counted(moment: datetime) -> frozenset[str]:
        asked.append(moment)
        return frozenset()

    _carrying(office, "w2", cleared=frozenset(), counted=counted).run()
    body = office.body
    assert (body.status, effects(office.folder, CODE)) == ("held", [])
    assert body.error is not None
    assert "no approval of the plan counted" in body.error["what"]["en"]
    with office.operator.connect() as connection:
        begun = "SELECT max(intended_at) FROM moyai.step"
        assert asked == [connection.execute(sa.text(begun)).scalar()]


def test_a_body_that_is_approved_anew_after_it_was_held_goes_on_with_a_retry(
    office: Office,
) -> None:
    _begun_to_change(office)
    _carrying(office, "w2", cleared=frozenset(), counted=lambda _: frozenset()).run()
    with office.operator.begin() as connection:
        retry(connection, office.operation, [CODE], "operator:a@example.jp")
    assert begin(office.worker, office.operation, CODE)
    office.attempt = 2
    _carrying(office, "w2", counted=lambda _: frozenset()).run()
    assert office.body.status == "done"


def test_a_body_whose_approval_counted_when_it_was_begun_goes_on(office: Office) -> None:
    _begun_to_change(office)
    _carrying(office, "w2", cleared=frozenset(), counted=lambda _: CLEARED).run()
    assert office.body.status == "done"


def test_a_body_that_is_approved_by_now_goes_on(office: Office) -> None:
    _begun_to_change(office)
    _carrying(office, "w2", counted=lambda _: frozenset()).run()
    assert office.body.status == "done"


def test_a_body_is_not_judged_while_the_file_cannot_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.01)
    _begun_to_change(office)
    unread = [UsageError(same("it is being edited"))] * 2

    def counted(_: datetime) -> frozenset[str]:
        if unread:
            raise unread.pop()
        return CLEARED

    _carrying(office, "w2", cleared=frozenset(), counted=counted).run()
    assert office.body.status == "done"
    assert not unread


def test_a_body_that_never_opens_again_is_owed(office: Office) -> None:
    day = datetime.now(JAPAN).date()
    never = (Freeze(day, day + timedelta(days=3000), "移行"),)
    office.with_calendar(replace(_closed_now(), freezes=never))
    _carrying(office).run()
    assert (office.body.status, effects(office.folder, CODE)) == ("skipped", [])
    with office.operator.connect() as connection:
        assert connection.execute(sa.text("SELECT code FROM moyai.debt")).scalar() == CODE


def test_looks_of_a_worker_that_died_are_taken_again(office: Office) -> None:
    _with(office, **{f"{CODE}:read:1": "skipped"})
    ledger, taken = office.take("dies")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    ledger.go_on(taken, Ended("read", {}), None)
    _carrying(office, "w2").run()
    assert (office.body.status, effects(office.folder, CODE)) == ("skipped", [])


def test_what_looks_taken_again_found_is_on_record(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.begin()
    ledger, taken = office.take("dies")
    ledger.go_on(taken, None, Next("read", 1, "k"))
    ledger.go_on(taken, Ended("read", {"step": "as it was"}), None)
    before: list[object] = []
    cross = Threshold.cross

    def crosses(self: Threshold, *given: Any) -> None:
        before.append(office.results()["read"])
        cross(self, *given)

    monkeypatch.setattr(Threshold, "cross", crosses)
    _carrying(office, "w2").run()
    assert office.body.status == "done"
    assert before == [{"step": "read"}], "a worker that dies after it leaves what holds now"
    assert [one for one in office.told("counted.step") if one[0] == "read"] == [
        ("read", "done", {"step": "as it was"}),
        ("read", "again", {"step": "read"}),
    ]


def test_only_the_result_of_a_step_that_is_done_is_put_on_record_anew(office: Office) -> None:
    office.begin()
    ledger, taken = office.take()
    ledger.go_on(taken, None, Next("read", 1, "k"))
    for name in ("read", "write-1"):  # not done, not begun
        with pytest.raises(psycopg.Error) as raised:
            ledger.look_again(taken, name, {})
        assert raised.value.sqlstate == "MY003"
    ledger.go_on(taken, Ended("read", {}), None)
    for _ in range(2):
        ledger.look_again(taken, "read", {"a": 1})
    assert office.results() == {"read": {"a": 1}}
    assert len(office.told("counted.step")) == 2, "asked again after a lost answer"
    office.take("other")
    with pytest.raises(Fenced):
        ledger.look_again(taken, "read", {"a": 2})


def test_a_body_that_was_put_back_is_put_back_once(office: Office) -> None:
    office.begin()
    carrying = _carrying(office, cleared=frozenset())
    carrying.run()
    carrying.run()
    with office.operator.connect() as connection:
        records = connection.execute(
            sa.text("SELECT count(*) FROM moyai.audit WHERE content LIKE '%counted.body%'")
        ).scalar()
    assert records == 1


def test_a_rest_ends_within_a_moment_where_running_bodies_are_to_stop(office: Office) -> None:
    office.begin()
    ledger, taken = office.take()
    work = Work("", office.plan, office.plan.body(CODE), 1, "", {}, frozenset())
    resting = replace(work, wanted=lambda: ledger.stands(taken).wanted)

    def stop() -> None:
        with office.operator.begin() as connection:
            want(connection, office.operation, "stop", "operator:a@example.jp")

    threading.Timer(0.3, stop).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        resting.rest(60)
    assert time.monotonic() - began < 1.3
    office.take("other")
    with pytest.raises(Fenced):
        resting.rest(60)


def test_who_was_taken_over_writes_nothing_more(office: Office) -> None:
    office.begin()
    ledger, taken = office.take("frozen")
    office.take("other")
    with pytest.raises(Fenced):
        ledger.go_on(taken, None, Next("read", 1, "k"))
    assert office.steps() == []


def test_a_call_asked_again_after_a_lost_answer_changes_nothing(office: Office) -> None:
    office.begin()
    ledger, taken = office.take()
    for _ in range(2):
        ledger.go_on(taken, None, Next("read", 1, "k"))
    for _ in range(2):
        ledger.go_on(taken, Ended("read", {}), Next("write-1", 2, "k2"))
    assert office.steps() == [("read", "done"), ("write-1", "intended")]
    for _ in range(2):
        ledger.go_on(taken, Ended("write-1", {}), None)
    assert office.steps() == [("read", "done"), ("write-1", "done")]


def test_an_attempt_that_is_over_is_not_taken(office: Office) -> None:
    office.begin()
    office.carry()
    assert Ledger(office.worker, "late").take(office.operation, CODE, 1) is None


def test_a_body_is_taken_over_only_from_where_the_plan_says(office: Office) -> None:
    office.begin()
    ledger, taken = office.take()
    ledger.go_on(taken, None, Next("read", 1, "k"))
    with pytest.raises(psycopg.Error) as raised:
        ledger.hand_over(taken, "20260101-1", {}, Ended("read", {}), Next("write-1", 2, "k2"))
    assert raised.value.sqlstate == "MY003"
    assert office.steps() == [("read", "intended")], "one with the other, or neither"


@pytest.mark.parametrize("calls", range(1, 4))
@pytest.mark.parametrize("after", [False, True])
def test_a_body_is_handed_over_with_its_first_change_or_not_at_all(
    office: Office, calls: int, after: bool
) -> None:
    _with(office, **{f"{CODE}:write-2:1": "held"})
    assert office.carry().status == "held"
    former = office.operation
    records = Ledger(office.worker, "w1").inherited(former, CODE)
    over = TakenOver(former, former, "write-2", "1", "2", ledger_sha256(records))
    given = {**office.plan.parameters, "takes_over": {CODE: over.entry()}}
    office.plan = replace(make_plan(office.folder, 1), parameters=given)
    office.begin()
    ledger, taken = office.take("dies")
    mortal = _Mortal(ledger, calls, after)
    with suppress(_Killed):
        Carrying(mortal, Counted(), office.plan, office.plan.body(CODE), taken).run()
    with office.operator.connect() as connection:
        [before] = shown(connection, former).bodies
    begun = any(name == "write-1" for name, _ in office.steps())
    said = before.error is not None and "has taken it over" in before.error["what"]["en"]
    assert said == begun


def test_who_was_taken_over_puts_nothing_back(office: Office) -> None:
    office.begin()
    carrying = _carrying(office, cleared=frozenset())
    office.take("other")
    with pytest.raises(Fenced):
        carrying.run()
    assert office.body.status == "running"


def test_a_step_is_told_whether_others_owed_its_body_the_same_kind_of_work(office: Office) -> None:
    before = datetime.now(UTC)
    _with(office, **{f"{CODE}:write-1:1": "failed"})
    assert office.carry().status == "failed"
    failed = datetime.now(UTC) + timedelta(seconds=1)
    ledger, other = Ledger(office.worker, "w1"), Taken("20260101-1", CODE, 1, 1, (), None)
    assert ledger.owed(other, office.plan, failed)
    assert not ledger.owed(other, office.plan, before)
    assert not ledger.owed(replace(other, operation=office.operation), office.plan, failed)
    assert not ledger.owed(other, replace(office.plan, subject="other 1"), failed)
    with office.operator.connect() as connection:
        asked = (office.plan.site, office.plan.kind, office.plan.subject.partition(" ")[0])
        assert owed_at(connection, *asked, failed) == {CODE}
        assert owed_at(connection, *asked, before) == frozenset()


@pytest.mark.parametrize("names", [(), ("failed-before",), ("failed-before", "contract")])
def test_who_approves_is_told_of_risks_that_are_not_as_on_record(
    office: Office, names: tuple[str, ...]
) -> None:
    file = require(SAMPLE)
    waves = (EVERYBODY, Wave("注意", risks=(Risk.FAILED_BEFORE,)))
    by_risk = replace(file, operations=replace(file.operations, waves=waves))
    _with(office, known_risks={CODE: names})
    with office.operator.connect() as connection:
        view = shown(connection, office.operation)
        told = risks_otherwise(connection, view, by_risk)
        assert risks_otherwise(connection, view, file) == (), "no wave goes by it"
    assert [CODE in one.en for one in told] == ([True] if names else [])
    assert all("still owed to it" in one.en for one in told)


def test_a_step_is_told_when_a_backup_of_its_body_was_restored_last(office: Office) -> None:
    office.plan = replace(office.plan, kind="backup")
    office.begin()
    ledger, taken = office.take()
    assert ledger.verified(CODE, "eapp-b") is None
    ledger.go_on(taken, None, Next("restore-test:eapp-b", 1, "k"))
    ledger.go_on(taken, Ended("restore-test:eapp-b", {"manifest": "m"}), None)
    seen = ledger.verified(CODE, "eapp-b")
    assert seen is not None
    assert abs((datetime.now(UTC) - seen).total_seconds()) < 60
    assert ledger.verified(CODE, "eapp-a") is ledger.verified("999999", "eapp-b") is None
