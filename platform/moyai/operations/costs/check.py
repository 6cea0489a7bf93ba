"""What `moyai cost check` says: the rules of cost sharing by the file alone, or beside what is on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.ledger.manifest import Basis
from moyai.costs.ledger.matches import matches_of, strays_of, values_of
from moyai.costs.ledger.query import columns_of, drivers_of
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.membership import members_of
from moyai.costs.periods import Period, period_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.jobs.meters import read_meters
from moyai.operations.costs.corrections import settles
from moyai.operations.costs.fee_findings import fee_findings
from moyai.operations.costs.findings import Finding, member_findings, names_of, rule_findings
from moyai.operations.costs.late_findings import Late, late_caught, late_findings, with_late
from moyai.operations.costs.member_findings import (
    has_set_amounts,
    set_amount_findings,
    subsidies_beside,
    subsidy_findings,
)
from moyai.operations.costs.periods import Opened, open_costs
from moyai.operations.costs.record_findings import (
    MOST_NAMED,
    OnRecord,
    record_findings,
    stray_problems,
)
from moyai.registry.cost_overlaps import examine
from moyai.registry.cost_rules import CostSharing, RuleSet
from moyai.registry.load import load_content, read_content
from moyai.registry.models import Registry, Tenant
from moyai.registry.problems import Problem, Reporter
from moyai.registry.yaml_tree import read
from moyai.service_meters import REQUESTS, STORAGE
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class CostCheck:
    """Every problem, in the file's order. `rules` is None exactly where one is an error."""

    rules: CostSharing | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What rules are held against: a period of a site's ledger."""

    site: str
    period: str


def check_cost_rules(path: Path, beside: Beside | None = None) -> CostCheck:
    """Look at the rules of a file. Raises `UsageError` where it cannot be read, has none, or where nothing
    is on record of the period, or no rule set holds in it.

    A file with errors has no rules to look at: then these are its problems. What only puts questions
    is not part of `moyai validate`: it looks at each rule beside each other and at each body, which is
    for the day on which rules are written, not for every run; and a rule that overlaps another is right.
    """
    content = read_content(path)
    loaded = load_content(path, content)
    if loaded.registry is None:
        return CostCheck(None, loaded.problems)
    rules = loaded.registry.cost_sharing
    if rules is None:
        raise UsageError(
            Text(
                f"{path.name} に cost_sharing がありません。",
                f"{path.name} has no cost_sharing.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "書き方は docs/guides/tenants.ja.md にあります。",
                "docs/guides/tenants.en.md says how it is written.",
            ),
        )
    reporter = Reporter(path.name, read(content))
    for rule_set in rules.all_rules:
        _report(reporter, rule_findings(rule_set, loaded.registry.tenants, reporter.line))
        _report(reporter, member_findings(rule_set, loaded.registry.tenants))
        _report(reporter, subsidy_findings(rule_set, loaded.registry.tenants))
    rows: tuple[Problem, ...] = ()
    if beside is not None:
        looked_at = _looked_at(open_costs(path, beside.site), rules, period_of(beside.period))
        for rule_set in looked_at.rule_sets:
            _report(reporter, _beside_record(looked_at, rule_set))
        _report(reporter, _late_of_holding(looked_at))
        opened, period = looked_at.opened, looked_at.basis.period
        _report(reporter, fee_findings(opened.workspace.registry, opened.manifest, period))
        rows = tuple(_of_rows(looked_at))
    own = [one for one in loaded.problems if one.path.startswith("cost_sharing")]
    found = sorted((*own, *reporter.ordered()), key=lambda one: (one.line, one.column))
    return CostCheck(rules, (*found, *rows))


def _report(reporter: Reporter, findings: Iterable[Finding]) -> None:
    for place, words in findings:
        reporter.warning(place, words)


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """A period's record, and the rules that are held against it."""

    opened: Opened
    rule_sets: tuple[RuleSet, ...]
    """The one that holds first, then proposals."""
    basis: Basis
    record: OnRecord
    names: Mapping[str, Tenant]
    codes: Mapping[str, str]
    """Code, former code and slug → code."""
    late: Late | Text
    """What the period settles; why that is not known."""


