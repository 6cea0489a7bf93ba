"""From the valid `cost_sharing` of a file to frozen rules. Bodies are by their present codes from here on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import TypeVar

from moyai.registry.cost_file import (
    BudgetFile,
    CostSharingFile,
    PoolFile,
    ProposalFile,
    ShareFile,
    SubsidyFile,
    Where,
)
from moyai.registry.cost_names import BodyCodes
from moyai.registry.cost_rules import (
    Budget,
    Condition,
    CostSharing,
    Direct,
    Flow,
    Instalments,
    Issuer,
    Part,
    Pool,
    ReferencePopulation,
    RoundingRule,
    RuleSet,
    Subsidy,
    TaxRule,
)
from moyai.registry.parts import Parts
from moyai.registry.paths import Path

V = TypeVar("V")


def build_costs(parts: Parts) -> CostSharing | None:
    """The rules of a file in which no check found an error; None where it has none."""
    if parts.cost_sharing is None:
        return None
    return _Builder(BodyCodes(parts.tenants.values())).build(parts.cost_sharing)


class _Builder:
    def __init__(self, codes: BodyCodes) -> None:
        self._codes = codes

    def build(self, file: CostSharingFile) -> CostSharing:
        issuer, instalments = file.issuer, file.instalments
        sets = [
            self._rules(rules, rules.start, rules.until, ("cost_sharing", "rule_sets", i))
            for i, rules in enumerate(file.rule_sets)
        ]
        proposals = (
            self._rules(rules, date.min, None, ("cost_sharing", "proposals", i))
            for i, rules in enumerate(file.proposals)
        )
        return CostSharing(
            issuer=Issuer(issuer.name, issuer.registration_number, issuer.contact, issuer.bank),
            rule_sets=tuple(sorted(sets, key=lambda rules: rules.start)),
            instalments=(
                None if instalments is None else Instalments(instalments.days, instalments.above)
            ),
            budgets=tuple(map(self._budget, file.budgets)),
            proposals=tuple(proposals),
        )

    def _code(self, word: str) -> str:
        code = self._codes.code(word)
        assert code is not None
        return code

    def _code_or_none(self, word: str | None) -> str | None:
        return None if word is None else self._code(word)

    def _by_code(self, values: Mapping[str, V]) -> dict[str, V]:
        return {self._code(word): value for word, value in values.items()}

    def _budget(self, file: BudgetFile) -> Budget:
        return Budget(
            fiscal_year=file.fiscal_year,
            body=self._code_or_none(file.body),
            service=file.service,
            amount=file.amount,
            committed=file.committed,
            warn_percent=file.warn_percent,
            monthly_usd=None if file.aws is None else file.aws.monthly_usd,
        )

    def _rules(self, file: ProposalFile, start: date, until: date | None, path: Path) -> RuleSet:
        population = ReferencePopulation(None, None, {})
        if file.population is not None:
            counts = self._by_code(file.population.counts)
            population = ReferencePopulation(file.population.as_of, file.population.source, counts)
        rounding, tax = file.rounding, file.tax
        return RuleSet(
            name=file.name,
            start=start,
            until=until,
            agreed=file.agreed,
            population=population,
            rounding=RoundingRule(
                rounding.unit, rounding.method, rounding.bearer, self._code_or_none(rounding.lead)
            ),
            tax=TaxRule(tax.treatment, tax.method, tax.difference, self._code_or_none(tax.lead)),
            direct=tuple(
                Direct(
                    name=direct.name,
                    where=_conditions(direct.where),
                    column=direct.column,
                    bodies={value: self._code(code) for value, code in direct.bodies.items()},
                    path=(*path, "direct", i),
                )
                for i, direct in enumerate(file.direct)
            ),
            pools=tuple(self._pool(pool, (*path, "pools", i)) for i, pool in enumerate(file.pools)),
            path=path,
        )

    def _pool(self, file: PoolFile, path: Path) -> Pool:
        return Pool(
            name=file.name,
            title=file.title or file.name,
            where=None if file.where is None else _conditions(file.where),
            service=file.service,
            members=file.members,
            prorating=file.prorating,
            base_fee=file.base_fee,
            fixed=self._by_code(file.fixed),
            parts=tuple(map(self._part, file.shares)),
            minimum=file.minimum,
            maximum=file.maximum,
            joining_fee=file.joining_fee,
            leaving_fee=file.leaving_fee,
            subsidies=tuple(map(_subsidy, file.subsidies)),
            flows=tuple(Flow(flow.pool, flow.percent) for flow in file.flows_into),
            path=path,
        )

    def _part(self, file: ShareFile) -> Part:
        return Part(
            by=file.by,
            percent=file.percent,
            power=Fraction(1) if file.power is None else file.power,
            driver=file.driver,
            percents=self._by_code(file.percents or {}),
            when_zero=file.when_zero,
        )


def _conditions(where: Where) -> tuple[Condition, ...]:
    return tuple(Condition(column, values) for column, values in where.items())


def _subsidy(file: SubsidyFile) -> Subsidy:
    return Subsidy(file.name, file.when, file.percent, file.amount, file.bodies or "all")
