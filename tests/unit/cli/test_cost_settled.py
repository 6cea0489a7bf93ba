"""The steps that tell what a settlement is made of."""

from __future__ import annotations

from decimal import Decimal

from moyai.costs.apportion.allocation import RuleMoved
from moyai.costs.ledger.changes import Changed, MovedRow
from moyai.costs.periods import period_of
from moyai.costs.settled import Settled
from moyai.texts import same
from moyai_cli.views.cost_settled import settled_steps


def test_late_costs_that_moved_are_told_under_their_own_month() -> None:
    row = MovedRow(False, "late.csv", 2, Decimal(300), "JPY")
    may = Settled(period_of("2026-05"), (), (), (), Changed((row,), 0, 1))
    moved = RuleMoved("queue", same("queue"), 165, 0)
    june = Settled(period_of("2026-06"), (moved,), (), (), Changed((), 0, 0), (may,))
    steps = list(settled_steps(june))
    assert [(one["step"], one["words"]) for one in steps] == [
        ("settled", "June 2026"),
        ("rule", "queue 165 → 0 yen (-165)"),
        ("late", "May 2026"),
        ("changed_row", "− late.csv:2: 300 JPY"),
        ("other_rows", "1 row"),
    ]
