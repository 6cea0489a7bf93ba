"""A bill divided by a rule set: catch, round to whole yen, flow, share. Pure.

Shares sum to the bill with a difference of ¥0; every call asserts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm

from moyai.costs.apportion.allocation import (
    Allocation,
    Borne,
    Line,
    LineKind,
    Payer,
    PayerKind,
    PoolAccount,
    Settlement,
    Unallocated,
)
from moyai.costs.apportion.cascade import in_order
from moyai.costs.apportion.inputs import Bill, Bucket, Caught, Members, Rate, rate_order
from moyai.costs.apportion.rounding import Exact, divide, to_whole_yen
from moyai.costs.apportion.sharing import Shared, body, share, subsidies_before
from moyai.registry.cost_rules import Pool, RuleSet
from moyai.texts import Text

Mix = dict[Rate, int]
"""Whole yen by rate of tax."""

SETTLEMENT_OF = "settlement:"
"""Before the period, in the name under which a settlement is borne."""
_OWN = ""
"""Among flows: what stays in the pool itself."""
_NO_POOL = Text(
    "前期から繰り越した区分が、今の規則にありません",
    "it was carried for a pool that the rules no longer have",
)
_NO_RULE = Text("どの規則にも当たりません", "no rule catches it")


def allocate(
    bill: Bill, rules: RuleSet, members: Members, settlements: Sequence[Settlement] = ()
) -> Allocation:
    """Divide a bill, whose buckets name the rules that caught them, among payers, and add what closed
    periods come to differently.

    Raises `ValueError` for rules that the registry's checks refuse (flows in a circle).
    """
    caught = _caught(bill)
    books = _Books(rules, members, caught)
    for pool in in_order(rules.pools):
        books.share(pool)
    books.leave_carried()
    for settlement in settlements:
        books.add(settlement)
    made = Allocation(
        period=bill.period,
        rules=rules.name,
        bill_jpy=bill.jpy,
        carried_in_jpy=sum(one.jpy for one in members.carried),
        settled_jpy=sum(settlement.jpy for settlement in settlements),
        borne=tuple(sorted(books.borne, key=_place)),
        pools=tuple(books.accounts[pool.name] for pool in rules.pools),
        unallocated=(*caught.unallocated, *books.unallocated),
        taxes=_taxes(bill, settlements),
    )
    assert made.difference_jpy == 0, f"the shares differ from the bill by {made.difference_jpy} yen"
    return made


@dataclass(slots=True)
class _Sorted:
    """What rules caught, whole yen."""

    direct: dict[tuple[str, str], Mix] = field(default_factory=dict)
    """Rule and body → yen."""
    pools: dict[str, Mix] = field(default_factory=dict)
    unallocated: list[Unallocated] = field(default_factory=list)

    def direct_by_body(self) -> dict[str, int]:
        """Body → yen that it bears directly."""
        found: dict[str, int] = {}
        for (_, code), mix in self.direct.items():
            found[code] = found.get(code, 0) + sum(mix.values())
        return found


def _caught(bill: Bill) -> _Sorted:
    """Buckets by rule and body, then all at once to whole yen."""
    sums: dict[tuple[Caught, Rate], Fraction] = {}
    uncaught: dict[_Likeness, Bucket] = {}
    for bucket in bill.buckets:
        rule = bucket.caught
        if rule is None:
            alike = _likeness(bucket)
            known = uncaught.get(alike)
            uncaught[alike] = bucket if known is None else _together(known, bucket)
        else:
            key = (rule, bucket.rate)
            sums[key] = sums.get(key, Fraction()) + bucket.jpy
    keys = sorted(sums, key=lambda key: (key[0].rule, key[0].body or "", rate_order(key[1])))
    lost = [uncaught[alike] for alike in sorted(uncaught)]
    whole = to_whole_yen([*(sums[key] for key in keys), *(bucket.jpy for bucket in lost)])
    found = _Sorted()
    for (rule, rate), yen in zip(keys, whole[: len(keys)], strict=True):
        if rule.body is None:
            found.pools.setdefault(rule.rule, {})[rate] = yen
        else:
            found.direct.setdefault((rule.rule, rule.body), {})[rate] = yen
    found.unallocated = [
        Unallocated(_NO_RULE, None, bucket.values, yen, bucket.rows)
        for bucket, yen in zip(lost, whole[len(keys) :], strict=True)
    ]
    return found


class _Books:
    """The pools' accounts while they are settled, one after the other."""

    def __init__(self, rules: RuleSet, members: Members, caught: _Sorted) -> None:
        self._rules = rules
        self._members = members
        self._caught = caught
        self._direct = caught.direct_by_body()
        rates = {rate for mix in (*caught.pools.values(), *caught.direct.values()) for rate in mix}
        self._usual_rate: Rate = max(rates, key=rate_order, default=None)
        """Of fees of a pool without costs: the highest of the bill's rates."""
        self._inflows: dict[str, dict[str, Mix]] = {}
        """Pool → pool that it came from → yen."""
        self.accounts: dict[str, PoolAccount] = {}
        self.unallocated: list[Unallocated] = []
        self.borne: list[Borne] = [
            Borne(body(code), rule, (Line(LineKind.DIRECT, sum(mix.values())),), mix)
            for (rule, code), mix in caught.direct.items()
        ]

    def add(self, settlement: Settlement) -> None:
        """What a closed period comes to differently, to those whom it concerns."""
        rule = f"{SETTLEMENT_OF}{settlement.period}"
        for payer, by_rate in settlement.borne.items():
            line = Line(LineKind.SETTLEMENT, sum(by_rate.values()))
            self.borne.append(Borne(payer, rule, (line,), dict(by_rate)))
        self.unallocated += settlement.unallocated

    def leave_carried(self) -> None:
        """What was carried for pools that these rules no longer have: nobody bears it."""
        for name in sorted({one.pool for one in self._members.carried} - self.accounts.keys()):
            if yen := sum(self._members.carried_into(name).values()):
                self.unallocated.append(Unallocated(_NO_POOL, name, {}, yen, 0))

    def share(self, pool: Pool) -> None:
        """Share a pool whose inflows are all known."""
        caught = self._caught.pools.get(pool.name, {})
        inflows = self._inflows.get(pool.name, {})
        carried = self._members.carried_into(pool.name)
        mix = _sum([caught, *inflows.values(), carried])
        outflows = _flow(pool, mix)
        own = outflows.pop(_OWN)
        for target, moved in outflows.items():
            self._inflows.setdefault(target, {})[pool.name] = moved
        before = subsidies_before(sum(own.values()), pool)
        amount = sum(own.values()) - sum(before.values())
        shared = share(amount, pool, self._rules.rounding, self._members, self._direct)
        for name, yen in before.items():
            shared.add(Payer(PayerKind.SUBSIDY, name), Line(LineKind.SUBSIDY, yen))
        self._book(pool, shared, own)
        self.accounts[pool.name] = PoolAccount(
            name=pool.name,
            caught=sum(caught.values()),
            carried_in=sum(carried.values()),
            flowed_in={name: sum(moved.values()) for name, moved in inflows.items()},
            flowed_out={name: sum(moved.values()) for name, moved in outflows.items()},
            subsidies=before,
            shared=amount,
            caught_by_rate=caught,
            carried_in_by_rate=carried,
            flowed_in_by_rate=inflows,
            set_by_rule=shared.set_by_rule,
            notes=tuple(shared.notes),
        )

    def _book(self, pool: Pool, shared: Shared, mix: Mix) -> None:
        """Split what payers bear by rates of tax, so that the rates' sums stay too."""
        present = self._members.by_pool.get(pool.name, {})
        amounts = {payer: sum(line.jpy for line in lines) for payer, lines in shared.lines.items()}
        left = sum(one.jpy for one in shared.unallocated)
        exact = None if shared.parts is None else shared.parts.exact
        by_rate = _split(amounts, left, mix or {self._usual_rate: 0}, exact)
        for payer, lines in shared.lines.items():
            presence = present.get(payer.name) if payer.kind is PayerKind.BODY else None
            self.borne.append(Borne(payer, pool.name, tuple(lines), by_rate[payer], presence))
        self.unallocated += shared.unallocated


