"""What a closed period comes to differently after a correction. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from moyai.costs.apportion.allocation import Allocation, Payer, PayerKind, Settlement
from moyai.costs.apportion.inputs import Rate, rate_order
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text


def settlement(
    closed: Allocation, corrected: Allocation, names: Mapping[str, str] | None = None
) -> Settlement | None:
    """The difference between a closed period and the same period with its corrections, by the same
    rules and members; None where every payer bears the same.

    `closed` is what was billed up to now, former settlements of the period included. `names`: code of a
    body that merged since → its successor's, who bears it; `Members.names` of the period that does.

    Raises `OperationFailed` where the closed period has cost that nobody bears: none is closed so.
    """
    before, after = _borne(closed, names or {}), _borne(corrected, names or {})
    borne: dict[Payer, dict[Rate, int]] = {}
    for payer in sorted({*before, *after}):
        old, new = before.get(payer, {}), after.get(payer, {})
        moved = {
            rate: new.get(rate, 0) - old.get(rate, 0)
            for rate in sorted({*old, *new}, key=rate_order)
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
    if closed.unallocated:
        raise _never_closed(closed)
    left = tuple(replace(one, settled=closed.period) for one in corrected.unallocated)
    return Settlement(closed.period, jpy, borne, left, taxes)


def _never_closed(closed: Allocation) -> OperationFailed:
    yen = closed.unallocated_jpy
    return OperationFailed(
        Text(
            f"{closed.period} は閉じたときの按分と一致しません（だれも負担しない費用が {yen:,} 円あります）。",
            f"{closed.period} does not come out as it was closed: nobody bears {yen:,} yen of it.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "台帳が変えられていないか、控えと比べてください。",
            "Compare the ledger with a backup: it may have been changed.",
        ),
    )


def bearer(payer: Payer, names: Mapping[str, str]) -> Payer:
    """Who bears what a payer of a closed period would; `names` as in `settlement`."""
    if payer.kind is not PayerKind.BODY:
        return payer
    return replace(payer, name=names.get(payer.name, payer.name))


def _whole(made: Allocation) -> int:
    return made.bill_jpy + made.carried_in_jpy + made.settled_jpy


def _borne(made: Allocation, names: Mapping[str, str]) -> dict[Payer, dict[Rate, int]]:
    found: dict[Payer, dict[Rate, int]] = {}
    for one in made.borne:
        rates = found.setdefault(bearer(one.payer, names), {})
        for rate, yen in one.by_rate.items():
            rates[rate] = rates.get(rate, 0) + yen
    return found
