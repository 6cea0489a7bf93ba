"""Half-way bodies whose operation was given up: another takes them over, forward or back, as its plan says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from office import A, B, Office, at
from tests.planned import create
from tests.sandbox.hands import conduct

from moyai.errors import OperationFailed, UsageError
from moyai.operations.database.attempts import successors
from moyai.operations.database.writing import want
from moyai.operations.fleet.half_way import half_way
from moyai.operations.fleet.upgrading import UpgradeWish, plan_upgrade, upgrade_bodies
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.table import kind_of
from moyai.operations.kinds.upgrade.steps import UpdateStack
from moyai.operations.site.places import today
from moyai.planning.fleet.taking_over import taken_over
from moyai.texts import same

WHO = "keikaku@jimukyoku.example.jp"


@pytest.fixture(scope="module", name="office")
def _of_its_own(own_office: Office) -> Office:
    """Bodies that begin at the first release."""
    return own_office


def _plan(office: Office, release: str, code: str) -> str:
    """As `moyai upgrade eapp-b RELEASE CODE`."""
    session, now = office.source.session(), datetime.now(UTC)
    wish = UpgradeWish("eapp-b", release, code, today())
    with office.operator.connect() as connection:
        left = half_way(connection, office.source, "eapp-b")
    found = upgrade_bodies(session, wish, {code: now}, now, left)
    plan = plan_upgrade(session.workspace, found, wish, by=WHO, now=now, in_windows=False)
    with office.operator.begin() as connection:
        return create(connection, replace(plan, approval_seconds=0), None)


def _cancelled(office: Office, operation: str) -> None:
    with office.operator.begin() as connection:
        want(connection, operation, "cancel", f"operator:{WHO}")
    assert conduct(office.worker, operation, "cancelled") == []


def _away(*_: Any) -> None:
    raise OperationFailed(same("AWS is away")) from None


def _held(office: Office, code: str, release: str) -> str:
    """An upgrade that is held after its expanding migrations, with writes closed."""
    operation = office.plan(release, code)
    patch = pytest.MonkeyPatch()
    patch.setattr(UpdateStack, "undo", _away)

    def break_it() -> None:
        with office.sql(code, "owner") as owner:
            owner.execute("ALTER TABLE applicant_kind RENAME TO hidden")

    body = office.carry(operation, code, at("health", break_it))
    patch.undo()
    with office.sql(code, "owner") as owner:
        owner.execute("ALTER TABLE hidden RENAME TO applicant_kind")
    assert (body.status, office.is_open(code)) == ("held", False)
    return operation


def _entry(office: Office, operation: str, code: str) -> tuple[str, str]:
    body = office.body(operation, code)
    assert body.error is not None
    return body.status, body.error["what"]["en"]


def test_a_newer_release_takes_a_half_way_body_over(office: Office) -> None:
    office.bring(B, "1.1.0")  # or it would be too far behind
    office.bring(A, "1.1.0")
    first = _held(office, A, "1.2.0")
    _cancelled(office, first)
    second = _plan(office, "1.3.0", A)
    over = taken_over(office.planned(second), A)
    assert over is not None
    assert (over.operation, over.step, over.release, over.way) == (first, "stack", "1.1.0", "on")
    assert first in office.planned(second).body(A).change[0].en
    assert office.carry(second, A).status == "done"
    assert (office.image(A), office.schema(A)) == ("1.3.0", [1, 2, 3, 4, 5, 6])
    assert office.is_open(A)
    assert _entry(office, first, A) == ("cancelled", f"{second} has taken it over")
    with office.operator.connect() as connection:
        assert successors(connection, first, "upgrade", [A]) == {A: second}
        assert half_way(connection, office.source, "eapp-b") == {}


def test_a_half_way_body_goes_back_by_a_plan_for_the_release_before(office: Office) -> None:
    office.bring(B, "1.1.0")
    first = _held(office, B, "1.2.0")
    _cancelled(office, first)
    with pytest.raises(UsageError) as older:
        _plan(office, "1.0.0", B)
    assert "half-way to 1.2.0: it goes back to 1.1.0, or on to 1.2.0" in older.value.what.en
    second = _plan(office, "1.1.0", B)
    assert office.carry(second, B).status == "done"
    record = office.record(B)
    assert (record.releases["eapp-b"], dict(record.moving)) == ("1.1.0", {})
    assert (office.image(B), office.schema(B), office.is_open(B)) == ("1.1.0", [1, 2, 3, 4], True)
    names = [name for _, name, status in office.steps(second, B) if status == "done"]
    assert names == ["preflight", "back-data", "back-stack", "health-back", "back-open-writes"]
    assert _entry(office, first, B)[0] == "cancelled"
    # What was planned for it before that is not what is there any more.
    assert office.federation.ok("plan", B, "--output", "json").json()[0]["action"] == "none"


def test_a_way_back_that_fails_leaves_the_body_half_way_and_can_be_tried_again(
    office: Office,
) -> None:
    office.bring(B, "1.1.0")
    first = _held(office, B, "1.2.0")
    _cancelled(office, first)
    second = _plan(office, "1.1.0", B)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UpdateStack, "undo", _away)
        assert office.carry(second, B).status == "held"
        assert "half-way still" in _entry(office, second, B)[1]
        assert not office.is_open(B)
    third = _plan(office, "1.2.0", B)
    over = taken_over(office.planned(third), B)
    assert over is not None
    assert (over.operation, over.closed_by) == (second, first)
    office.again(second, B)
    assert office.carry(second, B).status == "done"
    assert office.is_open(B)
    assert office.carry(third, B).status == "moved", "it was planned for a body that was half-way"
    assert office.is_open(B)


def test_who_was_taken_over_from_does_nothing_more(office: Office) -> None:
    office.bring(B, "1.1.0")
    first = _held(office, B, "1.2.0")
    second = _plan(office, "1.1.0", B)
    office.again(first, B)  # begun again before the other began
    assert office.carry(second, B).status == "done"
    revisions = office.revisions(B)
    body = office.carry(first, B)
    assert (body.status, office.revisions(B)) == ("moved", revisions)
    assert f"{second} has taken it over" in _entry(office, first, B)[1]
    assert office.is_open(B)


class _Killed(BaseException):
    """A worker that ends here."""


def _kill() -> None:
    raise _Killed


def _released_and_held(office: Office, code: str, release: str) -> str:
    """An upgrade that is held as writes could not be opened, with its release on record; cancelled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inside, "writes_open", _away)
        first = office.plan(release, code)
        assert office.carry(first, code).status == "held"
    assert office.record(code).releases["eapp-b"] == release
    _cancelled(office, first)
    return first


