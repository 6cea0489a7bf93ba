"""What `moyai cost check` says: the rules of cost sharing by the file alone, or beside what is on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.ledger.matches import matches_of, values_of
from moyai.costs.ledger.query import columns_of, drivers_of
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.periods import Period, period_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.jobs.meters import read_meters
from moyai.operations.cost_findings import Finding, member_findings, names_of, rule_findings
from moyai.operations.cost_periods import Opened, open_costs
from moyai.operations.cost_record_findings import OnRecord, record_findings
from moyai.registry.cost_overlaps import examine
from moyai.registry.cost_rules import CostSharing, RuleSet
from moyai.registry.load import load_content, read_content
from moyai.registry.models import Registry
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
    if beside is not None:
        opened = open_costs(path, beside.site)
        _report(reporter, _beside_record(opened, rules, period_of(beside.period)))
    own = [one for one in loaded.problems if one.path.startswith("cost_sharing")]
    found = sorted((*own, *reporter.ordered()), key=lambda one: (one.line, one.column))
    return CostCheck(rules, tuple(found))


def _report(reporter: Reporter, findings: Iterable[Finding]) -> None:
    for place, words in findings:
        reporter.warning(place, words)


def _beside_record(opened: Opened, sharing: CostSharing, period: Period) -> Iterator[Finding]:
    """What is odd about the rules that hold in a period, and proposals, beside its rows and drivers."""
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
    codes = {word: body.code for word, body in names.items()}
    record = OnRecord(
        period=period,
        columns=_columns(opened),
        drivers=drivers_of(store, basis),
        metered=_metered(registry),
        names=names,
        values=lambda column: values_of(store, basis, column),
    )
    for rules in (holds, *sharing.proposals):
        caught = _caught(opened, rules, period, codes)
        dead = {one.rule.path for one in examine(rules, names).dead}
        matches = matches_of(store, basis, rules, codes)
        yield from record_findings(rules, matches, caught, dead, record)


def _caught(
    opened: Opened, rules: RuleSet, period: Period, codes: Mapping[str, str]
) -> dict[str, int]:
    """Rule → rows that belong to it."""
    basis = opened.manifest.part(period).current(period)
    found: dict[str, int] = {}
    for group in sorted_rows(opened.ledger.store, basis, rules, codes):
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