def _place(one: Borne) -> tuple[str, str, str]:
    """By payer, then by rule."""
    return one.payer.kind, one.payer.name, one.rule


def _taxes(bill: Bill, settlements: Sequence[Settlement]) -> dict[Fraction, int]:
    found = dict(bill.taxes)
    for settlement in settlements:
        for rate, yen in settlement.taxes.items():
            found[rate] = found.get(rate, 0) + yen
    return found


def _flow(pool: Pool, mix: Mix) -> dict[str, Mix]:
    """Where a pool's yen go: into other pools, and what stays, under `_OWN`."""
    percents = {flow.pool: flow.percent for flow in pool.flows}
    percents[_OWN] = 100 - sum(percents.values(), Fraction())
    scale = lcm(*(percent.denominator for percent in percents.values()))
    weights = {name: int(percent * scale) for name, percent in percents.items()}
    found: dict[str, Mix] = {name: {} for name in percents}
    for rate, yen in mix.items():
        for name, moved in divide(yen, weights).items():
            found[name][rate] = moved
    return found


def _split(
    amounts: Mapping[Payer, int], left: int, mix: Mix, shares: Exact | None
) -> dict[Payer, Mix]:
    """Payers' whole yen by rate: each payer's rates sum to its amount, each rate's payers (with what
    is left unallocated) to the rate's.

    Rates are in each amount as in the whole. Where costs at one stand against credits at another, amounts
    say little of what they are of: then each rate goes by the shares, before they are rounded.
    """
    if len(mix) == 1:
        [rate] = mix
        return {payer: {rate: yen} for payer, yen in amounts.items()}
    names = {f"{payer.kind.value}:{payer.name}": payer for payer in amounts}
    weights = {name: amounts[payer] for name, payer in names.items()} | {_OWN: left}
    if shares is not None and min(mix.values()) < 0 < max(mix.values()):
        weights = _by_shares(names, shares)
    if sum(weights.values()) == 0:
        weights = dict.fromkeys(weights, 1)
    found: dict[Payer, Mix] = {payer: {} for payer in amounts}
    *others, last = sorted(mix, key=rate_order)
    for rate in others:
        for name, yen in divide(mix[rate], weights).items():
            if name != _OWN:
                found[names[name]][rate] = yen
    for payer, yen in amounts.items():
        found[payer][last] = yen - sum(found[payer].values())
    return found


def _by_shares(names: Mapping[str, Payer], shares: Exact) -> dict[str, int]:
    """Name → what its body's share weighs."""
    return {
        name: abs(shares.numerators.get(payer.name, 0)) if payer.kind is PayerKind.BODY else 0
        for name, payer in names.items()
    }


def _sum(mixes: Iterable[Mapping[Rate, int]]) -> Mix:
    found: Mix = {}
    for mix in mixes:
        for rate, yen in mix.items():
            if yen:
                found[rate] = found.get(rate, 0) + yen
    return found


_Likeness = tuple[tuple[tuple[str, bool, str], ...], Fraction]


def _likeness(bucket: Bucket) -> _Likeness:
    """Alike in every column and in the rate; no value is not an empty one."""
    values = ((name, value is not None, value or "") for name, value in bucket.values.items())
    return tuple(sorted(values)), rate_order(bucket.rate)


def _together(one: Bucket, other: Bucket) -> Bucket:
    return replace(one, jpy=one.jpy + other.jpy, rows=one.rows + other.rows)
