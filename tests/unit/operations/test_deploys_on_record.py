"""What a deploy by hand puts on record of itself, by its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.sample import lay_out

from moyai.engine.stacks import Step
from moyai.errors import MoyaiError, OperationFailed, Refused
from moyai.operations.deploys.events import (
    End,
    Interrupted,
    Phase,
    Planned,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploys.on_record import DeployRecord
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.evidence.deeds import DeedFiles, deed_files
from moyai.operations.site.session import Session, open_session
from moyai.planning.plans import Plan, PlannedAction, PlannedStack
from moyai.planning.topology import FOUNDATION, TENANT
from moyai.texts import same

DAY = date(2026, 11, 26)
SHARED, KISHIWADA, IKEDA, TAISHI = "shared", "272027", "272043", "273813"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    return open_session(lay_out(tmp_path / "project"), "sandbox")


def stack(name: str, action: PlannedAction = "update") -> PlannedStack:
    project = FOUNDATION if name == SHARED else TENANT
    return PlannedStack(project, name, name, action, (), fingerprint={"lgwan": "1"})


def plan(*tenants: PlannedStack) -> Plan:
    return Plan(DAY, (stack(SHARED),), tenants)


def record(session: Session) -> DeployRecord:
    return DeployRecord(session, Wish("all", DAY), ByHand("deploy", "keikaku@example.jp"))


def told(session: Session) -> list[dict[str, Any]]:
    files = deed_files(session.workspace.runtime.home)
    (deed,) = files.ids()
    return [json.loads(line.content) for line in files.lines(deed)]


def ended(name: str, end: End, error: MoyaiError | None = None, *ops: Any) -> StackEnded:
    steps = tuple(Step(op, "aws:s3/bucket:Bucket", "b") for op in ops)
    return StackEnded(name, name, end, error, steps)


def test_each_body_s_end_is_its_own_and_a_failure_s_words_are_the_federation_s(
    session: Session,
) -> None:
    found = record(session)
    found.begins(plan(stack(KISHIWADA), stack(IKEDA), stack(TAISHI, "none")))
    found.sees(ended(SHARED, End.DONE))
    found.sees(ended(KISHIWADA, End.DONE, None, "create", "same", "update", "create"))
    found.sees(ended(IKEDA, End.FAILED, OperationFailed(same("beside 岸和田市"))))
    found.ends()
    begun, last = told(session)
    assert (begun["result"], last["result"]) == ("begun", "failed")
    assert set(begun["bodies"]) == {KISHIWADA, IKEDA}
    good, bad = last["bodies"][KISHIWADA], last["bodies"][IKEDA]
    assert (good["result"], good["create"], good["update"]) == ("applied", 2, 1)
    assert (bad["result"], bad["type"]) == ("failed", "OperationFailed")
    assert "岸和田市" not in json.dumps(bad, ensure_ascii=False)
    assert last["federation"]["failures"][IKEDA]["what"]["ja"] == "beside 岸和田市"
    assert last["federation"]["failed_codes"] == [IKEDA]
    assert last["plan_sha256"] == begun["plan_sha256"]


def test_a_body_that_the_first_plan_had_not_is_on_record_before_it_runs(session: Session) -> None:
    found = record(session)
    found.begins(plan(stack(KISHIWADA)))
    found.goes_on([stack(KISHIWADA), stack(IKEDA)])
    assert [set(one["bodies"]) for one in told(session)] == [{KISHIWADA}, {IKEDA}]
    found.goes_on([stack(IKEDA)])
    assert len(told(session)) == 2


def test_an_interrupt_says_who_was_under_way_and_who_was_left_alone(session: Session) -> None:
    found = record(session)
    found.begins(plan(stack(KISHIWADA), stack(IKEDA)))
    found.sees(StackMoved(KISHIWADA, KISHIWADA, Phase.STACK))
    found.sees(Interrupted())
    found.ends()
    last = told(session)[-1]
    assert last["result"] == "interrupted"
    assert last["bodies"][KISHIWADA]["result"] == "interrupted"
    assert last["bodies"][IKEDA]["result"] == "nothing"


@pytest.mark.parametrize(
    ("error", "result"),
    [(KeyboardInterrupt(), "interrupted"), (OperationFailed(same("gone")), "failed")],
)
def test_an_error_of_the_whole_is_its_end(
    session: Session, error: BaseException, result: str
) -> None:
    found = record(session)
    found.begins(plan(stack(KISHIWADA)))
    found.fails(error)
    assert told(session)[-1]["result"] == result
    found.fails(error)
    assert len(told(session)) == 2, "one end"


def test_an_interrupt_while_its_beginning_was_put_on_record_is_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = DeedFiles.put

    def interrupted(self: DeedFiles, key: str, line: Mapping[str, object]) -> None:
        put(self, key, line)
        raise KeyboardInterrupt

    found = record(session)
    with monkeypatch.context() as patched:
        patched.setattr(DeedFiles, "put", interrupted)
        with pytest.raises(KeyboardInterrupt) as interrupt:
            found.begins(plan(stack(KISHIWADA)))
    found.fails(interrupt.value)
    begun, last = told(session)
    assert (begun["result"], last["result"]) == ("begun", "interrupted")
    assert last["bodies"][KISHIWADA]["result"] == "nothing", "nothing of it was touched"


def test_what_an_operation_has_in_hand_was_refused(session: Session) -> None:
    found = record(session)
    found.begins(plan(stack(KISHIWADA), stack(IKEDA)))
    found.sees(Planned(plan(stack(KISHIWADA, "refused"), stack(IKEDA))))
    found.sees(ended(IKEDA, End.FAILED, Refused(same("another has it"))))
    found.ends()
    last = told(session)[-1]
    assert {code: one["result"] for code, one in last["bodies"].items()} == {
        KISHIWADA: "refused",
        IKEDA: "refused",
    }
    assert last["result"] == "refused"


def test_the_plan_s_hash_is_of_what_would_be_done(session: Session) -> None:
    first, second = record(session), record(session)
    first.begins(plan(stack(KISHIWADA)))
    second.begins(plan(stack(KISHIWADA, "create")))
    files = deed_files(session.workspace.runtime.home)
    hashes = [json.loads(files.lines(one)[0].content)["plan_sha256"] for one in files.ids()]
    assert len(set(hashes)) == 2
