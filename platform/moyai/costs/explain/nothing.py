"""Why a body bears nothing of a period, or gets something back: rule by rule. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from moyai.costs.apportion.allocation import Borne, Line, LineKind
from moyai.costs.documents.compose.words import SHARES
from moyai.costs.explain.figures import Figure, to_unit_words, two_places
from moyai.costs.explain.lines import StatementLine, TaxLine
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.heads import PoolHead, part_yen, pool_heads
from moyai.costs.statements.titles import title_of
from moyai.registry.cost_rules import Pool
from moyai.texts import Text


def nothing_figures(
    made: Reckoned, code: str, lines: Sequence[StatementLine]
) -> tuple[Figure, ...]:
    """What each rule has for a body whose lines come to nothing, or to less: direct rules, pools, settlements,
    then the tax. They sum to the lines."""
    if not lines and code not in made.inputs.members.bodies:
        words = Text("この期間の団体ではありません", "it was no body of the federation then")
        return (Figure("nothing", words, 0),)
    tax = sum(one.jpy for one in lines if isinstance(one, TaxLine))
    found = tuple(_Nothing(made, code).all())
    return (*found, Figure(step_of(tax), _TAX, tax)) if tax else found


def step_of(jpy: int) -> str:
    """What kind of figure an amount of a rule is: borne, nothing, given back."""
    if jpy:
        return "borne" if jpy > 0 else "given_back"
    return "nothing"


class _Nothing:
    """The rules of one period, for one body."""

    def __init__(self, made: Reckoned, code: str) -> None:
        self._made = made
        self._code = code
        self._rules = made.inputs.rules
        self._heads = pool_heads(made.allocation, self._rules)
        borne = dict(made.allocation.bodies()).get(code, ())
        self._borne = {one.rule: one for one in borne}

    def all(self) -> Iterator[Figure]:
        for rule in self._rules.direct:
            yield self._figure(rule.name, _of_amount(self._borne.get(rule.name)) or _NOT_CAUGHT)
        for pool in self._rules.pools:
            yield self._figure(pool.name, self._why(pool))
        own = {rule.name for rule in self._rules.direct}
        own |= {pool.name for pool in self._rules.pools}
        for name, borne in self._borne.items():
            if name not in own:
                yield self._figure(name, _of_amount(borne) or _SUMS_TO_NOTHING)

    def _figure(self, rule: str, why: Text) -> Figure:
        title = title_of(rule, self._rules)
        borne = self._borne.get(rule)
        words = Text(f"{title.ja}: {why.ja}", f"{title.en}: {why.en}")
        jpy = 0 if borne is None else borne.jpy
        return Figure(step_of(jpy), words, jpy)

    def _why(self, pool: Pool) -> Text:
        borne = self._borne.get(pool.name)
        if why := _of_amount(borne):
            return why
        if self._code not in self._made.inputs.members.by_pool.get(pool.name, {}):
            return _no_member(pool)
        kinds = {line.kind: line for line in (() if borne is None else borne.lines)}
        if LineKind.SUBSIDY in kinds:
            return _ALL_SUBSIDISED
        if LineKind.SHARE in kinds and kinds[LineKind.SHARE].jpy == 0:
            return self._of_share(pool, kinds[LineKind.SHARE])
        if kinds:
            return _SUMS_TO_NOTHING
        if self._code in pool.fixed:
            return _FIXED_AT_NOTHING
        return _nothing_shared(self._heads[pool.name])

    def _of_share(self, pool: Pool, line: Line) -> Text:
        """Why a share is ¥0: no weight, a limit, or less than the unit."""
        divided = self._heads[pool.name].divided
        exact = sum((part_yen(divided, part) for part in line.parts), Fraction())
        if exact == 0:
            ja = "、".join(SHARES[part.by].ja + _driver(part.driver) for part in line.parts)
            en = ", ".join(SHARES[part.by].en.lower() + _driver(part.driver) for part in line.parts)
            return Text(f"按分の重みが 0 です（{ja}）", f"it weighs nothing ({en})")
        if line.limits is not None:
            if line.limits.at_most:
                most = f"{line.limits.most:,}"
                return Text(f"上限 {most} 円", f"the most that it bears is {most} yen")
            exact = line.limits.share
        how = to_unit_words(self._rules.rounding.method, self._rules.rounding.unit)
        yen = two_places(exact)
        return Text(f"按分額 {yen} 円は、{how.ja}で 0 円", f"its share of {yen} yen is 0, {how.en}")


def _of_amount(borne: Borne | None) -> Text | None:
    """Why an amount is not zero; None of one that is."""
    if borne is None or not borne.jpy:
        return None
    return _BORNE if borne.jpy > 0 else _GIVEN_BACK


def _driver(name: str | None) -> str:
    return "" if name is None else f" {name}"


def _no_member(pool: Pool) -> Text:
    if pool.service is not None:
        return Text(
            f"この期間に参加していません（サービス {pool.service}、対象 {pool.members}）",
            f"it is no member in this period (service {pool.service}, members {pool.members})",
        )
    return Text(
        f"この期間に参加していません（対象 {pool.members}）",
        f"it is no member in this period (members {pool.members})",
    )


def _nothing_shared(head: PoolHead) -> Text:
    account = head.account
    if account.subsidies and not account.shared:
        return _ALL_SUBSIDISED
    if account.flowed_out and not account.shared:
        names = ", ".join(head.titles[name] for name in sorted(account.flowed_out))
        return Text(f"すべて {names} へ流れました", f"all of it went to {names}")
    if account.shared:
        return _UNALLOCATED
    return Text("この期間の費用がありません", "there is nothing to share in this period")


_TAX = Text("消費税額とその端数調整", "the tax, adjustment of rounded tax included")
_NOT_CAUGHT = Text("この団体に当たる明細がありません", "no row is of this body")
_BORNE = Text("この規則による負担額", "what it bears by this rule")
_GIVEN_BACK = Text("減額や返金のため、0 円を下回ります", "below zero, by credits or corrections")
_SUMS_TO_NOTHING = Text("行の合計が 0 円です", "its lines sum to 0 yen")
_ALL_SUBSIDISED = Text("すべて補助されます", "all of it is subsidised")
_FIXED_AT_NOTHING = Text("定額 0 円です", "its fixed amount is 0 yen")
_UNALLOCATED = Text("だれも負担しない額のままです", "it is left as cost that nobody bears")
