"""Fees of those who join or leave, which relieve the others, and subsidies before and after sharing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from moyai.costs.apportion.allocation import Line, LineKind, Payer, PayerKind
from moyai.costs.apportion.inputs import Members, Presence
from moyai.costs.apportion.rounding import divide, to_unit
from moyai.costs.apportion.shared import Shared, body
from moyai.registry.cost_rules import Pool, Rounding, RoundingRule, SubsidyWhen


def subsidies_before(amount: int, pool: Pool) -> dict[str, int]:
    """Subsidy → yen that come off a pool before it is shared, in the file's order, rounded down."""
    found: dict[str, int] = {}
    left = amount
    for subsidy in pool.subsidies:
        if subsidy.when is SubsidyWhen.BEFORE and left > 0:
            found[subsidy.name] = subsidy_yen(subsidy.percent, subsidy.amount, left)
            left -= found[subsidy.name]
    return found


def fees(pool: Pool, rule: RoundingRule, present: Mapping[str, Presence], made: Shared) -> None:
    """Joining and leaving fees, which relieve those who neither join nor leave."""
    staying = [code for code, one in present.items() if not one.joins and not one.leaves]
    if not staying or not (pool.joining_fee or pool.leaving_fee):
        return
    paid = 0
    for code, presence in present.items():
        for applies, fee, kind in (
            (presence.joins, pool.joining_fee, LineKind.JOINING_FEE),
            (presence.leaves, pool.leaving_fee, LineKind.LEAVING_FEE),
        ):
            if applies:
                made.add(body(code), Line(kind, fee))
                paid += fee
    borne = made.of_bodies()
    weights = {code: max(borne.get(code, 0), 0) for code in staying}
    if not any(weights.values()):
        weights = dict.fromkeys(staying, 1)
    for code, yen in divide(-paid, weights, rule.unit).items():
        made.add(body(code), Line(LineKind.FEE_RELIEF, yen))


def subsidies_after(pool: Pool, members: Members, made: Shared) -> None:
    """What comes off members' shares, one subsidy after the other; each is a payer by its name."""
    for subsidy in pool.subsidies:
        if subsidy.when is not SubsidyWhen.AFTER:
            continue
        meant = frozenset(members.subsidised.get(pool.name, {}).get(subsidy.name, ()))
        paid = 0
        for code, borne in made.of_bodies().items():
            if code in meant and borne > 0:
                yen = subsidy_yen(subsidy.percent, subsidy.amount, borne)
                made.add(body(code), Line(LineKind.SUBSIDY, -yen))
                paid += yen
        made.add(Payer(PayerKind.SUBSIDY, subsidy.name), Line(LineKind.SUBSIDY, paid))


def subsidy_yen(percent: Fraction | None, amount: int | None, of: int) -> int:
    """A subsidy's yen of what it comes off, rounded down, and never more than that."""
    if percent is not None:
        return to_unit(of * percent.numerator, 100 * percent.denominator, 1, Rounding.FLOOR)
    assert amount is not None
    return min(amount, of)
