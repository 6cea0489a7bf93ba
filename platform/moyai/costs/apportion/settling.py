"""What a closed period comes to differently after a correction. Pure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Payer, Settlement
from moyai.costs.apportion.inputs import Rate


def settlement(closed: Allocation, corrected: Allocation) -> Settlement | None:
    """The difference between a closed period and the same period with its corrections, by the same
    rules and members; None where every payer bears the same.

    `closed` is what was billed up to now, former settlements of the period included.
    """
    before, after = _borne(closed), _borne(corrected)
    borne: dict[Payer, dict[Rate, int]] = {}
    for payer in sorted({*before, *after}):
        old, new = before.get(payer, {}), after.get(payer, {})
        moved = {
            rate: new.get(rate, 0) - old.get(rate, 0)
            for rate in sorted({*old, *new}, key=_rate_order)
            if new.get(rate, 0) != old.get(rate, 0)
        }
        if moved:
            borne[payer] = moved
    taxes = {
        rate: corrected.taxes.get(rate, 0) - closed.taxes.get(rate, 0)
        for rate in sorted({*corrected.taxes, *closed.taxes})
    }
    taxes = {rate: yen for rate, yen in taxes.items() if yen}
    jpy = _whole(corrected) - _whole(closed)
    if not borne and not taxes and corrected.unallocated == closed.unallocated:
        return None
    assert not closed.unallocated, "a period cannot be closed over what nobody bears"
    left = tuple(replace(one, settled=closed.period) for one in corrected.unallocated)
    return Settlement(closed.period, jpy, borne, left, taxes)


def _whole(made: Allocation) -> int:
    return made.bill_jpy + made.carried_in_jpy + made.settled_jpy


def _borne(made: Allocation) -> dict[Payer, dict[Rate, int]]:
    found: dict[Payer, dict[Rate, int]] = {}
    for one in made.borne:
        rates = found.setdefault(one.payer, {})
        for rate, yen in one.by_rate.items():
            rates[rate] = rates.get(rate, 0) + yen
    return found


def _rate_order(rate: Rate) -> Fraction:
    return Fraction(-1) if rate is None else rate