def _looked_at(opened: Opened, sharing: CostSharing, period: Period) -> _LookedAt:
    store, registry = opened.ledger.store, opened.workspace.registry
    basis = opened.manifest.part(period).current(period)
    if not basis.sources:
        raise _refused(
            f"{period} の費用は登録されていません。", f"no costs are on record for {period}."
        )
    holds = sharing.on(period.first)
    if holds is None:
        raise _refused(
            f"{period.first} に有効な規則が cost_sharing の rule_sets にありません。",
            f"no rule set of cost_sharing holds on {period.first}.",
        )
    names = names_of(registry.tenants)
    record = OnRecord(
        period=period,
        columns=_columns(opened),
        drivers=drivers_of(store, basis),
        metered=_metered(registry),
        names=names,
        values=lambda column: values_of(store, basis, column),
    )
    codes = {word: body.code for word, body in names.items()}
    late = _late(opened, period)
    return _LookedAt(opened, (holds, *sharing.proposals), basis, record, names, codes, late)


def _late(opened: Opened, period: Period) -> Late | Text:
    if not settles(opened.ledger, opened.manifest, period):
        return Late()
    try:
        reckoner = opened.reckoner()
        made = reckoner.reckon(period)
        brought = reckoner.late_rows(period)
    except UsageError as error:
        return error.what
    left = [one for one in made.allocation.unallocated if one.settled is not None]
    return Late(brought, tuple(left))


def _late_of_holding(at: _LookedAt) -> Iterator[Finding]:
    """Of the rules that hold: those are what the period was reckoned by."""
    holds, period = at.rule_sets[0], at.basis.period
    if isinstance(at.late, Late):
        yield from late_findings(holds, at.late, period)
        return
    yield (
        holds.path,
        Text(
            f"{period} で精算する費用を、この規則が取るかは分かりません: {at.late.ja}",
            f"whether these rules catch what {period} settles is not known: {at.late.en}",
        ),
    )


def _beside_record(at: _LookedAt, rules: RuleSet) -> Iterator[Finding]:
    """What is odd about one rule set beside a period's rows, drivers, members and yen."""
    registry, period = at.opened.workspace.registry, at.basis.period
    dead = {one.rule.path for one in examine(rules, at.names).dead}
    brought = at.late.brought if isinstance(at.late, Late) else ()
    matches = with_late(
        matches_of(at.opened.ledger.store, at.basis, rules, at.codes), brought, at.codes
    )
    yield from record_findings(rules, matches, _caught(at, rules), dead, at.record)
    members = members_of(registry, rules, period, {})
    yield from subsidies_beside(rules, registry.tenants, members, period)
    if has_set_amounts(rules):
        yield from _set_amounts(at, rules)


def _set_amounts(at: _LookedAt, rules: RuleSet) -> Iterator[Finding]:
    period = at.basis.period
    try:
        made = at.opened.reckoner().with_rules(period, rules)
    except UsageError as error:
        yield (
            rules.path,
            Text(
                f"定額が {period} の費用に収まるかは分かりません: {error.what.ja}",
                f"whether fixed amounts are within what {period} costs is not known: {error.what.en}",
            ),
        )
        return
    yield from set_amount_findings(rules, made.allocation)


def _of_rows(at: _LookedAt) -> Iterator[Problem]:
    """Of the rules that hold: proposals may mean to share what one body bears now."""
    holds = at.rule_sets[0]
    strays = strays_of(at.opened.ledger.store, at.basis, holds, at.codes, MOST_NAMED)
    return stray_problems(strays, holds)


def _caught(at: _LookedAt, rules: RuleSet) -> dict[str, int]:
    """Rule → rows that belong to it, late ones among them."""
    found = late_caught(rules, at.late.brought if isinstance(at.late, Late) else (), at.codes)
    for group in sorted_rows(at.opened.ledger.store, at.basis, rules, at.codes):
        if group.caught is not None:
            found[group.caught.rule] = found.get(group.caught.rule, 0) + group.rows
    return found


def _columns(opened: Opened) -> frozenset[str]:
    """Of all files on record, in all periods: one that is not in this month's may be in the next one's."""
    return frozenset(
        column
        for period, part in opened.manifest.periods.items()
        for column in columns_of(part.current(period))
    )


def _metered(registry: Registry) -> frozenset[str]:
    """The drivers that metering brings: of each service, and of all together."""
    found: set[str] = set()
    for name, service in registry.services.items():
        own = read_meters(service.manifest.folder)
        meters = {STORAGE, REQUESTS, *(one.name for one in own)}
        found |= meters | {f"{name}.{meter}" for meter in meters}
    return frozenset(found)


def _refused(ja: str, en: str) -> UsageError:
    return UsageError(Text(ja, en), touched=NOTHING_TOUCHED)
