"""What a check's condition means, and that nothing else can be said with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moyai.runbook.conditions import Json, UnreadableCondition, evaluate, parse

BODIES: Json = [{"code": "1", "n": 3, "on": True}, {"code": "2", "n": 5, "on": False}]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('all $[*].code in ["1", "2"]', True),
        ("$[*].n >= 3", True),
        ("$[*].n > 3", False),
        ("any $[*].n > 3", True),
        ("none $[*].n == 4", True),
        ("count $[*] == 2", True),
        ("count $[*].missing == 0", True),
        ("$[0].on == true", True),
        ("$[0].on == 1", False),
        ('$[0]["code"] == :first', True),
        ("$[1].code != :first", True),
        ("all $[*].missing != 1", False),
        ("any $[*].missing != 1", False),
        ('$[0].code contains "1"', True),
        ('$[0].code not in ["1"]', False),
        ("$[0].code < 2", False),
    ],
)
def test_what_conditions_mean(condition: str, holds: bool) -> None:
    assert evaluate(parse(condition), BODIES, {"first": "1"}).holds is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "$.a",
        "$.a == ",
        "$.a == x",
        "$.a in 1",
        '$.a < "1"',
        "len($) == 1",
        "$.a == NaN",
        "1 == 1",
    ],
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(UnreadableCondition):
        parse(text)


scalars = some.none() | some.booleans() | some.integers() | some.text(max_size=5)
documents = some.recursive(
    scalars, lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from("abc"), inner)
)


@given(
    documents,
    some.sampled_from(["$", "$[*]", "$.a", "$[0].b", "$.a[*].b"]),
    some.sampled_from(["==", "<", "in", "contains", "not in"]),
    documents,
)
def test_all_and_none_never_hold_together_where_something_is_found(
    document: Json, path: str, comparison: str, value: Json
) -> None:
    text = f"{path} {comparison} :value"
    hold = {
        quantifier: evaluate(parse(f"{quantifier} {text}"), document, {"value": value}).holds
        for quantifier in ("all", "any", "none")
    }
    assert hold["any"] != hold["none"]
    assert hold["any"] or not hold["all"]
