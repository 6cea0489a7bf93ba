"""What the database itself asks of approvals: a worker alone begins nothing that nobody approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from login_site import CODE, Site, login_site
from tests.planned import create
from tests.sandbox.hands import begin, conduct

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.planning.fleet.plans import OperationPlan, plan_sha256
from moyai.planning.fleet.second_person import Signed, until
from moyai.planning.fleet.wanted import of_whole

OTHER = "b@example.jp"
HOUR = 3600
_APPROVE = sa.text(
    "INSERT INTO moyai.approval (operation_id, subject, operator, plan_sha256, signature, signed_at, "
    "received_at) VALUES (:id, :subject, :by, :sha256, 'x', :signed, :received)"
)
_WITHDRAW = sa.text("DELETE FROM moyai.approval")
_IS = sa.text("SELECT moyai.is_approved(:id, 'plan')")


class Desk(Site):
    """An operation, and rows of approvals as anybody could have written them."""

    owner: sa.Engine

    def put(self, plan: OperationPlan) -> None:
        self.made = plan
        with self.operator.begin() as connection:
            self.operation = create(connection, plan, None)

    def approve(
        self,
        subject: str,
        by: str = OTHER,
        signed: timedelta = timedelta(),
        received: timedelta = timedelta(),
        sha256: str | None = None,
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        with self.owner.begin() as connection:
            connection.execute(
                _APPROVE,
                {
                    "id": self.operation,
                    "subject": subject,
                    "by": by,
                    "sha256": sha256 or plan_sha256(self.made),
                    "signed": now + signed,
                    "received": now + received,
                },
            )

    def withdraw(self) -> None:
        with self.owner.begin() as connection:
            connection.execute(_WITHDRAW)


@pytest.fixture
def desk(emptied: Logins, tmp_path: Path) -> Iterator[Desk]:
    with login_site(emptied, tmp_path) as found:
        made = Desk(found.operator, found.worker, found.folder)
        made.owner = open_engine(emptied.url, role="moyai_owner")
        yield made
        made.owner.dispose()


def asking(folder: Path) -> OperationPlan:
    return replace(make_plan(folder, 2, waves=2), approval_seconds=HOUR)


def test_what_is_no_approval_lets_nothing_begin(desk: Desk) -> None:
    desk.put(asking(desk.folder))
    hour = timedelta(hours=1)
    planner, now = desk.made.planned_by, timedelta()
    for by, signed, received, sha256 in (
        (planner, now, now, None),
        (planner.upper(), now, now, None),
        (OTHER, now, now, "0" * 64),
        (OTHER, -hour, now, None),
        (OTHER, now, -hour, None),
        (OTHER, timedelta(minutes=6), now, None),
    ):
        desk.approve("plan", by, signed, received, sha256)
        assert "nobody has approved it" in str(conduct(desk.worker, desk.operation, "running"))
        desk.withdraw()
    desk.approve("body:" + CODE)
    assert "nobody has approved it" in str(begin(desk.worker, desk.operation, CODE))
    desk.approve("plan")
    assert isinstance(begin(desk.worker, desk.operation, CODE), list)


@pytest.mark.parametrize("what", ["wave:1", f"body:{CODE}", f"dared:{CODE}", "exceptions"])
def test_what_is_wanted_beside_the_plan_is_asked_for_too(desk: Desk, what: str) -> None:
    made = asking(desk.folder)
    first, *others = made.bodies
    if what == "wave:1":
        made = replace(made, waves=(replace(made.waves[0], needs_approval=True), *made.waves[1:]))
    elif what == "exceptions":
        made = replace(made, parameters={**made.parameters, "exceptions": ["windows"]})
    else:
        own, risks = what.startswith("body"), ("dared",) if what.startswith("dared") else ()
        first = replace(first, approves_itself=own, risks=risks)
        made = replace(made, bodies=(first, *others))
    desk.put(made)
    assert set(of_whole(made)) == {"plan", what}
    desk.approve("plan")
    assert "nobody has approved" in str(begin(desk.worker, desk.operation, CODE))
    desk.approve(what)
    assert isinstance(begin(desk.worker, desk.operation, CODE), list)


def test_nothing_more_begins_once_the_approval_has_aged_out(desk: Desk) -> None:
    desk.put(asking(desk.folder))
    desk.approve("plan")
    assert isinstance(begin(desk.worker, desk.operation, CODE), list)
    desk.withdraw()
    desk.approve("plan", signed=-timedelta(seconds=HOUR))
    second = desk.made.bodies[1].code
    assert "nobody has approved plan" in str(begin(desk.worker, desk.operation, second))


def test_a_plan_that_is_not_the_one_that_was_hashed_begins_nothing(desk: Desk) -> None:
    desk.put(asking(desk.folder))
    desk.approve("plan")
    with desk.owner.begin() as connection:
        connection.execute(sa.text("UPDATE moyai.operation SET plan = plan || ' '"))
    assert "nobody has approved it" in str(conduct(desk.worker, desk.operation, "running"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(-2 * HOUR, 900), st.integers(-2 * HOUR, 0))
def test_the_database_counts_an_age_as_workers_do(desk: Desk, signed: int, received: int) -> None:
    if not desk.operation:
        desk.put(asking(desk.folder))
    # Far from the edges, as the server's clock goes on.
    signed, received = signed - signed % 60 + 30, received - received % 60 - 30
    now = datetime.now(UTC).replace(microsecond=0)
    desk.withdraw()
    desk.approve("plan", signed=timedelta(seconds=signed), received=timedelta(seconds=received))
    moments = (now + timedelta(seconds=one) for one in (received, signed))
    end = until(Signed("x", *moments), HOUR, now)
    with desk.owner.connect() as connection:  # no login may ask
        assert connection.execute(_IS, {"id": desk.operation}).scalar() == isinstance(end, datetime)