def test_a_released_body_that_is_held_is_taken_afresh_to_a_newer_release_in_two_attempts(
    office: Office,
) -> None:
    office.bring(B, "1.1.0")
    first = _released_and_held(office, B, "1.2.0")
    with office.sql(B, "owner") as owner:  # why it was held may be that it is not well
        owner.execute("ALTER TABLE applicant_kind RENAME TO hidden")
    second, revisions = _plan(office, "1.3.0", B), office.revisions(B)
    over = taken_over(office.planned(second), B)
    assert over is not None
    assert (over.operation, over.release, over.target, over.way) == (
        *(first, "1.1.0", "1.2.0"),
        "afresh",
    )
    for given in ((at("close-writes", _kill),), (at("", _kill), at("close-writes", _kill))):
        with pytest.raises(_Killed):  # before and after it is handed over
            office.carry(second, B, *given)
    # It is as unwell as it was: the first attempt goes back to the release that it had by then.
    went_back = office.carry(second, B)
    assert went_back.status in ("failed", "held"), went_back
    assert (office.image(B), office.record(B).releases["eapp-b"]) == ("1.2.0", "1.2.0")
    assert office.revisions(B) == revisions + 2
    with office.sql(B, "owner") as owner:
        owner.execute("ALTER TABLE hidden RENAME TO applicant_kind")
    office.again(second, B)
    with pytest.raises(_Killed):
        office.carry(second, B, at("", _kill), at("migrate-contract", _kill))
    assert office.carry(second, B).status == "done"
    ended = [(attempt, name) for attempt, name, how in office.steps(second, B) if how == "done"]
    assert [one for one in ended if one[0] == 2] == [
        (2, step.name) for step in _steps(office, second, B)
    ]
    assert (office.image(B), office.revisions(B)) == ("1.3.0", revisions + 3)
    assert (office.schema(B), office.is_open(B)) == ([1, 2, 3, 4, 5, 6], True)
    assert (office.backups(B, first), office.backups(B, second)) == (["1"], ["1", "2"])
    assert _entry(office, first, B) == ("cancelled", f"{second} has taken it over")


def _steps(office: Office, operation: str, code: str) -> Any:
    plan = office.planned(operation)
    return kind_of(plan.kind, office.source).steps(plan, plan.body(code))


def test_a_released_body_that_is_held_goes_forward_only(office: Office) -> None:
    office.bring(B, "1.3.0")
    office.bring(A, "1.3.0")
    _released_and_held(office, A, "1.5.0")
    with pytest.raises(UsageError) as back:
        _plan(office, "1.3.0", A)
    assert "it goes forward only" in back.value.what.en
    second, revisions = _plan(office, "1.5.0", A), office.revisions(A)
    assert office.carry(second, A).status == "done"
    assert (office.is_open(A), office.revisions(A)) == (True, revisions)
