"""Debts are closed by whatever gives bodies what they lack, with the reason, on the real database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from counting import make_plan
from tests.planned import create
from tests.sample import SAMPLE
from tests.sandbox.hands import begin, register

from moyai.audit.records import chain_of
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import debts
from moyai.operations.database.writing import retry, want
from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next
from moyai.operations.durable.conducting.debts import Debts
from moyai.registry.load import require

_CANCEL = sa.text(
    "SELECT moyai.conduct(id, CAST(xmin AS text), 'cancelled', NULL, CAST(:cancelled AS jsonb), '[]', '{}') "
    "FROM moyai.operation WHERE id = :id"
)
CODE = "272027"
"""岸和田市 has e-application B."""


@dataclass
class Office:
    operator: sa.Engine
    worker: sa.Engine
    folder: Path

    def ended(self, subject: str, status: str, code: str = CODE, kind: str = "upgrade") -> str:
        """An operation on one body that ended like this."""
        plan = make_plan(self.folder, 1)
        [body] = plan.bodies
        bodies = (replace(body, code=code),)
        plan = replace(plan, kind=kind, subject=subject, bodies=bodies)
        with self.operator.begin() as connection:
            operation = create(connection, plan, None)
        assert begin(self.worker, operation, code)
        ledger = Ledger(self.worker, "w1")
        taken = ledger.take(operation, code, 1)
        assert taken is not None
        error = None if status == "done" else {"what": {"ja": "凍結", "en": "frozen"}}
        ledger.finish(taken, status, error=error)
        return operation

    def owed(self) -> set[tuple[str, str]]:
        with self.operator.connect() as connection:
            return {(one.code, one.subject) for one in debts(connection)}

    def look(self, runs: str | None = None) -> int:
        releases = {} if runs is None else {CODE: {"eapp-b": runs}}

        def known(codes: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
            return {code: found for code, found in releases.items() if code in codes}

        with self.worker.begin() as connection:
            return Debts("sandbox", lambda: require(SAMPLE), known).look(connection)


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    operator = open_engine(places.of("moyai_operator"))
    worker = open_engine(places.of("moyai_worker"))
    register(worker)
    yield Office(operator, worker, tmp_path)
    operator.dispose()
    worker.dispose()


def test_a_newer_release_settles_what_an_older_one_left(office: Office) -> None:
    office.ended("eapp-b 1.1.0", "skipped")
    office.ended("eapp-b 1.0.0", "done")
    assert (office.look(), office.owed()) == (0, {(CODE, "eapp-b 1.1.0")})
    operation = office.ended("eapp-b 1.2.0", "done")
    assert (office.look(), office.owed()) == (1, set())
    with office.operator.connect() as connection:
        by, why = connection.execute(
            sa.text("SELECT closed_by, closed_reason ->> 'en' FROM moyai.debt")
        ).one()
        chain = connection.execute(
            sa.text(
                "SELECT content::jsonb ->> 'action' FROM moyai.audit WHERE chain = :chain "
                "ORDER BY seq DESC LIMIT 1"
            ),
            {"chain": chain_of(CODE)},
        ).scalar()
    assert (by, why) == (operation, f"done by {operation} (eapp-b 1.2.0)")
    assert chain == "debt.settle"
    assert office.look() == 0


def test_what_a_body_runs_by_its_record_is_not_owed(office: Office) -> None:
    office.ended("eapp-b 1.2.0", "moved")
    assert (office.look("1.1.0"), office.owed()) == (0, {(CODE, "eapp-b 1.2.0")})
    assert (office.look("1.10.0"), office.owed()) == (1, set())


@pytest.mark.parametrize("subject", ["eapp-b 1.2.0", "eapp-a 1.2.0"])
def test_what_a_body_was_left_half_way_with_is_owed_whatever_file_and_record_say(
    office: Office, subject: str
) -> None:
    """By tenants.yaml the body does not use e-application A."""
    plan = make_plan(office.folder, 1)
    bodies = (replace(plan.bodies[0], code=CODE),)
    with office.operator.begin() as connection:
        operation = create(
            connection, replace(plan, kind="upgrade", subject=subject, bodies=bodies), None
        )
    assert begin(office.worker, operation, CODE)
    ledger = Ledger(office.worker, "w1")
    taken = ledger.take(operation, CODE, 1)
    assert taken is not None
    ledger.go_on(taken, None, Next("close-writes", 2, "k"))
    ledger.go_on(taken, Ended("close-writes", {}, looked=False), None)
    ledger.finish(taken, "held", error={"what": {"ja": "保留", "en": "held"}})
    assert (office.look("1.2.0"), office.owed()) == (0, {(CODE, subject)})


def test_a_body_that_left_owes_nothing(office: Office) -> None:
    office.ended("eapp-b 1.1.0", "skipped", "999999")
    office.ended("eapp-b 1.1.0", "skipped")
    assert (office.look(), office.owed()) == (1, {(CODE, "eapp-b 1.1.0")})


@pytest.mark.parametrize("status", ["skipped", "failed"])
def test_a_look_leaves_nothing_owed(office: Office, status: str) -> None:
    office.ended("", status, kind="check")
    assert office.owed() == set()
    assert office.look() == 1
    with office.operator.connect() as connection:
        why = connection.execute(sa.text("SELECT closed_reason ->> 'en' FROM moyai.debt")).scalar()
    assert why == "what only looks leaves nothing owed"


def test_a_debt_is_not_settled_by_an_operation_that_did_not_end_well_on_the_body(
    office: Office,
) -> None:
    failed = office.ended("eapp-b 1.1.0", "skipped")
    with (
        pytest.raises(sa.exc.DBAPIError) as raised,
        office.worker.begin() as connection,
    ):
        connection.execute(
            sa.text("SELECT moyai.settle((SELECT id FROM moyai.debt), :by, '{}')"),
            {"by": failed},
        )
    assert isinstance(raised.value.orig, psycopg.Error)
    assert raised.value.orig.sqlstate == "MY005"


def test_bodies_chains_are_locked_by_code_whatever_was_owed_first(office: Office) -> None:
    codes = ("999999", "999997", "999998")
    for code in codes:
        office.ended("eapp-b 1.1.0", "skipped", code)
    assert office.look() == len(codes)
    with office.operator.connect() as connection:
        written = connection.execute(
            sa.text(
                "SELECT chain FROM moyai.audit WHERE content::jsonb ->> 'action' = 'debt.settle' "
                "ORDER BY content::jsonb ->> 'at'"
            )
        ).scalars()
        assert list(written) == [chain_of(code) for code in sorted(codes)]


def test_a_body_that_a_cancel_leaves_half_way_is_owed_and_settled_as_any_other(
    office: Office,
) -> None:
    operation = office.ended("eapp-b 1.1.0", "held")
    office.ended("eapp-b 1.1.0", "done")
    assert office.owed() == set()
    with office.operator.begin() as connection:
        retry(connection, operation, [CODE], "operator:a@example.jp")
        want(connection, operation, "cancel", "operator:a@example.jp")
    reason = {"ja": "途中まで進んでいます", "en": "it is half-way"}
    cancelled = json.dumps([{"code": CODE, "status": "held", "reason": reason}])
    with office.worker.begin() as connection:
        given = {"id": operation, "cancelled": cancelled}
        assert connection.execute(_CANCEL, given).scalar() == []
    assert office.owed() == {(CODE, "eapp-b 1.1.0")}
    with office.operator.connect() as connection:
        [debt] = debts(connection)
    assert (debt.operation, debt.reason.en) == (operation, "it is half-way")
    office.ended("eapp-b 1.2.0", "done")
    assert (office.look(), office.owed()) == (1, set())
