"""The figures of a line: how it comes of what its pool has, and why this body bears it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from moyai.costs.apportion.allocation import Borne, Line, LineKind, PayerKind, ShareLimits
from moyai.costs.apportion.reliefs import subsidy_yen
from moyai.costs.apportion.rounding import by_loss, to_unit
from moyai.costs.apportion.shared import PartsShared
from moyai.costs.apportion.sharing import most_of, share
from moyai.costs.apportion.weights import share_of_time
from moyai.costs.documents.compose.words import LINES, SHARES
from moyai.costs.explain.figures import Figure, percent, rate_words, to_unit_words, two_places
from moyai.costs.explain.pools import divided_figures
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.heads import PoolHead, part_yen, pool_heads
from moyai.registry.cost_rules import Bearer, Pool, Prorating, Subsidy, SubsidyWhen
from moyai.texts import Text

_BEFORE_FEES = frozenset({LineKind.FIXED, LineKind.BASE_FEE, LineKind.SHARE, LineKind.REMAINDER})
_FEES = (LineKind.JOINING_FEE, LineKind.LEAVING_FEE)


def line_figures(made: Reckoned, borne: Borne, line: Line) -> tuple[Figure, ...]:
    """How a line of a payer comes about; nothing of a direct rule's, whose figures are those of its rows, and
    of a settlement's, which has steps of its own."""
    pool = made.inputs.rules.pool(borne.rule)
    if pool is None:
        return ()
    return tuple(_Lines(made, pool, borne).of(line))


