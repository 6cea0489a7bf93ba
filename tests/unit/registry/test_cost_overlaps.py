"""Dead and overlapping rules, against trying every row of a few values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from moyai.registry.cost_overlaps import Rule, examine
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Direct,
    Part,
    Pool,
    Prorating,
    ReferencePopulation,
    Rounding,
    RoundingRule,
    RuleSet,
    ShareBy,
    TaxRule,
    Treatment,
    WhenZero,
)

COLUMNS = ("s", "t", "u")
NAMES = ("osaka", "271004")
VALUES = (None, "", "a", "ab", "abc", "ac", "b", "bc", "x", "z", "osaka", "271004", "x*")
"""Of every class that the patterns below can tell apart there is one."""
PATTERNS = (None, "", "a", "ab", "a*", "ab*", "*", "b", "b*", "osaka", "x*")
Row = Mapping[str, str | None]


def pool(at: int, where: tuple[Condition, ...] | None) -> Pool:
    share = Part(ShareBy.EQUAL, Fraction(100), Fraction(1), None, {}, WhenZero.UNALLOCATED)
    return Pool(
        f"p{at}", f"p{at}", where, None, "all", Prorating.DAYS, 0, {}, (share,),
        None, None, 0, 0, (), (), ("pools", at),
    )  # fmt: skip


def rule_set(direct: tuple[Direct, ...], pools: tuple[Pool, ...]) -> RuleSet:
    return RuleSet(
        "規程", date(2026, 4, 1), None, None, ReferencePopulation(None, None, {}),
        RoundingRule(1, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None),
        TaxRule(Treatment.OUTSIDE_SCOPE, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None),
        direct, pools, (),
    )  # fmt: skip


_values = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3, unique=True).map(tuple)
_where = st.dictionaries(st.sampled_from(COLUMNS), _values, max_size=3).map(
    lambda found: tuple(Condition(column, values) for column, values in found.items())
)


@st.composite
def some_rules(draw: st.DrawFn) -> RuleSet:
    direct = tuple(
        Direct(
            f"d{at}",
            draw(_where),
            draw(st.sampled_from(COLUMNS)),
            draw(st.dictionaries(st.sampled_from(["a", "b", "x*"]), st.just("271004"))),
            ("direct", at),
        )
        for at in range(draw(st.integers(0, 2)))
    )
    pools = tuple(pool(at, draw(st.none() | _where)) for at in range(draw(st.integers(0, 5))))
    return rule_set(direct, pools)


def catches(rule: Rule, row: Row) -> bool:
    if rule.where is None or not all(one.holds(row[one.column]) for one in rule.where):
        return False
    if isinstance(rule, Direct):
        return row[rule.column] in {*rule.bodies, *NAMES}
    return True


def rows() -> Iterator[Row]:
    for values in product(VALUES, repeat=len(COLUMNS)):
        yield dict(zip(COLUMNS, values, strict=True))


def test_a_rule_of_which_all_values_of_a_column_will_do_catches_every_row() -> None:
    special = pool(0, (Condition("s", (None,)),))
    every = pool(1, (Condition("t", (None, "", "*")),))
    assert examine(rule_set((), (special, every)), NAMES).overlaps == ()
    [dead] = examine(rule_set((), (every, special)), NAMES).dead
    assert (dead.rule, dead.by) == (special, (every,))


@given(some_rules())
def test_what_is_found_is_what_trying_every_row_finds(rules: RuleSet) -> None:
    found = examine(rules, NAMES)
    order: list[Rule] = [*rules.direct, *(one for one in rules.pools if one.where is not None)]
    caught: dict[str, list[frozenset[str]]] = {rule.name: [] for rule in order}
    first: set[str] = set()
    together: set[tuple[str, str]] = set()
    for row in rows():
        names = [rule.name for rule in order if catches(rule, row)]
        if names:
            first.add(names[0])
            together |= {(names[0], name) for name in names[1:]}
        for name in names:
            caught[name].append(frozenset(names))
    alive = [rule for rule in order if rule.name in first]
    assert {one.rule.name for one in found.dead} == caught.keys() - first
    for dead in found.dead:
        names = {rule.name for rule in dead.by}
        assert bool(names) is bool(caught[dead.rule.name])
        assert all(row & names for row in caught[dead.rule.name])
    wanted = {
        (one.name, other.name)
        for at, one in enumerate(alive)
        for other in alive[at + 1 :]
        if type(one) is type(other)
        and (one.name, other.name) in together
        and not all(other.name in row for row in caught[one.name])
    }
    assert {(one.first.name, one.second.name) for one in found.overlaps} == wanted
    assert found.complete


@given(some_rules())
def test_the_example_of_an_overlap_is_caught_by_both(rules: RuleSet) -> None:
    for overlap in examine(rules, NAMES).overlaps:
        row = {column: overlap.example.get(column, "…") for column in COLUMNS}
        assert catches(overlap.first, row)
        assert catches(overlap.second, row)


def test_rules_beyond_all_measure_are_not_followed_to_their_end() -> None:
    columns = [f"c{at}" for at in range(10)]
    pools = tuple(
        pool(
            at,
            tuple(Condition(one, (f"v{at}", f"w{at * i % 7}*")) for i, one in enumerate(columns)),
        )
        for at in range(100)
    )
    last = pool(100, ())
    found = examine(rule_set((), (*pools, last)), ())
    assert not found.complete
    assert last.name not in {one.rule.name for one in found.dead}
