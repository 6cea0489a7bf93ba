"""The figures of a pool: from what its rows come to down to what its members share. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from moyai.costs.explain.figures import Figure, percent, two_places
from moyai.costs.explain.way import Way
from moyai.costs.statements.heads import PoolHead
from moyai.costs.statements.titles import late_words
from moyai.costs.yen import Converted, Origin
from moyai.registry.cost_rules import RuleSet
from moyai.texts import Text, counted


def pool_figures(head: PoolHead, rules: RuleSet) -> Iterator[Figure]:
    """What came in and went out, which sums to what is shared; nothing where only rows did."""
    account = head.account
    came = account.flowed_in or account.carried_in or account.settled_in
    if account.shared == account.caught and not came:
        return
    flows = {(pool.name, flow.pool): flow.percent for pool in rules.pools for flow in pool.flows}
    yield Figure("pool_rows", Text("この区分の明細", "its own rows"), account.caught)
    if account.carried_in:
        words = Text("前期からの繰越", "carried from the period before")
        yield Figure("pool_carried", words, account.carried_in)
    for period, jpy in account.settled_in_jpy.items():
        yield Figure("pool_settled", late_words(period), jpy)
    for name, jpy in sorted(account.flowed_in.items()):
        share, title = percent(flows[name, account.name]), head.titles[name]
        words = Text(f"{title} から（その {share}）", f"from {title}, {share} of it")
        yield Figure("pool_inflow", words, jpy)
    for name, jpy in sorted(account.flowed_out.items()):
        share, title = percent(flows[account.name, name]), head.titles[name]
        yield Figure("pool_outflow", Text(f"{title} へ（{share}）", f"to {title}, {share}"), -jpy)
    for name, jpy in account.subsidies.items():
        words = Text(f"{name}（按分の前）", f"{name}, before it is shared")
        yield Figure("pool_subsidy", words, -jpy)
    yield Figure("pool_shared", Text("負担する額", "to be borne"), account.shared)


def divided_figures(head: PoolHead) -> Iterator[Figure]:
    """From what members bear to what percents and weights divide."""
    if head.divided != head.account.shared:
        yield Figure("pool_shared", Text("負担する額", "to be borne"), head.account.shared)
    if head.set_amounts:
        words = Text("定額と基本料", "fixed amounts and base fees")
        yield Figure("pool_set_amounts", words, -head.set_amounts)
    if head.left:
        words = Text("だれも負担しない額", "what nobody bears")
        yield Figure("pool_left", words, -head.left)
    yield Figure("pool_divided", Text("按分する額", "to be divided"), head.divided)


def rows_figures(way: Way, converted: Converted, caught_jpy: int) -> Iterator[Figure]:
    """What a rule caught, invoice by invoice, and how that became whole yen; nothing where it is all of one
    and whole. `caught_jpy`: all that it caught."""
    if way.bucket is None:
        return
    pairs = zip(converted.bill.buckets, converted.origins, strict=True)
    found = [(one, origin) for one, origin in pairs if one.caught == way.bucket.caught]
    if len(found) == 1 and way.bucket.jpy == caught_jpy:
        return
    sums: dict[tuple[str, str], tuple[int, Fraction]] = {}
    for bucket, origin in found:
        rows, jpy = sums.get(_invoice_of(origin), (0, Fraction()))
        sums[_invoice_of(origin)] = (rows + bucket.rows, jpy + bucket.jpy)
    ordered = list(sums.items())
    for (issuer, number), (rows, jpy) in ordered[:_MOST]:
        ja = f"{issuer or '発行者なし'} {number}".rstrip()
        en = f"{issuer or 'no issuer'} {number}".rstrip()
        words = Text(
            f"{ja}: {rows:,} 行、{two_places(jpy)} 円",
            f"{en}: {counted(rows, 'row', 'rows')}, {two_places(jpy)} yen",
        )
        yield Figure("rows_of_invoice", words, exact=jpy)
    more = ordered[_MOST:]
    if more:
        jpy = sum((jpy for _, (_, jpy) in more), Fraction())
        rest = Text(
            f"ほか {len(more):,} 件、{two_places(jpy)} 円",
            f"{len(more):,} more, {two_places(jpy)} yen",
        )
        yield Figure("rows_of_invoice", rest, exact=jpy)
    words = Text(
        "円未満は、請求総額の全体で端数の大きい順に 1 円ずつ",
        "to whole yen with the whole bill, by largest remainder",
    )
    yield Figure("rows_whole", words, caught_jpy)


def _invoice_of(origin: Origin) -> tuple[str, str]:
    """Issuer and number, of an invoice on record or as rows in yen name it; either may be empty."""
    if origin.invoice is None:
        return origin.group.issuer, origin.group.invoice_id or ""
    return origin.invoice.issuer, origin.invoice.number


def caught_jpy(way: Way) -> int:
    """All that the rule of a way's rows caught, of a body's where it is a direct one; whole yen."""
    return way.pools[-1].account.caught if way.pools else way.borne.jpy


_MOST = 20
"""Invoices that are told one by one."""
