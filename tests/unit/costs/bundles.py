"""Papers of issues for tests: of every body, and the overview."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tests.unit.costs.papers import INSTALMENTS, NAMES, TEN, issued, taxable
from tests.unit.costs.rulebook import FULL, OSAKA, bill, members, part, pool, rules

from moyai.costs.apportion.inputs import Presence
from moyai.costs.documents.compose.overview_paper import overview_bundle
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.paper import Bundle
from moyai.costs.statements.overview import Surroundings, overview
from moyai.costs.statements.request import Request, request
from moyai.costs.statements.statement import Issue, Statement
from moyai.registry.cost_rules import (
    Condition,
    Direct,
    Flow,
    ShareBy,
    Subsidy,
    SubsidyWhen,
)
from moyai.texts import Lang

HARP = Fraction("0.58496250072115618")


def with_everything() -> Issue:
    """All that a section can have: flows, subsidies, fees, days, limits, several parts, two rates."""
    first = pool(
        "first",
        part(ShareBy.EQUAL, 40),
        part(ShareBy.POPULATION, 40, power=HARP),
        part(ShareBy.USAGE, 20, driver="requests"),
        title="電子申請システム",
        where=(Condition("ServiceName", ("s0", "s1")),),
        flows=(Flow("second", Fraction(100, 3)),),
        joining_fee=50_000,
    )
    second = pool(
        "second",
        part(ShareBy.POPULATION),
        title="文書管理システム（令和6年度調達・5年間の長期継続契約による共同利用分）",
        where=(Condition("ServiceName", ("s2",)),),
        base_fee=10_000,
        minimum=20_000,
        subsidies=(Subsidy("国", SubsidyWhen.BEFORE, Fraction(50), None, "all"),),
    )
    direct = Direct("専用環境", (), "ServiceName", {"s3": "271004"}, ())
    present = {**dict.fromkeys(OSAKA, FULL), "273830": Presence(16, 31, joins=True)}
    who = members(
        {"first": present, "second": present},
        drivers={"requests": {"271004": Fraction("1234.5"), "273830": Fraction(7)}},
    )
    one = replace(bill(1_234_567, -200_001, 777_777, 54_321, rate=TEN), taxes={TEN: 186_666})
    return issued(one, taxable(rules(first, second, direct=(direct,))), who)


def village() -> Issue:
    return issued(bill(17))


def request_of(statement: Statement) -> Request:
    return request(statement, INSTALMENTS, "04-01")


def bundles_of(made: Issue, lang: Lang = "ja") -> list[Bundle]:
    """Of every body, and the overview."""
    found = [body_bundle(one, request_of(one), NAMES, lang) for one in made.statements]
    around = Surroundings(OSAKA, alone={"271004": 3_000_000})
    return [*found, overview_bundle(overview(made, around), NAMES, lang)]
