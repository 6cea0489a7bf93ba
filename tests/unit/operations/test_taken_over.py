"""What the preflight of an upgrade asks of a body that another operation left half-way, attempt by attempt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moyai.operations.database.left import StepRecord, left_by
from moyai.operations.kinds.kind import Moved, Result, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade import preflight
from moyai.operations.kinds.upgrade.body import Subscribed
from moyai.operations.kinds.upgrade.found import Found
from moyai.operations.site.places import today
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.taking_over import TakenOver, Way

CODE = "271004"
_OVER = TakenOver("20261126-1", "20261126-1", "close-writes", "1.0.0", "1.1.0", "f" * 64)


@dataclass(frozen=True, slots=True)
class Asked(preflight.Preflight):
    """Says what would be asked."""

    def _first(self, one: Subscribed, work: Work) -> Result:
        return {"asked": "first"}

    def _again(self, one: Subscribed, work: Work) -> Result:
        return {"asked": "again"}

    def _take_over(self, one: Subscribed, work: Work, over: TakenOver) -> Result:
        return {"asked": "take over"}


def _work(over: TakenOver, *own: tuple[str, str]) -> Work:
    """Of a second attempt, after one with these steps."""
    body = PlannedBody(CODE, "body", 1, "0" * 64, (), 1, None)
    given = {"service": "eapp-a", "release": "1.2.0", "takes_over": {CODE: over.entry()}}
    when = datetime(2026, 11, 26, tzinfo=UTC)
    plan = OperationPlan("upgrade", "eapp-a 1.2.0", given, "", "", "", when, (), (body,), 0, 0)
    former = (StepRecord("preflight", 1, "done", {}), StepRecord("close-writes", 2, "done", {}))
    mine = [StepRecord(name, at, status, {}) for at, (name, status) in enumerate(own, 1)]
    left = left_by((*(() if over.way == "afresh" else former), *mine))
    return Work(
        operation="20261127-1",
        plan=plan,
        body=body,
        attempt=2,
        key="",
        results={},
        cleared=frozenset(),
        earlier=left.results,
        left=left.steps,
        begun=left_by(mine).steps - {"preflight"},
        took_over=over.ledger,
    )


def _asked(way: Way, *own: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> object:
    here: Any = SimpleNamespace(session=None, code=CODE)
    monkeypatch.setattr(preflight, "subscribed", lambda *_: here)
    monkeypatch.setattr(preflight, "refuse_older", lambda _: None)
    work = _work(replace(_OVER, way=way), *own)
    return Asked(SiteSource(Path("tenants.yaml"), "sandbox")).do(work)["asked"]


@pytest.mark.parametrize("way", ["on", "back", "open", "afresh"])
def test_a_body_that_waited_before_its_first_change_is_taken_over_anew(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _asked(way, ("preflight", "done"), monkeypatch=monkeypatch) == "take over"


@pytest.mark.parametrize("way", ["on", "afresh"])
def test_a_body_that_was_taken_back_wholly_is_taken_over_anew(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [("preflight", "done"), ("close-writes", "failed"), ("-close-writes", "done")]
    assert _asked(way, *own, monkeypatch=monkeypatch) == "take over"


@pytest.mark.parametrize("way", ["on", "back", "open", "afresh"])
@pytest.mark.parametrize("status", ["intended", "done", "failed"])
def test_a_body_that_the_operation_has_begun_to_change_is_its_own(
    way: Way, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [("preflight", "done"), ("close-writes", status)]
    assert _asked(way, *own, monkeypatch=monkeypatch) == "again"


@pytest.mark.parametrize(("way", "wanted"), [("back", "1.0.0"), ("on", "1.2.0")])
@pytest.mark.parametrize("on_record", ["1.0.0", "1.1.0", "1.3.0"])
def test_an_attempt_goes_on_with_the_release_that_the_former_operation_left_on_record(
    way: Way, wanted: str, on_record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Found("1.0.0", "end", day=today())
    over = replace(_OVER, way=way)
    work = replace(_work(over), earlier={"preflight": found.result()}, begun=frozenset({"stack"}))
    change: Any = SimpleNamespace(end_sha256="end", texts=(), marks={})
    monkeypatch.setattr(preflight, "_change", lambda *_: change)
    monkeypatch.setattr(preflight.Preflight, "_may_begin", lambda *_: None)
    record = SimpleNamespace(releases={"eapp-a": on_record})
    one: Any = SimpleNamespace(record=record, service="eapp-a", target=wanted, code=CODE)
    again = preflight.Preflight(SiteSource(Path("tenants.yaml"), "sandbox"))._again
    if on_record == "1.3.0":
        with pytest.raises(Moved):
            again(one, work)
    else:
        assert again(one, work)["release"] == "1.0.0"
