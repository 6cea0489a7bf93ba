"""What is odd about whom a period's pools are shared among: subsidies of strangers, fixed amounts beyond the
cost. By the file alone, and beside what is on record; each with its place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from moyai.costs.apportion.allocation import Allocation, LineKind
from moyai.costs.apportion.inputs import Members
from moyai.costs.periods import Period
from moyai.operations.costs.findings import Finding, days_of, ever_in, some
from moyai.planning.selectors import parse
from moyai.registry.cost_rules import Pool, RuleSet, Subsidy, SubsidyWhen
from moyai.registry.models import Tenant
from moyai.registry.paths import Path
from moyai.registry.selector import ALL, words
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class _Meant:
    """A subsidy that comes off after sharing, and the bodies that its selector means."""

    path: Path
    named: frozenset[str]
    """Codes that it has word by word, of all that it means."""
    meant: frozenset[str]

    def strangers(self, members: Collection[str]) -> frozenset[str] | None:
        """Codes of those who are named and no members; None where nobody who is meant is one.

        A selector of many (`kind:村`) may mean others too: that is what selectors are for.
        """
        return self.named - set(members) if self.meant & set(members) else None


def subsidy_findings(rules: RuleSet, bodies: Sequence[Tenant]) -> Iterator[Finding]:
    """Subsidies of bodies that are never members of the pool, by the file alone."""
    for one, never in _never(rules, bodies):
        if never is None:
            yield one.path, _NOBODY_EVER
        elif never:
            ja, en = _names(never, bodies)
            yield (
                one.path,
                Text(
                    f"この区分に一度も参加しない団体には効きません（{ja}）",
                    f"it does nothing for bodies that are never members of this pool: {en}",
                ),
            )


def subsidies_beside(
    rules: RuleSet, bodies: Sequence[Tenant], members: Members, period: Period
) -> Iterator[Finding]:
    """Subsidies of bodies that are no members of the pool in a period; those that never are, are left out:
    the file alone says it."""
    never = {one.path: found for one, found in _never(rules, bodies)}
    for pool, i, subsidy in _after(rules):
        codes = members.subsidised[pool.name][subsidy.name]
        one = _meant(pool, i, subsidy, bodies, codes)
        present = members.by_pool[pool.name]
        if not present or never.get(one.path, frozenset()) is None:
            continue
        strangers = one.strangers(present)
        if strangers is None:
            yield (
                one.path,
                Text(
                    f"{period} の参加団体に、当たる団体がありません",
                    f"it means no member of this pool in {period}",
                ),
            )
            continue
        strangers -= never.get(one.path) or frozenset()
        if strangers:
            ja, en = _names(strangers, bodies)
            yield (
                one.path,
                Text(
                    f"{period} にこの区分に参加していない団体には効きません（{ja}）",
                    f"in {period} it does nothing for bodies that are no members of this pool: {en}",
                ),
            )


def set_amount_findings(rules: RuleSet, made: Allocation) -> Iterator[Finding]:
    """Pools of a period whose fixed amounts and base fees are more than what they cost."""
    accounts = {account.name: account for account in made.pools}
    for pool in rules.pools:
        account = accounts[pool.name]
        if account.is_reduced:
            borne = (one for one in made.borne if one.rule == pool.name)
            has_fixed = any(line.kind is LineKind.FIXED for one in borne for line in one.lines)
            key = "fixed" if has_fixed else "base_fee"
            words = _beyond(account.set_by_rule, account.shared, made.period)
            yield (*pool.path, key), words


def has_set_amounts(rules: RuleSet) -> bool:
    """Whether some pool has amounts that its cost has to cover."""
    return any(pool.fixed or pool.base_fee for pool in rules.pools)


def _beyond(yen: int, cost: int, period: Period) -> Text:
    return Text(
        f"定額と基本料の合計 {yen:,} 円が、{period} のこの区分の費用 {cost:,} 円を"
        f" {yen - cost:,} 円超えます",
        f"fixed amounts and base fees make ¥{yen:,}, ¥{yen - cost:,} more than the ¥{cost:,} that"
        f" this pool costs in {period}",
    )


def _never(
    rules: RuleSet, bodies: Sequence[Tenant]
) -> Iterator[tuple[_Meant, frozenset[str] | None]]:
    """Subsidies of pools with members, with whom they name that never is one."""
    for pool, i, subsidy in _after(rules):
        members = {body.code for body in bodies if ever_in(pool, rules, body)}
        if members:
            selector = parse(subsidy.bodies)
            codes = [
                body.code
                for body in bodies
                if any(selector.matches(body, day) for day in days_of(rules, body))
            ]
            one = _meant(pool, i, subsidy, bodies, codes)
            yield one, one.strangers(members)


def _after(rules: RuleSet) -> Iterator[tuple[Pool, int, Subsidy]]:
    """Subsidies that say of whose shares they come off."""
    for pool in rules.pools:
        for i, subsidy in enumerate(pool.subsidies):
            if subsidy.when is SubsidyWhen.AFTER and parse(subsidy.bodies).expression != ALL:
                yield pool, i, subsidy


def _meant(
    pool: Pool, i: int, subsidy: Subsidy, bodies: Sequence[Tenant], codes: Collection[str]
) -> _Meant:
    own = {word.value for word in words(parse(subsidy.bodies).expression) if word.quality is None}
    named = {
        body.code for body in bodies if own & {body.code, body.slug, body.name, *body.former_codes}
    }
    path = (*pool.path, "subsidies", i, "bodies")
    return _Meant(path, frozenset(named & set(codes)), frozenset(codes))


def _names(codes: Collection[str], bodies: Sequence[Tenant]) -> tuple[str, str]:
    return some([body for body in bodies if body.code in codes])


_NOBODY_EVER = Text(
    "当たる団体はこの区分に一度も参加しないので、効きません",
    "it means no body that is ever a member of this pool, so it plays no part",
)
