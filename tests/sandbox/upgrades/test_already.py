"""A body that runs the release already is done, and owes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from office import EAPP, NONE, A, B, Office

from moyai.operations.kinds.upgrade.behind import releases_of
from moyai.operations.site.places import today
from moyai.planning.fleet.debts import Debt, why_void


@pytest.fixture(scope="module", name="office")
def _of_its_own(own_office: Office) -> Office:
    """Bodies that begin at the first release."""
    return own_office


def test_a_body_that_another_plan_has_brought_there_is_done_and_owes_nothing(
    office: Office,
) -> None:
    first, second = office.plan("1.1.0", B), office.plan("1.1.0", B)
    assert office.carry(first, B).status == "done"
    revisions = office.revisions(B)
    assert office.carry(second, B).status == "done"
    assert office.steps(second, B) == [(1, "preflight", "done")]
    assert (office.revisions(B), office.owed(), office.backups(B, second)) == (revisions, set(), [])
    page = office.federation.ok("operation", "report", second).out
    assert "eapp-b 1.1.0" in page.partition(B)[2]


def test_a_debt_of_a_release_that_a_body_runs_is_settled(office: Office) -> None:
    known = releases_of(office.source.session(), (A, B, NONE))
    assert known[B][EAPP] == "1.1.0"
    debt = Debt(1, B, "upgrade", f"{EAPP} 1.1.0", datetime.now(UTC))
    registry = office.source.session().workspace.registry
    assert why_void(debt, registry, today(), known) is not None
    newer = replace(debt, subject=f"{EAPP} 1.2.0")
    assert why_void(newer, registry, today(), known) is None
