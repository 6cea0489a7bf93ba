"""What `moyai cost check` says: the rules of cost sharing by the file alone, before any bill is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.cost_findings import member_findings, rule_findings
from moyai.registry.cost_rules import CostSharing
from moyai.registry.load import load_content, read_content
from moyai.registry.problems import Problem, Reporter
from moyai.registry.yaml_tree import read
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class CostCheck:
    """Every problem, in the file's order. `rules` is None exactly where one is an error."""

    rules: CostSharing | None
    problems: tuple[Problem, ...]


def check_cost_rules(path: Path) -> CostCheck:
    """Look at the rules of a file. Raises `UsageError` where it cannot be read, or has none.

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
    for rule_set in rules.rule_sets:
        for place, words in (
            *rule_findings(rule_set, loaded.registry.tenants, reporter.line),
            *member_findings(rule_set, loaded.registry.tenants),
        ):
            reporter.warning(place, words)
    own = [one for one in loaded.problems if one.path.startswith("cost_sharing")]
    found = sorted((*own, *reporter.ordered()), key=lambda one: (one.line, one.column))
    return CostCheck(rules, tuple(found))
