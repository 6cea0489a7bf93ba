"""One pool, shared among its members. Pure; every step keeps the sum."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from moyai.costs.apportion.allocation import (
    Line,
    LineKind,
    Payer,
    PayerKind,
    ShareLimits,
)
from moyai.costs.apportion.inputs import Members, Presence
from moyai.costs.apportion.limits import Limits, within
from moyai.costs.apportion.parts import PartsWeighed, exact_shares, weigh
from moyai.costs.apportion.reliefs import fees, subsidies_after
from moyai.costs.apportion.rounding import Exact, Rounded, exactly, round_shares, spread, to_unit
from moyai.costs.apportion.shared import PartsShared, Shared, body
from moyai.costs.apportion.weights import share_of_time
from moyai.registry.cost_rules import Bearer, Pool, Rounding, RoundingRule
from moyai.texts import Text


def share(
    amount: int,
    pool: Pool,
    rule: RoundingRule,
    members: Members,
    direct: Mapping[str, int],
    *,
    even_nothing: bool = False,
) -> Shared:
    """Divide a pool's whole yen, which flows and subsidies before it have left, among its members; of nothing
    there are shares of ¥0 where they are asked for.

    `direct`: body → yen that it bears directly. What nobody bears is in `unallocated`; with it, the lines
    sum to the amount.
    """
    made = Shared()
    present = members.by_pool.get(pool.name, {})
    if amount and not present:
        made.leave(pool, amount, _NO_MEMBERS)
        return made
    sharers, rest = _set_amounts(amount, pool, rule, present, made)
    if rest or (even_nothing and not amount):
        rest = _share_parts(rest, pool, rule, sharers, members, direct, made)
    elif amount > 0:
        _note_least(pool, rule.unit, present, made)
    fees(pool, rule, present, made)
    subsidies_after(pool, members, made)
    return made


def part_shares(pool: Pool, members: Members, direct: Mapping[str, int]) -> Exact | None:
    """What of one yen each member bears who has no fixed amount, by the parts alone; None without weights."""
    present = members.by_pool.get(pool.name, {})
    sharers = {code: presence for code, presence in present.items() if code not in pool.fixed}
    weighed = weigh(pool, sharers, members, direct)
    return exact_shares(1, weighed.parts) if weighed.parts else None


def _set_amounts(
    amount: int,
    pool: Pool,
    rule: RoundingRule,
    present: Mapping[str, Presence],
    made: Shared,
) -> tuple[dict[str, Presence], int]:
    """Fixed amounts and base fees; who shares the rest, and how much that is.

    Credits, amounts below zero, have neither. Where there is less than they come to, they are reduced to it
    in proportion and rounded as shares are: nobody is paid out of what others bear. A base fee
    is no more than the most that a member bears.
    """
    if amount <= 0 or not (pool.fixed or pool.base_fee):
        return dict(present), amount
    set_yen = {code: _set_amount(code, pool, rule, one) for code, one in present.items()}
    made.set_by_rule = sum(set_yen.values())
    if made.set_by_rule > amount:
        _reduce(set_yen, amount, pool, rule, made)
        return {}, 0
    for code, yen in set_yen.items():
        made.add(body(code), Line(_set_kind(pool, code), yen))
    rest = amount - made.set_by_rule
    sharers = {code: presence for code, presence in present.items() if code not in pool.fixed}
    if rest and not sharers:
        made.leave(pool, rest, _ALL_FIXED)
        rest = 0
    return sharers, rest


def _set_amount(code: str, pool: Pool, rule: RoundingRule, presence: Presence) -> int:
    exact = pool.fixed.get(code, pool.base_fee) * share_of_time(presence, pool.prorating)
    yen = to_unit(exact.numerator, exact.denominator, rule.unit, rule.method)
    most = None if code in pool.fixed else most_of(pool, rule.unit, presence)
    return yen if most is None else min(yen, most)


def most_of(pool: Pool, unit: int, presence: Presence) -> int | None:
    """What a member bears at most for its days, whole units; None: without end."""
    time = share_of_time(presence, pool.prorating)
    return None if pool.maximum is None else _down(pool.maximum * time, unit)


def _least_of(pool: Pool, unit: int, presence: Presence) -> int:
    return _down((pool.minimum or 0) * share_of_time(presence, pool.prorating), unit)


def _note_least(pool: Pool, unit: int, present: Mapping[str, Presence], made: Shared) -> None:
    """Say where set amounts use up the cost, and leave a member below the least."""
    borne = made.of_bodies()
    if any(
        borne.get(code, 0) < _least_of(pool, unit, presence)
        for code, presence in present.items()
        if code not in pool.fixed
    ):
        made.notes.append(_least_used_up(pool.title))


def _reduce(
    set_yen: Mapping[str, int], amount: int, pool: Pool, rule: RoundingRule, made: Shared
) -> None:
    """Set amounts beyond what there is."""
    made.notes.append(_set_beyond(pool.title, made.set_by_rule, amount))
    exact = Exact({code: yen * amount for code, yen in set_yen.items()}, made.set_by_rule)
    rounded = round_shares(exact, rule.unit, rule.method)
    made.parts = PartsShared(exact, rounded)
    for code, yen in rounded.shares.items():
        made.add(body(code), Line(_set_kind(pool, code), yen, by_rule=set_yen[code]))
    _bear_rest(exact, rounded, pool, rule, made)


def _set_kind(pool: Pool, code: str) -> LineKind:
    return LineKind.FIXED if code in pool.fixed else LineKind.BASE_FEE


def _share_parts(
    rest: int,
    pool: Pool,
    rule: RoundingRule,
    sharers: Mapping[str, Presence],
    members: Members,
    direct: Mapping[str, int],
    made: Shared,
) -> int:
    weighed = weigh(pool, sharers, members, direct)
    made.notes += weighed.notes
    lost = floor(rest * weighed.unallocated / 100)
    made.leave(pool, lost, _NOTHING_TO_GO_BY)
    rest -= lost
    if not weighed.parts:
        return rest
    exact = exact_shares(rest, weighed.parts)
    limited: Mapping[str, ShareLimits] = {}
    if rest > 0 and (pool.minimum is not None or pool.maximum is not None):
        exact, limited = _limit(rest, exact, pool, rule.unit, sharers, made)
    _round(exact, pool, rule, weighed, limited, made)
    return rest


def _limit(
    rest: int,
    exact: Exact,
    pool: Pool,
    unit: int,
    sharers: Mapping[str, Presence],
    made: Shared,
) -> tuple[Exact, dict[str, ShareLimits]]:
    """Shares between least and most, base fees counted in, and what that did to those that it changed.

    Limits are whole units, so that a share within them stays so when it is rounded.
    """
    base = {code: sum(line.jpy for line in made.lines.get(body(code), ())) for code in sharers}
    limits = {
        code: Limits(_least_of(pool, unit, presence), most_of(pool, unit, presence))
        for code, presence in sharers.items()
    }
    before = {code: base[code] + exact.of(code) for code in sharers}
    total = rest + sum(base.values())
    found = within(total, {code: max(yen, Fraction()) for code, yen in before.items()}, limits)
    if not found.held:
        made.notes.append(_least_not_held(pool.title))
    made.leave(pool, found.beyond, BEYOND_MOST)
    changed = {
        code: ShareLimits(
            base[code], before[code], limit.least, limit.most, found.factor, found.held
        )
        for code, limit in limits.items()
        if found.shares[code] != before[code]
    }
    return exactly({code: found.shares[code] - base[code] for code in sharers}), changed


def _down(yen: Fraction, unit: int) -> int:
    return to_unit(yen.numerator, yen.denominator, unit, Rounding.FLOOR)


def _round(
    exact: Exact,
    pool: Pool,
    rule: RoundingRule,
    weighed: PartsWeighed,
    limited: Mapping[str, ShareLimits],
    made: Shared,
) -> None:
    rounded = round_shares(exact, rule.unit, rule.method)
    made.parts = PartsShared(exact, rounded)
    for code, yen in rounded.shares.items():
        parts = tuple(part.share_of(code) for part in weighed.parts)
        made.add(body(code), Line(LineKind.SHARE, yen, parts, limited.get(code)))
    _bear_rest(exact, rounded, pool, rule, made)


def _bear_rest(
    exact: Exact, rounded: Rounded, pool: Pool, rule: RoundingRule, made: Shared
) -> None:
    """What rounding left, to its bearer."""
    if rule.bearer is Bearer.LARGEST_REMAINDER:
        for code, yen in spread(rounded, exact, rule.unit).items():
            made.add(body(code), Line(LineKind.REMAINDER, yen))
    else:
        bearer = Payer(PayerKind.CARRY, pool.name)
        if rule.bearer is Bearer.LEAD:
            assert rule.lead is not None
            bearer = body(rule.lead)
        made.add(bearer, Line(LineKind.REMAINDER, rounded.left))


_NO_MEMBERS = Text("この期間に参加している団体がありません", "nobody is a member in this period")
_ALL_FIXED = Text(
    "定額の団体だけで、残りを分ける団体がありません",
    "all members bear fixed amounts, and nobody shares the rest",
)
_NOTHING_TO_GO_BY = Text("按分の基準がすべて 0 です", "all weights are zero")
BEYOND_MOST = Text("全団体が上限に達しました", "all members bear the most that the rule allows")
"""The reason of what is left after a pool was shared; every other is left before."""


def _set_beyond(title: str, by_rule: int, cost: int) -> Text:
    return Text(
        f"{title}: 定額と基本料の合計 {by_rule:,} 円が費用 {cost:,} 円を {by_rule - cost:,} 円超えるため、"
        "その比で減額しました",
        f"{title}: fixed amounts and base fees make ¥{by_rule:,}, ¥{by_rule - cost:,} more than the"
        f" ¥{cost:,} that it costs, so they were reduced in proportion",
    )


def _least_not_held(title: str) -> Text:
    return Text(
        f"{title}: 総額が下限の合計に満たないため、下限の比で分けました",
        f"{title}: there is less than all minimums, so it was shared in proportion to them",
    )


def _least_used_up(title: str) -> Text:
    return Text(
        f"{title}: 定額と基本料で費用を使い切るため、下限に満たない団体があります",
        f"{title}: fixed amounts and base fees use up what it costs, so a member bears less than its minimum",
    )