class _Lines:
    """The lines of one payer and pool."""

    def __init__(self, made: Reckoned, pool: Pool, borne: Borne) -> None:
        self._made = made
        self._pool = pool
        self._borne = borne
        self._rule = made.inputs.rules.rounding
        self._head: PoolHead = pool_heads(made.allocation, made.inputs.rules)[pool.name]

    def of(self, line: Line) -> Iterator[Figure]:
        if line.kind is LineKind.SHARE:
            return self._share(line)
        if line.kind is LineKind.REMAINDER:
            return self._remainder(line)
        if line.kind in (LineKind.FIXED, LineKind.BASE_FEE):
            return self._set_amount(line)
        if line.kind in _FEES:
            return self._fee(line)
        if line.kind is LineKind.FEE_RELIEF:
            return self._relief(line)
        return self._subsidy(line)

    def _share(self, line: Line) -> Iterator[Figure]:
        yield from divided_figures(self._head)
        for part in line.parts:
            yen = part_yen(self._head.divided, part)
            by = SHARES[part.by]
            driver = "" if part.driver is None else f" {part.driver}"
            sum_ = f"{percent(part.percent)} × {part.weight} / {part.of} = {two_places(yen)}"
            words = Text(f"{by.ja}{driver} {sum_} 円", f"{by.en.lower()}{driver} {sum_} yen")
            yield Figure("share", words, exact=yen)
        if self._days() and self._pool.prorating is Prorating.DAYS:
            words = Text(
                f"参加した日数 {self._days()}（均等割・人口割の重みに入っています）",
                f"{self._days()} days, which are in the weights of equal and population shares",
            )
            yield Figure("days", words)
        if line.limits is not None:
            yield from _limited(line.limits)
        how = to_unit_words(self._rule.method, self._rule.unit)
        yield Figure("rounded", how, line.jpy)

    def _remainder(self, line: Line) -> Iterator[Figure]:
        parts = self._parts()
        unit = self._rule.unit
        how = to_unit_words(self._rule.method, unit)
        words = Text(f"各団体の按分額を、{how.ja}にした残り", f"left of all shares, {how.en}")
        yield Figure("remainder_left", words, parts.rounded.left)
        if self._borne.payer.kind is PayerKind.CARRY:
            words = Text("規則により次の期間へ繰り越す", "carried to the next period, by the rules")
            yield Figure("remainder_bearer", words, line.jpy)
        elif self._rule.bearer is Bearer.LEAD:
            words = Text("規則により幹事団体が負担する", "borne by the lead body, by the rules")
            yield Figure("remainder_bearer", words, line.jpy)
        else:
            yield from self._largest(parts, line)

    def _largest(self, parts: PartsShared, line: Line) -> Iterator[Figure]:
        code, unit = self._borne.payer.name, self._rule.unit
        lost = parts.exact.of(code) - parts.rounded.shares[code]
        order = by_loss(parts.rounded, parts.exact)
        ja, en = ("切り捨てた", "lost") if lost >= 0 else ("切り上げた", "gained")
        words = Text(
            f"この団体の按分額が端数処理で{ja}額 {two_places(abs(lost))} 円",
            f"what its share {en} by rounding: {two_places(abs(lost))} yen",
        )
        yield Figure("remainder_fraction", words, exact=lost)
        yield Figure(
            "remainder_rank", rank_words(order.index(code) + 1, len(order), unit), line.jpy
        )

    def _set_amount(self, line: Line) -> Iterator[Figure]:
        yen = self._pool.fixed.get(self._borne.payer.name, self._pool.base_fee)
        title = LINES[line.kind]
        days = ""
        if self._days() and self._pool.prorating is Prorating.DAYS:
            days = f" × {self._days()}"
        how = to_unit_words(self._rule.method, self._rule.unit)
        most = self._most_of_fee(line)
        words = Text(
            f"規則の{title.ja} {yen:,} 円{days}、{how.ja}{most.ja}",
            f"{title.en.lower()} of the rule, {yen:,} yen{days}, {how.en}{most.en}",
        )
        if line.by_rule is None:
            yield Figure("set_amount", words, line.jpy)
            return
        yield Figure("set_by_rule", words, line.by_rule)
        account = self._head.account
        of = f"{account.shared:,} / {account.set_by_rule:,}"
        exact = Fraction(line.by_rule * account.shared, account.set_by_rule)
        words = Text(
            f"費用に合わせて減額 × {of} = {two_places(exact)} 円、{how.ja}",
            f"reduced to what there is, × {of} = {two_places(exact)} yen, {how.en}",
        )
        yield Figure("set_amount", words, line.jpy, exact)

    def _most_of_fee(self, line: Line) -> Text:
        """Words of the most that a base fee is held at; none where it is not."""
        presence = self._borne.presence
        if line.kind is not LineKind.BASE_FEE or presence is None:
            return Text("", "")
        most = most_of(self._pool, self._rule.unit, presence)
        exact = self._pool.base_fee * share_of_time(presence, self._pool.prorating)
        rounded = to_unit(exact.numerator, exact.denominator, self._rule.unit, self._rule.method)
        if most is None or rounded <= most:
            return Text("", "")
        return Text(f"、上限 {most:,} 円まで", f", at most {most:,} yen")

    def _fee(self, line: Line) -> Iterator[Figure]:
        title = LINES[line.kind]
        joins = line.kind is LineKind.JOINING_FEE
        words = Text(
            f"規則の{title.ja}（この期間に{'加入' if joins else '脱退'}）",
            f"{title.en.lower()} of the rule, as it {'joins' if joins else 'leaves'} in this period",
        )
        yield Figure("fee", words, line.jpy)

    def _relief(self, line: Line) -> Iterator[Figure]:
        names = self._made.inputs.names
        bodies = [one for one in self._of_pool() if one.payer.kind is PayerKind.BODY]
        for one in bodies:
            for paid in one.lines:
                if paid.kind in _FEES:
                    code, title = one.payer.name, LINES[paid.kind]
                    name = f"{code} {names.get(code, '')}".rstrip()
                    yield Figure(
                        "fee", Text(f"{name}: {title.ja}", f"{name}: {title.en.lower()}"), paid.jpy
                    )
        present = self._made.inputs.members.by_pool[self._pool.name]
        staying = {code for code, one in present.items() if not one.joins and not one.leaves}
        own = max(_before_fees(self._borne.lines), 0)
        whole = sum(max(_before_fees(one.lines), 0) for one in bodies if one.payer.name in staying)
        weights = Text(f"{own:,} / {whole:,}", f"{own:,} / {whole:,}")
        if not whole:
            weights = Text(f"{len(staying)} 団体で均等", f"alike for {len(staying)} bodies")
        words = Text(
            f"加入も脱退もしない団体へ、負担額の比で充てる（{weights.ja}）",
            f"to bodies that neither join nor leave, by what they bear ({weights.en})",
        )
        yield Figure("relief", words, line.jpy)

    def _subsidy(self, line: Line) -> Iterator[Figure]:
        """Subsidies come off one after the other; one that comes to nothing has no line."""
        meant = self._made.inputs.members.subsidised.get(self._pool.name, {})
        lines = self._borne.lines
        of = sum(one.jpy for one in lines if one.kind is not LineKind.SUBSIDY)
        waiting = [one for one in lines if one.kind is LineKind.SUBSIDY]
        for subsidy in self._pool.subsidies:
            code = self._borne.payer.name
            if subsidy.when is not SubsidyWhen.AFTER or code not in meant.get(subsidy.name, ()):
                continue
            yen = subsidy_yen(subsidy.percent, subsidy.amount, of) if of > 0 else 0
            if not yen:
                continue
            if waiting.pop(0) is line:
                yield Figure("subsidy", _subsidy_words(subsidy, of), line.jpy)
            of -= yen

    def _parts(self) -> PartsShared:
        """The pool's shares before and after rounding, as they were made."""
        made, name = self._made, self._pool.name
        direct: dict[str, int] = {}
        for one in made.allocation.borne:
            for line in one.lines:
                if line.kind is LineKind.DIRECT:
                    direct[one.payer.name] = direct.get(one.payer.name, 0) + line.jpy
        amount = self._head.account.shared
        members = made.inputs.members
        found = share(amount, self._pool, self._rule, members, direct, even_nothing=True).parts
        assert found is not None, name
        return found

    def _of_pool(self) -> Sequence[Borne]:
        return [one for one in self._made.allocation.borne if one.rule == self._pool.name]

    def _days(self) -> str:
        """`16 / 31`; empty where it was there all the time."""
        there = self._borne.presence
        return "" if there is None or there.days == there.of else f"{there.days} / {there.of}"


