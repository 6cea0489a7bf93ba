"""A bill divided by a rule set: catch, round to whole yen, flow, share. Pure.

Shares sum to the bill with a difference of ¥0; every call asserts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

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
from moyai.costs.apportion.inputs import Bill, Members, Rate, rate_order
from moyai.costs.apportion.mixes import OWN, Mix, flow, is_mixed, split, sum_of
from moyai.costs.apportion.reliefs import subsidies_before
from moyai.costs.apportion.shared import Shared, body
from moyai.costs.apportion.sharing import part_shares, share
from moyai.costs.apportion.whole_yen import WholeYen, whole_yen
from moyai.costs.periods import Period
from moyai.registry.cost_rules import Pool, RuleSet
from moyai.texts import Text

SETTLEMENT_OF = "settlement:"
"""Before the period, in the name under which a settlement is borne."""
_NO_POOL = Text(
    "前期から繰り越した区分が、今の規則にありません",
    "it was carried for a pool that the rules no longer have",
)
_NO_BEARER = Text(
    "税率の異なる費用と返金が残り、負担する団体がありません",
    "costs at one rate of tax and credits at another are left, and nobody is there to bear them",
)


def allocate(
    bill: Bill, rules: RuleSet, members: Members, settlements: Sequence[Settlement] = ()
) -> Allocation:
    """Divide a bill, whose buckets name the rules that caught them, among payers, and add what closed
    periods come to differently.

    Raises `ValueError` for rules that the registry's checks refuse (flows in a circle).
    """
    caught = whole_yen(bill)
    books = _Books(rules, members, caught)
    for settlement in settlements:
        books.take(settlement)
    books.charge()
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


class _Books:
    """The pools' accounts while they are settled, one after the other."""

    def __init__(self, rules: RuleSet, members: Members, caught: WholeYen) -> None:
        self._rules = rules
        self._members = members
        self._caught = caught
        self._direct = caught.direct_by_body()
        rates = {rate for mix in (*caught.pools.values(), *caught.direct.values()) for rate in mix}
        self._usual_rate: Rate = max(rates, key=rate_order, default=None)
        """Of fees of a pool without costs: the highest of the bill's rates."""
        self._inflows: dict[str, dict[str, Mix]] = {}
        """Pool → pool that it came from → yen."""
        self._late: dict[tuple[str, str], dict[Period, Mix]] = {}
        """Direct rule and body → closed period → yen of it."""
        self._settled: dict[str, dict[Period, Mix]] = {}
        """Pool → closed period → yen of it."""
        self.accounts: dict[str, PoolAccount] = {}
        self.unallocated: list[Unallocated] = []
        self.borne: list[Borne] = []

    def take(self, settlement: Settlement) -> None:
        """What came late to a closed period and rules of this one catch, as if it were of this period."""
        self.unallocated += settlement.unallocated
        for caught, mix in settlement.late.items():
            if caught.body is None:
                _add(self._settled.setdefault(caught.rule, {}), settlement.period, mix)
            else:
                late = self._late.setdefault((caught.rule, caught.body), {})
                _add(late, settlement.period, mix)

    def charge(self) -> None:
        """What direct rules caught, to the bodies that they say."""
        direct = self._caught.direct
        for rule, code in sorted({*direct, *self._late}):
            own, late = direct.get((rule, code)), self._late.get((rule, code), {})
            lines = [] if own is None else [Line(LineKind.DIRECT, sum(own.values()))]
            for period, mix in sorted(late.items()):
                lines.append(Line(LineKind.LATE, sum(mix.values()), settled=period))
            mix = own if own is not None and not late else sum_of([own or {}, *late.values()])
            self.borne.append(Borne(body(code), rule, tuple(lines), mix))

    def add(self, settlement: Settlement) -> None:
        """What a closed period comes to differently, to those whom it concerns."""
        rule = f"{SETTLEMENT_OF}{settlement.period}"
        for payer, by_rate in settlement.borne.items():
            line = Line(LineKind.SETTLEMENT, sum(by_rate.values()))
            moved = settlement.rules.get(payer, ())
            self.borne.append(Borne(payer, rule, (line,), dict(by_rate), moved=moved))

    def leave_carried(self) -> None:
        """What was carried for pools that these rules no longer have: nobody bears it."""
        for name in sorted({one.pool for one in self._members.carried} - self.accounts.keys()):
            mix = self._members.carried_into(name)
            if any(mix.values()):
                yen = sum(mix.values())
                self.unallocated.append(Unallocated(_NO_POOL, name, {}, yen, 0, by_rate=mix))

    def share(self, pool: Pool) -> None:
        """Share a pool whose inflows are all known."""
        caught = self._caught.pools.get(pool.name, {})
        inflows = self._inflows.get(pool.name, {})
        carried = self._members.carried_into(pool.name)
        settled = self._settled.get(pool.name, {})
        mix = sum_of([caught, *inflows.values(), carried, *settled.values()])
        outflows = flow(pool, mix)
        own = outflows.pop(OWN)
        for target, moved in outflows.items():
            self._inflows.setdefault(target, {})[pool.name] = moved
        before = subsidies_before(sum(own.values()), pool)
        amount = sum(own.values()) - sum(before.values())
        shared = share(
            amount,
            pool,
            self._rules.rounding,
            self._members,
            self._direct,
            even_nothing=is_mixed(own),
        )
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
            settled_in=settled,
            flowed_in_by_rate=inflows,
            set_by_rule=shared.set_by_rule,
            notes=tuple(shared.notes),
        )

    def _book(self, pool: Pool, shared: Shared, mix: Mix) -> None:
        """Split what payers bear by rates of tax, so that the rates' sums stay too."""
        present = self._members.by_pool.get(pool.name, {})
        amounts: dict[Payer | int, int] = {
            payer: sum(line.jpy for line in lines) for payer, lines in shared.lines.items()
        }
        amounts |= {at: one.jpy for at, one in enumerate(shared.unallocated)}
        if not amounts and any(mix.values()):
            shared.unallocated.append(Unallocated(_NO_BEARER, pool.name, {}, 0, 0))
            amounts = {0: 0}
        shares = part_shares(pool, self._members, self._direct) if is_mixed(mix) else None
        by_rate = split(amounts, mix or {self._usual_rate: 0}, shares)
        for payer, lines in shared.lines.items():
            presence = present.get(payer.name) if payer.kind is PayerKind.BODY else None
            self.borne.append(Borne(payer, pool.name, tuple(lines), by_rate[payer], presence))
        self.unallocated += [
            replace(one, by_rate=by_rate[at]) for at, one in enumerate(shared.unallocated)
        ]


def _add(mixes: dict[Period, Mix], period: Period, mix: Mapping[Rate, int]) -> None:
    mixes[period] = sum_of([mixes.get(period, {}), mix])


def _place(one: Borne) -> tuple[str, str, str]:
    """By payer, then by rule."""
    return one.payer.kind, one.payer.name, one.rule


def _taxes(bill: Bill, settlements: Sequence[Settlement]) -> dict[Fraction, int]:
    found = dict(bill.taxes)
    for settlement in settlements:
        for rate, yen in settlement.taxes.items():
            found[rate] = found.get(rate, 0) + yen
    return found
