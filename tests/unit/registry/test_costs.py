"""`cost_sharing`: what it becomes, and every check of it, with its place and its reason."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from tests.sample import SAMPLE
from tests.unit.registry.cost_federation import BODIES, COSTS, whole

from moyai.registry.codes import corporate_check_digit
from moyai.registry.cost_rules import (
    Bearer,
    Budget,
    Condition,
    CostSharing,
    Flow,
    Part,
    Prorating,
    Rounding,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    Treatment,
    WhenZero,
    exact,
)
from moyai.registry.load import load_content
from moyai.registry.problems import Problem


def problems(*changes: tuple[str, str]) -> tuple[Problem, ...]:
    return load_content(SAMPLE, whole(*changes).encode()).problems


def rules(*changes: tuple[str, str]) -> CostSharing:
    loaded = load_content(SAMPLE, whole(*changes).encode())
    assert loaded.problems == ()
    assert loaded.registry is not None
    assert loaded.registry.cost_sharing is not None
    return loaded.registry.cost_sharing


def test_every_key_becomes_a_value() -> None:
    found = rules()
    assert found.issuer.registration_number == "T7000012050002"
    assert found.instalments is not None
    assert (found.instalments.days, found.instalments.above) == (("05-08", "08-08"), 10_000_000)
    assert found.budgets[0] == Budget(
        2026, "271004", "chat", 1_200_000, True, Fraction("95.5"), Fraction("99.5")
    )
    assert found.budgets[1] == Budget(2026, None, None, 9_000_000, False, Fraction(90))
    assert [one.name for one in found.rule_sets] == ["令和8年度", "令和9年度"]
    first = found.rule_sets[0]
    assert found.on(date(2027, 3, 31)) is first
    assert found.on(date(2026, 3, 31)) is None
    assert first.population.counts["271004"] == 2_757_642
    assert (first.rounding.unit, first.rounding.method) == (1000, Rounding.HALF_UP)
    assert (first.rounding.bearer, first.rounding.lead) == (Bearer.LEAD, "271004")
    assert (first.tax.treatment, first.tax.difference) == (Treatment.TAXABLE, Bearer.CARRY)
    assert first.direct[0].bodies == {"SunBird": "271004"}
    assert first.direct[0].path == ("cost_sharing", "rule_sets", 1, "direct", 0)


def test_a_pool_with_every_key() -> None:
    pool, common = rules().rule_sets[0].pools
    assert pool.where == (
        Condition("ServiceName", ("Amazon*", None)),
        Condition("Tags.service", ("chat",)),
        Condition("SubAccountId", ("123456789012",)),
    )
    assert (pool.title, pool.service, pool.members) == ("チャット", "chat", "not kind:村")
    assert (pool.prorating, pool.base_fee, pool.fixed) == (
        Prorating.MONTH,
        10_000,
        {"271004": 500_000},
    )
    assert (pool.minimum, pool.maximum, pool.joining_fee, pool.leaving_fee) == (1000, 900_000, 5, 6)
    left = WhenZero.UNALLOCATED
    assert pool.parts == (
        Part(ShareBy.EQUAL, Fraction("33.3"), Fraction(1), None, {}, left),
        Part(ShareBy.POPULATION, Fraction(100, 3), Fraction("0.585"), None, {}, WhenZero.EQUAL),
        Part(ShareBy.USAGE, Fraction(20), Fraction(1), "requests", {}, WhenZero.OTHER_PARTS),
        Part(
            ShareBy.PERCENT,
            Fraction(401, 30),
            Fraction(1),
            None,
            {"271004": Fraction(0), "271403": Fraction(100)},
            left,
        ),
    )
    assert pool.subsidies == (
        Subsidy("国", SubsidyWhen.BEFORE, Fraction(1, 3), None, "all"),
        Subsidy("県", SubsidyWhen.AFTER, None, 100_000, "sakai"),
    )
    assert pool.flows == (Flow("common", Fraction(25)),)
    assert pool.path == ("cost_sharing", "rule_sets", 1, "pools", 0)
    assert (common.where, common.title, common.members) == (None, "common", "all")


PROPOSED = ("  rule_sets:\n", "  proposals: [{ name: 提案, pools: [POOL] }]\n  rule_sets:\n")
EQUALLY = "{ name: all, where: {}, shares: [{ by: equal }] }"


def test_a_proposal_is_a_rule_set_that_never_holds() -> None:
    found = rules((PROPOSED[0], PROPOSED[1].replace("POOL", EQUALLY)))
    [proposal] = found.proposals
    assert proposal.pools[0].path == ("cost_sharing", "proposals", 0, "pools", 0)
    assert [one.name for one in found.all_rules] == ["令和8年度", "令和9年度", "提案"]
    for day in (date.min, date(2026, 3, 31), date(2026, 4, 1), date(2027, 4, 1), date.max):
        assert found.on(day) is not proposal


def test_a_file_without_rules_has_none() -> None:
    registry = load_content(SAMPLE, BODIES.encode()).registry
    assert registry is not None
    assert registry.cost_sharing is None


@pytest.mark.parametrize(
    ("written", "number"),
    [(40, "40"), (33.3, "333/10"), (1e-7, "1/10000000"), ("1/3", "1/3"), ("0.585", "117/200")],
)
def test_numbers_are_exact(written: int | float | str, number: str) -> None:
    assert exact(written) == Fraction(number)


@pytest.mark.parametrize("written", ["1e9", "nan", "1/1000", "1/0", "３", "", "1_0", float("inf")])
def test_what_is_no_number(written: float | str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        exact(written)


def test_no_digit_of_a_long_number_is_lost() -> None:
    long = "33.333333333333333333"
    rest = ("percent: 33.3 }", f"percent: {long} }}"), ('"401/30"', '"13.333333333333333334"')
    assert rules(*rest, ('"100/3"', "33.333333333333333333")).rule_sets[0].pools[0].parts[
        0
    ].percent == Fraction(long)


def test_check_digits_of_corporate_numbers() -> None:
    # the National Tax Agency's own, and the National Printing Bureau's
    assert corporate_check_digit("000012050002") == "7"
    assert corporate_check_digit("010405003434") == "6"
    with pytest.raises(ValueError, match="twelve digits"):
        corporate_check_digit("00001205000")


CHAT = "cost_sharing.rule_sets[1].pools[0]"
COMMON = "cost_sharing.rule_sets[1].pools[1]"
LAST = "cost_sharing.rule_sets[0]"
SET = "cost_sharing.rule_sets[1]"

ERRORS = {
    # numbers and words
    "a percent with its sign": ("percent: 33.3", "percent: 33.3%", f"{CHAT}.shares[0].percent", "no % sign"),
    "no percent": ("percent: 33.3", "percent: 0", f"{CHAT}.shares[0].percent", "above 0, up to 100"),
    "a percent of a body": ('"271004": 0,', '"271004": -1,', f"{CHAT}.shares[3].percents.271004", "from 0 to 100"),
    "a power": ("power: 0.585", "power: 11", f"{CHAT}.shares[1].power", "up to 10"),
    "yen with commas": ("base_fee: 10000", "base_fee: 10,000", f"{CHAT}.base_fee", "a whole number is needed"),
    "yen beyond all measure": ("base_fee: 10000", "base_fee: 10000000000001", f"{CHAT}.base_fee", "10000000000000 or less"),
    "a unit": ("unit: 1000", "unit: 500", f"{SET}.rounding.unit", "none of 1, 10, 100, 1000"),
    "a column": ("Tags.service: chat", '"": chat', f"{CHAT}.where.", "not the name of a column"),
    "a value": ("Tags.service: chat", "Tags.service: true", f"{CHAT}.where.Tags.service", "a column's value"),
    "no values": ("[Amazon*, null]", "[]", f"{CHAT}.where.ServiceName", "at least 1 needed"),
    "an unknown key": ("prorating: month", "proration: month", f"{CHAT}.proration", "did you mean prorating?"),
    "a way to share": ("by: usage", "by: use", f"{CHAT}.shares[2].by", "'use' is none of equal"),
    "a proposal with a date": ("  rule_sets:\n", "  proposals: [{ name: x, from: 2028-04-01 }]\n  rule_sets:\n", "cost_sharing.proposals[0].from", "there is no key 'from'"),
    "a proposal by the name of a rule set": ("  rule_sets:\n", "  proposals: [{ name: 令和9年度 }]\n  rule_sets:\n", "cost_sharing.proposals[0].name", "令和9年度"),
    "a proposal's pool": ("  rule_sets:\n", "  proposals: [{ name: x, pools: [{ name: a, where: {} }] }]\n  rule_sets:\n", "cost_sharing.proposals[0].pools[0]", "it needs `shares`"),
    "a registration number": ("T7000012050002", "7000012050002", "cost_sharing.issuer.registration_number", "T and 13 digits"),
    # the issuer, instalments, budgets
    "a check digit": ("T7000012050002", "T1000012050002", "cost_sharing.issuer.registration_number", "before 000012050002 comes T7"),
    "a day twice": ('"08-08"]', '"05-08"]', "cost_sharing.instalments.days[1]", "used twice"),
    "a budget's body": ('body: "271004"', 'body: "272027"', "cost_sharing.budgets[0].body", "272027 (岸和田市) is no body of this file"),
    "a budget's service": ("service: chat, amount", "service: chatt, amount", "cost_sharing.budgets[0].service", "did you mean chat?"),
    "a budget of AWS in fractions of a cent": ('"99.50"', "99.505", "cost_sharing.budgets[0].aws.monthly_usd", "to the cent"),
    "a budget of AWS of nothing": ('"99.50"', "0", "cost_sharing.budgets[0].aws.monthly_usd", "above 0"),
    "a budget of AWS without an amount": ('aws: { monthly_usd: "99.50" }', "aws: {}", "cost_sharing.budgets[0].aws.monthly_usd", "this key is missing"),
    "a budget by a former code": ("    - { fiscal_year: 2026, amount: 9000000 }\n", '    - { fiscal_year: 2026, body: "279978", service: chat, amount: 1, committed: true }\n', "cost_sharing.budgets[1]", "has a budget of this kind of 271004 chat for 2026 already"),
    "a budget twice": (', body: "271004", service: chat, amount: 1200000, committed: true,', ", amount: 1200000,", "cost_sharing.budgets[1]", "has a budget of this kind of all bodies for 2026 already"),
    "two budgets of AWS of one": ("    - { fiscal_year: 2026, amount: 9000000 }\n", '    - { fiscal_year: 2026, body: "271004", service: chat, amount: 1, aws: { monthly_usd: "1" } }\n', "cost_sharing.budgets[1]", "of this kind of 271004 chat"),
    # rule sets
    "two sets of one name": ("name: 令和9年度", "name: 令和8年度", f"{SET}.name", "used twice"),
    "a span backwards": ("until: 2027-04-01", "until: 2026-04-01", f"{SET}.until", "not after from"),
    "an open span": ("      until: 2027-04-01\n", "", f"{LAST}.from", "to which until: 2027-04-01 belongs"),
    "spans that overlap": ("until: 2027-04-01", "until: 2027-05-01", f"{LAST}.from", "overlaps the span of '令和8年度'"),
    "a count's body": ('"271403": 1,', '"272027": 1,', f"{SET}.population.counts.272027", "is no body of this file"),
    "a body by two codes": ('"271403": 1,', '"271004": 1,', f"{SET}.population.counts.271004", "same body as 279978"),
    "a body by its slug": ('lead: "279978"', "lead: sakai", f"{SET}.rounding.lead", "'sakai' is 271403"),
    "a lead without need": ("bearer: lead, lead", "bearer: carry, lead", f"{SET}.rounding.lead", "belongs to bearer: lead only"),
    "no lead": (', lead: "279978" }', " }", f"{SET}.rounding.lead", "needs the lead body's code"),
    "no lead for the tax": ("difference: carry", "difference: lead", f"{SET}.tax.lead", "needs the lead body's code"),
    "a name for two rules": ("name: tagged", "name: common", f"{COMMON}.name", "used twice"),
    "a direct rule's body": ('SunBird: "271004"', 'SunBird: "272027"', f"{SET}.direct[0].bodies.SunBird", "is no body of this file"),
    # pools
    "a service": ("          service: chat\n", "          service: chta\n", f"{CHAT}.service", "did you mean chat?"),
    "a selector": ("not kind:村", "kind:むら", f"{CHAT}.members", "there is no kind 'むら'"),
    "a selector that names nothing": ("not kind:村", "not ikeda", f"{CHAT}.members", "there is no body 'ikeda'"),
    "a fixed amount's body": ('fixed: { "279978"', 'fixed: { "272027"', f"{CHAT}.fixed.272027", "is no body of this file"),
    "least above most": ("minimum: 1000", "minimum: 901000", f"{CHAT}.minimum", "¥901,000 of ¥900,000"),
    "least of no whole units": ("minimum: 1000", "minimum: 1500", f"{CHAT}.minimum", "rounded to ¥1,000, so ¥1,500 cannot be held"),
    "most of no whole units": ("maximum: 900000", "maximum: 900100", f"{CHAT}.maximum", "write a multiple of the unit"),
    "a base fee above most": ("base_fee: 10000", "base_fee: 900001", f"{CHAT}.base_fee", "above `maximum`"),
    "shares of less": ("percent: 33.3 }", "percent: 33 }", f"{CHAT}.shares", "together they are 99.7 %"),
    "shares of a third less": ('"100/3"', '"99/3"', f"{CHAT}.shares", "together they are 99 2/3 %"),
    "no shares": ("shares: [{ by: population }]", "shares: []", COMMON, "it needs `shares`"),
    "percents of less": ('"271403": 100.0', '"271403": 99.5', f"{CHAT}.shares[3].percents", "together they are 99.5 %"),
    "no percents": (', percents: { "271004": 0, "271403": 100.0 }', "", f"{CHAT}.shares[3].percents", "by: percent needs `percents`"),
    "no driver": (", driver: requests", "", f"{CHAT}.shares[2].driver", "by: usage needs `driver`"),
    "a driver without need": ("percent: 33.3 }", "percent: 33.3, driver: x }", f"{CHAT}.shares[0].driver", "belongs to by: usage only"),
    "a power without need": ("percent: 33.3 }", "percent: 33.3, power: 2 }", f"{CHAT}.shares[0].power", "belongs to by: population only"),
    "nothing in its stead": ("[{ by: population }]", "[{ by: population, when_zero: other_parts }]", f"{COMMON}.shares[0].when_zero", "stands in for nothing"),
    "itself in its stead": ("when_zero: equal", "when_zero: population", f"{CHAT}.shares[1].when_zero", "stands in for nothing"),
    "a subsidy twice": ("name: 県", "name: 国", f"{CHAT}.subsidies[1].name", "used twice"),
    "a subsidy of nothing": (', percent: "1/3" }', " }", f"{CHAT}.subsidies[0]", "either `percent` or `amount`"),
    "a subsidy of both": ("amount: 100000,", "amount: 100000, percent: 1,", f"{CHAT}.subsidies[1]", "and not both"),
    "bodies of what comes before": ("when: after, amount", "when: before, amount", f"{CHAT}.subsidies[1].bodies", "when: after only"),
    "a subsidy's bodies": ("bodies: sakai", "bodies: ikeda", f"{CHAT}.subsidies[1].bodies", "there is no body 'ikeda'"),
    "a flow to nowhere": ("{ pool: common, percent", "{ pool: commn, percent", f"{CHAT}.flows_into[0].pool", "did you mean common?"),
    "a flow twice": ("[{ pool: common, percent: 25 }]", "[{ pool: common, percent: 25 }, { pool: common, percent: 25 }]", f"{CHAT}.flows_into[1].pool", "used twice"),
    "a circle": ("[{ by: population }] }", "[{ by: population }], flows_into: [{ pool: chat, percent: 1 }] }", f"{CHAT}.flows_into", "chat → common → chat"),
    "a pool that gets nothing": ("          flows_into: [{ pool: common, percent: 25 }]\n", "", COMMON, "nothing flows into it"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong(name: str) -> None:
    old, new, path, reason = ERRORS[name]
    found = [one for one in problems((old, new)) if one.severity == "error"]
    at = [one for one in found if one.path == path]
    assert at, [one.render("en") for one in found]
    assert any(reason in one.message.en for one in at), [one.render("en") for one in found]
    lines = whole((old, new)).splitlines()
    assert all(one.line > lines.index("cost_sharing:") for one in at)


ALONE = ERRORS.keys() - {
    "an unknown key",  # the pool is shared by days then
    "a flow to nowhere",  # and the pool that it meant gets nothing
    "a budget twice",
}


@pytest.mark.parametrize("name", sorted(ALONE))
def test_one_slip_is_one_error(name: str) -> None:
    old, new, path, _ = ERRORS[name]
    found = [one for one in problems((old, new)) if one.severity == "error"]
    assert [one.path for one in found] == [path], [one.render("en") for one in found]


def test_more_flows_out_than_is_there() -> None:
    [problem] = problems(("[{ pool: common, percent: 25 }]", FLOWS))
    assert problem.path == f"{CHAT}.flows_into"
    assert "together they are 100.5 %" in problem.message.en


FLOWS = "[{ pool: common, percent: 60 }, { pool: other, percent: 40.5 }]\n        - { name: other, shares: [{ by: equal }] }"


def test_where_all_flows_out_no_shares_are_needed() -> None:
    shares = COSTS[COSTS.index("          shares:\n") : COSTS.index("          subsidies:\n")]
    assert rules((shares, ""), ("common, percent: 25", "common, percent: 100"))


WARNINGS = {
    "a gap": ("until: 2027-04-01", "until: 2027-03-01", f"{LAST}.from", "no rules hold between"),
    "a part of a month": ("from: 2026-04-01\n", "from: 2026-04-02\n", f"{SET}.from", "no first day of a month"),
    "a percent beside a fixed amount": ('"271004": 0, "271403": 100.0', '"271004": 10, "271403": 90', f"{CHAT}.shares[3].percents.271004", "bears what `fixed` says in place of a share"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_odd(name: str) -> None:
    old, new, path, reason = WARNINGS[name]
    [problem] = problems((old, new))
    assert (problem.severity, problem.path) == ("warning", path)
    assert reason in problem.message.en


def test_all_errors_come_at_once() -> None:
    found = problems(
        ("T7000012050002", "T1000012050002"),
        ("percent: 33.3", "percent: many"),
        ("not kind:村", "ikeda"),
        ('SunBird: "271004"', "SunBird: sakai"),
        ("by: population }]", "by: usage }]"),
    )
    assert [one.path for one in found] == [
        "cost_sharing.issuer.registration_number",
        f"{SET}.direct[0].bodies.SunBird",
        f"{CHAT}.members",
        f"{CHAT}.shares[0].percent",
        f"{COMMON}.shares[0].driver",
    ]


def test_a_body_that_cannot_be_read_makes_no_error_of_its_rules() -> None:
    text = whole().replace('code: "271403"', 'code: ["271403"]')
    found = load_content(SAMPLE, text.encode()).problems
    assert [one.path for one in found if one.path.startswith("cost_sharing")] == []
