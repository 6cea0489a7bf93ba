"""Bodies begun again after something was lost: nothing is opened unseen, and nothing half-way is let go of."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from office import A, B, Office, at, unchanged

from moyai.errors import OperationFailed
from moyai.operations.database.reading import steps
from moyai.operations.database.writing import want
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.upgrade.steps import CloseWrites
from moyai.texts import same


@pytest.fixture(scope="module", name="office")
def _of_its_own(own_office: Office) -> Office:
    """Bodies that begin at the first release."""
    return own_office


def _loses_its_answer(patch: pytest.MonkeyPatch, name: str, *, does: bool) -> None:
    real = getattr(Inside, name)

    def lost(*given: Any) -> None:
        if does:
            real(*given)
        raise OperationFailed(same(f"no answer of {name}"))

    patch.setattr(Inside, name, lost)


def _rename(office: Office, code: str, table: str, name: str) -> None:
    with office.sql(code, "owner") as owner:
        owner.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_a_body_whose_writes_were_closed_without_an_answer_is_half_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bring(B, "1.1.0")
    operation = office.plan("1.2.0", B)
    with monkeypatch.context() as patch:
        _loses_its_answer(patch, "writes_close", does=True)
        _loses_its_answer(patch, "writes_open", does=False)
        assert office.carry(operation, B).status == "held"
    assert not office.is_open(B)
    office.again(operation, B)
    with unchanged(office.federation):
        # What would be `moved` of another body.
        office.federation.edit("slug: ikeda", "slug: ikeda\n    tags: { pilot: 'yes' }")
        body = office.carry(operation, B)
    assert body.status == "held"
    assert body.error is not None
    assert "the body is half-way" in body.error["what"]["en"]
    office.again(operation, B)
    assert office.carry(operation, B).status == "done"
    assert office.is_open(B)


def test_writes_that_this_operation_has_closed_unseen_hold_a_body_that_cannot_begin(
    office: Office,
) -> None:
    office.bring(A, "1.1.0")
    operation = office.plan("1.2.0", A)
    workspace = office.source.session().workspace
    given = (workspace.registry, office.all_outputs(A), "eapp-b", "1.1.0")
    with unchanged(office.federation):
        service = "- { service: eapp-b, from: 2022-10-01"
        office.federation.edit(f"{service} }}", f"{service}, settings: {{ payment: both }} }}")
        assert office.carry(operation, A).status == "moved"
        office.again(operation, A)
        office.inside().writes_close(*given, operation)  # a job of a dead worker that came late
        assert office.carry(operation, A).status == "held"
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    assert office.is_open(A)


def test_an_attempt_after_a_restore_opens_writes_of_a_healthy_body_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bring(A, "1.2.0")
    office.write(A, "fragile")
    operation = office.plan("1.3.0", A)
    broken = at("-stack", lambda: _rename(office, A, "applicant_kind", "hidden"))
    assert office.carry(operation, A, broken).status == "held"
    assert not office.is_open(A)
    office.again(operation, A)

    def away(*_: object) -> None:
        raise OperationFailed(same("AWS is away")) from None

    with monkeypatch.context() as patch:
        patch.setattr(CloseWrites, "carry_out", away)
        body = office.carry(operation, A)
    assert body.status == "held"
    assert body.error is not None
    assert "data were put back, but the service is not well" in body.error["what"]["en"]
    assert not office.is_open(A)
    _rename(office, A, "hidden", "applicant_kind")
    with office.sql(A, "owner") as owner:
        owner.execute("DELETE FROM procedure WHERE code = 'fragile'")
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    assert office.is_open(A)
    assert office.databases(A) == {""}


def test_where_nobody_can_say_whether_writes_were_opened_the_body_is_held(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bring(B, "1.2.0")
    operation = office.plan("1.3.0", B)

    class Dies(BaseException):
        """The worker's process ends."""

    def die(_: str | None, following: str | None) -> None:
        if following == "open-writes":
            raise Dies

    with pytest.raises(Dies):
        office.carry(operation, B, after=die)
    with monkeypatch.context() as patch:
        _loses_its_answer(patch, "writes_state", does=False)
        body = office.carry(operation, B)
    assert body.status == "held"
    assert body.error is not None
    assert "it is not known whether the step 'open writes' was done" in body.error["what"]["en"]
    office.again(operation, B)
    assert office.carry(operation, B).status == "done"
    assert office.is_open(B)


def test_a_stop_ends_a_soak_at_once_and_takes_the_body_back(office: Office) -> None:
    operation = office.plan("1.5.0", B, soak=600)
    said: list[datetime] = []

    def stop() -> None:
        with office.operator.begin() as connection:
            want(connection, operation, "stop", "operator:keikaku@jimukyoku.example.jp")
        said.append(datetime.now(UTC))

    def soaks() -> bool:
        return any(name == "health" for _, name, _ in office.steps(operation, B))

    def stop_in_the_soak() -> None:
        while not soaks():
            time.sleep(0.1)
        time.sleep(2)
        stop()

    thread = threading.Thread(target=stop_in_the_soak)
    thread.start()
    body = office.carry(operation, B)
    thread.join()
    assert body.status == "cancelled"
    assert office.is_open(B)
    with office.operator.connect() as connection:
        [ended] = [
            one.done_at
            for one in steps(connection, operation, B)
            if (one.step, one.status) == ("health", "failed")
        ]
    assert ended is not None
    assert ended - said[0] < timedelta(seconds=5), (
        "of ten minutes; a moment, and the load of this machine"
    )
