"""Checks of `cost_sharing`: who sends requests, budgets, rule sets and their spans. Pools: `check_pools`."""

from __future__ import annotations

from itertools import pairwise

from moyai.registry.check_bodies import doubled
from moyai.registry.check_pools import PoolChecks
from moyai.registry.codes import corporate_check_digit
from moyai.registry.cost_file import BudgetFile, CostSharingFile, ProposalFile, RuleSetFile
from moyai.registry.cost_names import NameChecks
from moyai.registry.cost_rules import Bearer
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.selector_words import Vocabulary
from moyai.registry.words import one_line
from moyai.texts import Text

_ROOT: Path = ("cost_sharing",)
_SETS: Path = (*_ROOT, "rule_sets")
_PROPOSALS: Path = (*_ROOT, "proposals")


def check_costs(parts: Parts, known: Vocabulary, reporter: Reporter) -> None:
    """Report what is wrong with the rules of cost sharing. `known` is what selectors can name."""
    if parts.cost_sharing is not None:
        _CostChecks(parts, parts.cost_sharing, known, reporter).run()


class _CostChecks:
    def __init__(
        self, parts: Parts, file: CostSharingFile, known: Vocabulary, reporter: Reporter
    ) -> None:
        self._file = file
        self._reporter = reporter
        self._names = NameChecks(parts, reporter)
        self._known = known

    def run(self) -> None:
        self._issuer()
        if self._file.instalments is not None:
            days: Path = (*_ROOT, "instalments", "days")
            doubled(
                ((day, (*days, i)) for i, day in enumerate(self._file.instalments.days)),
                self._reporter,
            )
        self._budgets()
        sets: list[tuple[Path, ProposalFile]] = [
            *(((*_SETS, i), rules) for i, rules in enumerate(self._file.rule_sets)),
            *(((*_PROPOSALS, i), rules) for i, rules in enumerate(self._file.proposals)),
        ]
        doubled(((rules.name, (*path, "name")) for path, rules in sets), self._reporter)
        self._spans()
        for path, rules in sets:
            self._rules(path, rules)

    def _issuer(self) -> None:
        number = self._file.issuer.registration_number
        if number is None:
            return
        digit = corporate_check_digit(number[2:])
        if number[1] != digit:
            self._reporter.error(
                (*_ROOT, "issuer", "registration_number"),
                Text(
                    f"検査数字が合いません（続く 12 桁が {number[2:]} なら T{digit} で始まります）",
                    f"its check digit is wrong: before {number[2:]} comes T{digit}",
                ),
            )

    def _budgets(self) -> None:
        path: Path = (*_ROOT, "budgets")
        for i, budget in enumerate(self._file.budgets):
            self._names.body(budget.body, (*path, i, "body"))
            self._names.service(budget.service, (*path, i, "service"))
        first: dict[tuple[int, str | None, str | None, bool | None], Path] = {}
        for i, budget in enumerate(self._file.budgets):
            of = (budget.fiscal_year, self._names.present(budget.body), budget.service)
            # AWS has one budget of each; a commitment may stand beside the budget of a year.
            kinds = [budget.committed, *([None] if budget.aws is not None else [])]
            earlier = [first[(*of, kind)] for kind in kinds if (*of, kind) in first]
            if earlier and not self._reporter.is_muted((*path, i)):
                self._twice((*path, i), budget, self._reporter.line(earlier[0]))
            for kind in kinds:
                first.setdefault((*of, kind), (*path, i))

    def _twice(self, path: Path, budget: BudgetFile, line: int) -> None:
        of = " ".join(one for one in (self._names.present(budget.body), budget.service) if one)
        year = budget.fiscal_year
        self._reporter.error(
            path,
            Text(
                f"{year}年度の{of or '全体'}の同じ種類の予算が、すでに {line} 行目にあります",
                f"line {line} has a budget of this kind of {of or 'all bodies'} for {year} already",
            ),
        )

    def _spans(self) -> None:
        """Report spans that end before they begin or overlap; warn of gaps, and of parts of months."""
        forward: list[tuple[int, RuleSetFile]] = []
        for i, rules in enumerate(self._file.rule_sets):
            path: Path = (*_SETS, i)
            if self._reporter.is_muted((*path, "from")) or self._reporter.is_muted(
                (*path, "until")
            ):
                continue
            self._whole_months(path, rules)
            if rules.until is not None and rules.until <= rules.start:
                self._reporter.error(
                    (*path, "until"),
                    Text("until が from より後の日ではありません", "until is not after from"),
                )
            else:
                forward.append((i, rules))
        forward.sort(key=lambda item: (item[1].start, item[0]))
        for (_, before), (i, rules) in pairwise(forward):
            name = one_line(before.name)
            if before.until is None or before.until > rules.start:
                self._reporter.error(
                    (*_SETS, i, "from"),
                    Text(
                        f"「{name}」の期間と重なります（それに until: {rules.start} と書くと続きます）",
                        f"it overlaps the span of '{name}', to which until: {rules.start} belongs",
                    ),
                )
            elif before.until < rules.start:
                self._reporter.warning(
                    (*_SETS, i, "from"),
                    Text(
                        f"「{name}」が {before.until} に終わってから、規程のない期間があります",
                        f"no rules hold between the end of '{name}', {before.until}, and this day",
                    ),
                )

    def _whole_months(self, path: Path, rules: RuleSetFile) -> None:
        for key, day in (("from", rules.start), ("until", rules.until)):
            if day is not None and day.day != 1:
                self._reporter.warning(
                    (*path, key),
                    Text(
                        "月の初日ではありません（1 か月は、初日に効いている規程で分けます）",
                        "it is no first day of a month; a month is shared by the rules of its first",
                    ),
                )

    def _rules(self, path: Path, rules: ProposalFile) -> None:
        if rules.population is not None:
            self._names.bodies(rules.population.counts, (*path, "population", "counts"))
        self._lead((*path, "rounding"), "bearer", rules.rounding.bearer, rules.rounding.lead)
        self._lead((*path, "tax"), "difference", rules.tax.difference, rules.tax.lead)
        names: list[tuple[str, Path]] = [
            *((rule.name, (*path, "direct", i, "name")) for i, rule in enumerate(rules.direct)),
            *((pool.name, (*path, "pools", i, "name")) for i, pool in enumerate(rules.pools)),
        ]
        doubled(names, self._reporter)
        for i, direct in enumerate(rules.direct):
            for value, code in direct.bodies.items():
                self._names.body(code, (*path, "direct", i, "bodies", value))
        unit_at: Path = (*path, "rounding", "unit")
        unit = None if self._reporter.is_muted(unit_at) else rules.rounding.unit
        pools: Path = (*path, "pools")
        PoolChecks(pools, rules.pools, self._names, self._known, self._reporter, unit).run()

    def _lead(self, path: Path, key: str, bearer: Bearer, lead: str | None) -> None:
        at: Path = (*path, "lead")
        self._names.body(lead, at)
        if self._reporter.is_muted_below(path) or self._reporter.is_muted(path):
            return
        if bearer is Bearer.LEAD and lead is None:
            self._reporter.error(
                at,
                Text(
                    f"{key}: lead には幹事団体のコード lead が要ります",
                    f"{key}: lead needs the lead body's code in `lead`",
                ),
            )
        elif bearer is not Bearer.LEAD and lead is not None:
            self._reporter.error(
                at,
                Text(
                    f"lead は {key}: lead のときだけ書きます（{bearer.value} でした）",
                    f"`lead` belongs to {key}: lead only, not to {bearer.value}",
                ),
                at_key=True,
            )
