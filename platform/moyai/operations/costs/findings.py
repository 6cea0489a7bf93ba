"""What is odd about rules of cost sharing that are valid: each with its place in the file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

from moyai.planning.selectors import parse
from moyai.registry.cost_overlaps import Dead, Overlap, Rule, examine
from moyai.registry.cost_rules import Direct, Pool, RuleSet, ShareBy
from moyai.registry.models import Tenant
from moyai.registry.paths import Path
from moyai.registry.words import one_line
from moyai.texts import Text, counted

Finding = tuple[Path, Text]
_NAMED = 3
"""How many of those concerned a sentence names."""


def rule_findings(
    rules: RuleSet, bodies: Sequence[Tenant], line: Callable[[Path], int]
) -> Iterator[Finding]:
    """Rules that catch nothing, overlap, or do not do what they look like. `line` knows a place's line."""
    names = names_of(bodies)
    found = examine(rules, names)
    for dead in found.dead:
        yield (*dead.rule.path, "where"), _dead(dead, line)
    by_second: dict[Path, list[Overlap]] = {}
    for overlap in found.overlaps:
        by_second.setdefault(overlap.second.path, []).append(overlap)
    for path, overlaps in by_second.items():
        yield (*path, "where"), _overlapping(overlaps, line)
    if not found.complete:
        yield rules.path, _TOO_MANY
    for direct in rules.direct:
        yield from _stars(direct)
        yield from _other_names(direct, names)
    for pool in rules.pools:
        yield from _stars(pool)
        if pool.parts and sum((flow.percent for flow in pool.flows), Fraction()) == 100:
            yield (*pool.path, "shares"), _ALL_FLOWS


def names_of(bodies: Iterable[Tenant]) -> dict[str, Tenant]:
    """Code, former code and slug → body: what values of direct rules' columns mean."""
    return {word: body for body in bodies for word in (body.slug, *body.former_codes, body.code)}


def member_findings(rules: RuleSet, bodies: Sequence[Tenant]) -> Iterator[Finding]:
    """Pools without members, and members that lack what a pool is shared by."""
    for pool in rules.pools:
        if not pool.parts and not pool.fixed:
            continue
        members = [body for body in bodies if ever_in(pool, rules, body)]
        if not members:
            yield pool.path, _NOBODY
            continue
        yield from _strangers(pool, members)
        if any(part.by is ShareBy.POPULATION for part in pool.parts):
            yield from _populations(pool, rules, members)


def ever_in(pool: Pool, rules: RuleSet, body: Tenant) -> bool:
    """Whether a body is a member on any day: that changes only where a subscription begins or ends."""
    selector = parse(pool.members)
    return any(
        _uses(body, pool.service, day) and selector.matches(body, day)
        for day in days_of(rules, body)
    )


def days_of(rules: RuleSet, body: Tenant) -> frozenset[date]:
    """The first day of rules, and each of theirs on which a subscription of a body begins or ends."""
    changes = {day for one in body.subscriptions for day in (one.start, one.until) if day}
    return frozenset(
        {rules.start}
        | {
            day
            for day in changes
            if rules.start < day and (rules.until is None or day < rules.until)
        }
    )


def _uses(body: Tenant, service: str | None, day: date) -> bool:
    if service is None:
        return True
    subscription = body.subscription(service)
    return subscription is not None and subscription.is_active(day)


def _strangers(pool: Pool, members: Iterable[Tenant]) -> Iterator[Finding]:
    """Amounts and percents of bodies that are never members."""
    codes = {body.code for body in members}
    written: list[tuple[Path, Mapping[str, object]]] = [((*pool.path, "fixed"), pool.fixed)]
    for i, part in enumerate(pool.parts):
        written.append(((*pool.path, "shares", i, "percents"), part.percents))
    for path, values in written:
        for code in values:
            if code not in codes:
                yield (
                    path,
                    Text(
                        f"{code} はこの区分に一度も参加しないので、効きません",
                        f"{code} is never a member of this pool, so this plays no part",
                    ),
                )


