"""What `moyai cost check` finds in rules that are valid, by the file alone."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import SAMPLE, lay_out
from tests.unit.registry.cost_federation import BODIES, whole

from moyai.errors import UsageError
from moyai.operations.costs.check import check_cost_rules

CHAT = "cost_sharing.rule_sets[1].pools[0]"
COMMON = "cost_sharing.rule_sets[1].pools[1]"
LAST = "cost_sharing.rule_sets[0]"
POOLS = "pools: [{ name: all, where: {}, shares: [{ by: equal }] }]"


def _pools(*where: str) -> tuple[str, str]:
    pools = [
        f"{{ name: p{i}, where: {one}, shares: [{{ by: equal }}] }}" for i, one in enumerate(where)
    ]
    return POOLS, f"pools: [{', '.join(pools)}]"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def found_in(file: Path, *changes: tuple[str, str]) -> list[tuple[str, str]]:
    file.write_text(whole(*changes), encoding="utf-8")
    check = check_cost_rules(file)
    assert check.rules is not None
    assert {one.severity for one in check.problems} <= {"warning"}
    return [(one.path, one.message.en) for one in check.problems]


def test_the_sample_puts_no_question() -> None:
    assert check_cost_rules(SAMPLE).problems == ()


def test_nor_do_rules_with_every_key(file: Path) -> None:
    assert found_in(file) == []


CASES = {
    "a rule behind one that takes all": (_pools("{}", "{ ServiceName: chat }"), f"{LAST}.pools[1].where", "all of its rows go to 'p0' (line 43)"),
    "a rule behind several that take all": (_pools("{ A: x }", "{ A: y* }", "{ A: [x, yy] }"), f"{LAST}.pools[2].where", "go to 'p0' (line 43), 'p1' (line 43)"),
    "rules that overlap": (_pools("{ A: x* }", "{ B: [y, null] }"), f"{LAST}.pools[1].where", "some of its rows go to 'p0' (line 43), which stands before it, such as A=x…, B=y"),
    "a star in the middle": (_pools("{ A: x*y }"), f"{LAST}.pools[0].where.A", "in 'x*y', a * that is not at the end is only a star"),
    "a rule that excludes itself": (("where: { ChargeCategory: Usage }", "where: { Tags.moyai:tenant: MoonBird }"), "cost_sharing.rule_sets[1].direct[0].where", "its conditions exclude one another"),
    "a code that is charged to another": (('SunBird: "271004"', 'sakai: "271004"'), "cost_sharing.rule_sets[1].direct[0].bodies.sakai", "'sakai' means 堺市 (271403), yet 271004 is charged"),
    "a pool of nobody": (("{ name: common,", "{ name: common, members: service:chat and kind:村,"), COMMON, "nobody is a member of it"),
    "an amount of a stranger": (('fixed: { "279978"', 'fixed: { "273830"'), f"{CHAT}.fixed", "273830 is never a member of this pool"),
    "a percent of a stranger": (('"271403": 100.0', '"273830": 100.0'), f"{CHAT}.shares[3].percents", "273830 is never a member of this pool"),
}  # fmt: skip
SUBSIDY = ("amount: 100000, bodies: sakai", "amount: 100000, bodies: BODIES")
for _name, _bodies, _reason in (
    ("a subsidy of a stranger", "sakai or 千早赤阪村", "it does nothing for bodies that are never members of this pool: 千早赤阪村"),
    ("a subsidy of strangers alone", "kind:村", "it means no body that is ever a member of this pool"),
):  # fmt: skip
    _change = (SUBSIDY[0], SUBSIDY[1].replace("BODIES", _bodies))
    CASES[_name] = (_change, f"{CHAT}.subsidies[1].bodies", _reason)
CASES["populations of another day"] = (
    (', "273830": 2', ""),
    "cost_sharing.rule_sets[1].population",
    "the populations of some bodies are not of 2025-09-30: 千早赤阪村",
)


@pytest.mark.parametrize("name", CASES)
def test_what_is_asked(file: Path, name: str) -> None:
    change, path, reason = CASES[name]
    [(place, words)] = found_in(file, change)
    assert place == path
    assert reason in words


def test_a_general_rule_behind_a_special_one_is_no_question(file: Path) -> None:
    assert found_in(file, _pools("{ A: x, B: y }", "{ A: x }", "{ A: [x*, null] }", "{}")) == []


@pytest.mark.parametrize("bodies", ["all", "kind:政令市 or kind:村", "not chihayaakasaka"])
def test_a_subsidy_may_mean_more_than_the_members(file: Path, bodies: str) -> None:
    old, new = SUBSIDY
    assert found_in(file, (old, new.replace("BODIES", bodies))) == []


def test_proposals_are_looked_at_too(file: Path) -> None:
    pools = "{ name: all, where: {}, shares: [{ by: equal }] }, { name: x, where: { A: a }, shares: [{ by: equal }] }"
    [(place, words)] = found_in(
        file,
        ("  rule_sets:\n", f"  proposals: [{{ name: 提案, pools: [{pools}] }}]\n  rule_sets:\n"),
    )
    assert place == "cost_sharing.proposals[0].pools[1].where"
    assert "all of its rows go to 'all'" in words


def test_shares_of_a_pool_that_flows_away(file: Path) -> None:
    assert found_in(file, ("common, percent: 25", "common, percent: 100")) == [
        (f"{CHAT}.shares", "all of it flows into other pools, so `shares` play no part")
    ]


def test_members_without_a_population(file: Path) -> None:
    bodies = BODIES.replace(
        "    population: { count: 4909, as_of: 2020-10-01, source: 国勢調査 }\n", ""
    )
    text = whole((', "273830": 2', "")).replace(BODIES, bodies)
    file.write_text(text, encoding="utf-8")
    [problem] = check_cost_rules(file).problems
    assert problem.path == COMMON
    assert problem.message.en.endswith("the part by population: 千早赤阪村")
    assert text.splitlines()[problem.line - 1].strip().startswith("- { name: common")


@pytest.mark.parametrize(("start", "asked"), [("2027-03-31", False), ("2027-04-01", True)])
def test_who_is_a_member_on_the_last_day_is_a_member(file: Path, start: str, asked: bool) -> None:
    village = "    lgwan: [10.200.3.0/24]\n"
    services = f"    services: [{{ service: chat, from: {start} }}]\n"
    text = whole(("{ name: common,", "{ name: common, members: service:chat and kind:村,"))
    file.write_text(text.replace(village, village + services), encoding="utf-8")
    found = [one.path for one in check_cost_rules(file).problems]
    assert found == ([COMMON] if asked else [])


def test_a_file_with_errors_gives_these(file: Path) -> None:
    file.write_text(whole(("percent: 33.3", "percent: 33")), encoding="utf-8")
    check = check_cost_rules(file)
    assert check.rules is None
    assert [one.path for one in check.problems] == [f"{CHAT}.shares"]


def test_a_file_without_rules(file: Path) -> None:
    file.write_text(BODIES, encoding="utf-8")
    with pytest.raises(UsageError, match="no cost_sharing"):
        check_cost_rules(file)