def _limited(found: ShareLimits) -> Iterator[Figure]:
    """From what the parts come to, base fee counted in, to the share within least and most."""
    with_fee = Text("", "")
    if found.base_fee:
        with_fee = Text(
            f"基本料 {found.base_fee:,} 円を加えて ",
            f"with the base fee of {found.base_fee:,} yen: ",
        )
    yen = two_places(found.weighed)
    words = Text(f"{with_fee.ja}{yen} 円", f"{with_fee.en}{yen} yen")
    yield Figure("limit_weighed", words, exact=found.weighed)
    ja, en = [], []
    if found.least or found.at_least:
        ja.append(f"下限 {found.least:,} 円")
        en.append(f"least {found.least:,} yen")
    if found.most is not None:
        ja.append(f"上限 {found.most:,} 円")
        en.append(f"most {found.most:,} yen")
    yield Figure("limit_bounds", Text("、".join(ja), ", ".join(en)))
    of = found.weighed if found.held else Fraction(found.least)
    rate, yen = rate_words(found.factor, of), two_places(found.scaled)
    words = Text(
        f"全団体に共通の調整率 {two_places(of)} × {rate} = {yen} 円",
        f"by the factor of all members: {two_places(of)} × {rate} = {yen} yen",
    )
    yield Figure("limit_factor", words, exact=found.scaled)
    why, yen = _why_limited(found), two_places(found.share)
    less = Text("", "")
    if found.base_fee:
        less = Text("、基本料を除いて", ", less the base fee")
    words = Text(f"{why.ja}{less.ja} {yen} 円", f"{why.en}{less.en}: {yen} yen")
    yield Figure("limits", words, exact=found.share)


def _why_limited(found: ShareLimits) -> Text:
    if found.at_least:
        return Text("下限を適用", "held up at the least")
    if found.at_most:
        return Text("上限を適用", "held down at the most")
    if found.held:
        return Text(
            "ほかの団体の上限・下限による調整後", "adjusted, as others are at the least or most"
        )
    return Text(
        "総額が下限の合計に満たないため、下限の比で",
        "in proportion to all minimums, as there is less than these",
    )


def rank_words(place: int, of: int, unit: int) -> Text:
    """Why a body bears a unit of what rounding left: its place by what it lost, from 1."""
    return Text(
        f"その額の大きい順で {of} 団体中 {place} 番目（{unit:,} 円ずつ、先頭から）",
        f"place {place} of {of} by that, {unit:,} yen each from the first on",
    )


def _subsidy_words(subsidy: Subsidy, of: int) -> Text:
    if subsidy.percent is None:
        return Text(
            f"{subsidy.name}: 負担額 {of:,} 円から、{subsidy.amount:,} 円まで",
            f"{subsidy.name}: off {of:,} yen, at most {subsidy.amount:,} yen",
        )
    share = percent(subsidy.percent)
    return Text(
        f"{subsidy.name}: 負担額 {of:,} 円の {share}、1 円未満切捨て",
        f"{subsidy.name}: {share} of {of:,} yen, rounded down to 1 yen",
    )


def _before_fees(lines: Sequence[Line]) -> int:
    return sum(one.jpy for one in lines if one.kind in _BEFORE_FEES)
