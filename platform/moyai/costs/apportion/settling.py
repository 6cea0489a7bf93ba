"""What a closed period comes to differently after a correction. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from moyai.costs.apportion.allocation import (
    Allocation,
    Payer,
    PayerKind,
    RuleMoved,
    Settlement,
    Unallocated,
)
from moyai.costs.apportion.inputs import Caught, Rate, rate_order
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text, same


def settlement(
    closed: Allocation,
    corrected: Allocation,
    names: Mapping[str, str] | None = None,
    titles: Mapping[str, Text] | None = None,
    late: Mapping[Caught, Mapping[Rate, int]] | None = None,
    left: tuple[Unallocated, ...] = (),
    services: Mapping[str, str | None] | None = None,
) -> Settlement | None:
    """The difference between a closed period and the same period with its corrections, by the same
    rules and members; None where every payer bears the same.

    `closed` is what was billed up to now, former settlements of the period included. `names`: code of a
    body that merged since → its successor's, who bears it; `Members.names` of the period that does. `titles`:
    rule → title, of all rules of the closed period in its order; one without stands for itself.

    `late`: what the rules of the period that bears it catch of what the closed one's leave to nobody; `left`:
    what none does (`moyai.costs.apportion.late`). `services`: rule of the closed period → its service.
    """
    before, after = _borne(closed, names or {}), _borne(corrected, names or {})
    borne: dict[Payer, dict[Rate, int]] = {}
    for payer in sorted({*before, *after}):
        moved = _moved(before.get(payer, {}), after.get(payer, {}))
        if moved:
            borne[payer] = moved
    taxes = {
        rate: corrected.taxes.get(rate, 0) - closed.taxes.get(rate, 0)
        for rate in sorted({*corrected.taxes, *closed.taxes})
    }
    taxes = {rate: yen for rate, yen in taxes.items() if yen}
    late = {caught: mix for caught, mix in (late or {}).items() if any(mix.values())}
    if not borne and not taxes and not late and not left:
        return None
    jpy = sum(sum(mix.values()) for mix in (*borne.values(), *late.values()))
    jpy += sum(one.jpy for one in left)
    rules = _rules_moved(closed, corrected, names or {}, titles or {})
    of = services or {}
    own = {
        payer: tuple(replace(one, service=of.get(one.rule)) for one in rules[payer])
        for payer in borne
    }
    return Settlement(closed.period, jpy, borne, left, taxes, late, own)


def verify_borne(closed: Allocation) -> None:
    """Raises `OperationFailed` where a closed period, as it was closed, has cost that nobody bears: none is
    closed so."""
    if not closed.unallocated:
        return
    yen = closed.unallocated_jpy
    raise OperationFailed(
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


def _moved(old: Mapping[Rate, int], new: Mapping[Rate, int]) -> dict[Rate, int]:
    return {
        rate: new.get(rate, 0) - old.get(rate, 0)
        for rate in sorted({*old, *new}, key=rate_order)
        if new.get(rate, 0) != old.get(rate, 0)
    }


def _borne(made: Allocation, names: Mapping[str, str]) -> dict[Payer, dict[Rate, int]]:
    found: dict[Payer, dict[Rate, int]] = {}
    for one in made.borne:
        rates = found.setdefault(bearer(one.payer, names), {})
        for rate, yen in one.by_rate.items():
            rates[rate] = rates.get(rate, 0) + yen
    return found


def _rules_moved(
    closed: Allocation,
    corrected: Allocation,
    names: Mapping[str, str],
    titles: Mapping[str, Text],
) -> dict[Payer, tuple[RuleMoved, ...]]:
    """Payer → what it bears of each rule, before and since."""
    before, after = _by_rule(closed, names), _by_rule(corrected, names)
    order = {rule: place for place, rule in enumerate(titles)}
    found: dict[Payer, tuple[RuleMoved, ...]] = {}
    for payer in {*before, *after}:
        old, new = before.get(payer, {}), after.get(payer, {})
        found[payer] = tuple(
            RuleMoved(rule, titles.get(rule, same(rule)), old.get(rule, 0), new.get(rule, 0))
            for rule in sorted({*old, *new}, key=lambda rule: (order.get(rule, len(order)), rule))
        )
    return found


def _by_rule(made: Allocation, names: Mapping[str, str]) -> dict[Payer, dict[str, int]]:
    found: dict[Payer, dict[str, int]] = {}
    for one in made.borne:
        rules = found.setdefault(bearer(one.payer, names), {})
        rules[one.rule] = rules.get(one.rule, 0) + one.jpy
    return found