def _populations(pool: Pool, rules: RuleSet, members: Sequence[Tenant]) -> Iterator[Finding]:
    counts, as_of = rules.population.counts, rules.population.as_of
    own = [body for body in members if body.code not in counts]
    without = [body for body in own if body.population is None]
    if without:
        ja, en = some(without)
        yield (
            pool.path,
            Text(
                f"人口のない参加団体は人口割を負いません（{ja}）",
                f"members without a population bear nothing of the part by population: {en}",
            ),
        )
    other = [body for body in own if body.population is not None and body.population.as_of != as_of]
    if as_of is not None and other:
        ja, en = some(other)
        yield (
            (*rules.path, "population"),
            Text(
                f"人口の基準日が {as_of} ではない団体があります（{ja}）",
                f"the populations of some bodies are not of {as_of}: {en}",
            ),
        )


def some(bodies: Sequence[Tenant]) -> tuple[str, str]:
    """The first of several bodies, and how many more there are, in both languages."""
    names = ", ".join(one_line(body.name) for body in bodies[:_NAMED])
    more = len(bodies) - _NAMED
    if more <= 0:
        return names, names
    return f"{names} ほか {more} 団体", f"{names} and {counted(more, 'more', 'more')}"


def _dead(dead: Dead, line: Callable[[Path], int]) -> Text:
    if not dead.by:
        return Text(
            "条件どうしが両立せず、どの行にも当たりません",
            "its conditions exclude one another: it catches no row",
        )
    ja, en = _rules(dead.by, line)
    return Text(
        f"先の{ja}がすべて取るので、どの行にも当たりません",
        f"it catches no row: all of its rows go to {en} before it",
    )


def _overlapping(overlaps: Sequence[Overlap], line: Callable[[Path], int]) -> Text:
    ja, en = _rules([one.first for one in overlaps], line)
    example = overlaps[0].example
    row_ja = "、".join(_cell(column, value, "値なし") for column, value in example.items())
    row_en = ", ".join(_cell(column, value, "no value") for column, value in example.items())
    return Text(
        f"先の{ja}とも重なる行があり、先のものになります（例 {row_ja}）",
        f"some of its rows go to {en}, which stands before it, such as {row_en}",
    )


def _cell(column: str, value: str | None, nothing: str) -> str:
    return f"{one_line(column)}={nothing if value is None else one_line(value)}"


def _rules(rules: Sequence[Rule], line: Callable[[Path], int]) -> tuple[str, str]:
    """Rules by their names and lines, in both languages."""
    shown, more = rules[:_NAMED], len(rules) - _NAMED
    ja = "".join(f"「{one_line(rule.name)}」（{line(rule.path)} 行目）" for rule in shown)
    en = ", ".join(f"'{one_line(rule.name)}' (line {line(rule.path)})" for rule in shown)
    if more <= 0:
        return ja, en
    return f"{ja}ほか {more} 件", f"{en} and {more} more"


def _stars(rule: Rule) -> Iterator[Finding]:
    """A star anywhere but at the end is a star, which is rarely what was meant."""
    for condition in rule.where or ():
        odd = [value for value in condition.values if value and "*" in value[:-1]]
        for value in odd[:1]:
            yield (
                (*rule.path, "where", condition.column),
                Text(
                    f"「{one_line(value)}」の末尾でない * は、* という文字そのものです",
                    f"in '{one_line(value)}', a * that is not at the end is only a star",
                ),
            )


def _other_names(direct: Direct, names: Mapping[str, Tenant]) -> Iterator[Finding]:
    """Values that are one body's code or slug and are charged to another."""
    for value, code in direct.bodies.items():
        body = names.get(value)
        if body is not None and body.code != code:
            yield (
                (*direct.path, "bodies", value),
                Text(
                    f"「{one_line(value)}」は{body.name}（{body.code}）を表す語ですが、{code} に負わせます",
                    f"'{one_line(value)}' means {body.name} ({body.code}), yet {code} is charged",
                ),
            )


_NOBODY = Text(
    "この規程の期間に参加する団体がありません",
    "nobody is a member of it at any time of these rules",
)
_ALL_FLOWS = Text(
    "すべてがほかの区分に移るので、shares は効きません",
    "all of it flows into other pools, so `shares` play no part",
)
_TOO_MANY = Text(
    "規則が多く入り組んでいるため、重なりの一部は調べていません",
    "these rules are so many and so entangled that not all overlaps were looked for",
)
