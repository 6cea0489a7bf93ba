"""Declared properties: what is checked, converted, and counted as a difference."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.provider.properties import UNKNOWN
from moyai.provider.resources import Problem
from moyai.sandbox.aws.checking import check
from moyai.sandbox.aws.conversion import from_api, to_api
from moyai.sandbox.aws.fields import (
    Shape,
    Spelling,
    document,
    flag,
    many,
    mapping,
    number,
    one,
    shape,
    text,
    texts,
    whole,
)
from moyai.sandbox.aws.observing import canonical, observe, observe_all

RULE = shape(
    days=whole(default=0),
    enabled=flag(default=True),
    key=text("KMSKey"),
    chosen=text(chosen=True),
)
ALL = shape(
    name=text(required=True),
    count=whole(),
    ratio=number(),
    open=flag(),
    policy=document(),
    groups=texts(is_set=True),
    order=texts(),
    labels=mapping(pairs=("Name", "Value")),
    rule=one(RULE),
    rules=many(RULE, is_set=True),
    steps=many(RULE),
    hidden=text(kept=False),
    own=text(""),
)
words = st.text("abc", max_size=3)
rules = st.fixed_dictionaries(
    {}, optional={"days": st.integers(0, 3), "enabled": st.booleans(), "key": words}
)
known = st.fixed_dictionaries(
    {"name": words},
    optional={
        "count": st.integers(0, 9),
        "ratio": st.floats(0, 1),
        "open": st.booleans(),
        "policy": st.dictionaries(words, words, max_size=2).map(json.dumps),
        "groups": st.lists(words, max_size=3),
        "order": st.lists(words, max_size=3),
        "labels": st.dictionaries(words, words, max_size=2),
        "rule": rules,
        "rules": st.lists(rules, max_size=3),
        "steps": st.lists(rules, max_size=3),
    },
)


def problems_of(given_: dict[str, Any], declared: Shape = ALL) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    return check(declared, given_, "", problems), problems


@given(known)
def test_what_fits_passes_unchanged(inputs: dict[str, Any]) -> None:
    found, problems = problems_of(inputs)
    assert not problems
    assert found == inputs


@given(known)
def test_aws_gives_back_what_it_was_told(inputs: dict[str, Any]) -> None:
    told = from_api(ALL, to_api(ALL, inputs, Spelling.PASCAL), Spelling.PASCAL)
    assert told == inputs


@given(known)
def test_what_is_live_as_said_is_no_difference(inputs: dict[str, Any]) -> None:
    assert observe_all(ALL, inputs, inputs) == inputs


@given(known, st.randoms())
def test_sets_may_come_back_in_any_order(inputs: dict[str, Any], order: Any) -> None:
    live = json.loads(json.dumps(inputs))
    for name in ("groups", "rules"):
        order.shuffle(live.get(name, []))
    live["rules"] = [
        {"enabled": True, "days": 0, "chosen": "x", **r} for r in live.get("rules", [])
    ]
    assert observe_all(ALL, inputs, live) == inputs


@given(known, known)
def test_another_live_value_is_a_difference_or_equal(
    inputs: dict[str, Any], live: dict[str, Any]
) -> None:
    found = observe_all(ALL, inputs, live)
    for name, declared in ALL.items():
        if name in ("hidden", "own"):
            continue
        same = canonical(declared, found.get(name)) == canonical(declared, inputs.get(name))
        was = canonical(declared, live.get(name)) == canonical(declared, inputs.get(name))
        assert same == was


def test_names_are_spelled_as_the_service_does() -> None:
    said = {"name": "x", "rule": {"key": "k"}, "labels": {"b": "2", "a": "1"}, "own": "y"}
    assert to_api(ALL, said, Spelling.PASCAL) == {
        "Name": "x",
        "Rule": {"KMSKey": "k"},
        "Labels": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
    }
    assert to_api(ALL, {"name": "x"}, Spelling.CAMEL) == {"name": "x"}


@pytest.mark.parametrize(
    ("value", "path", "words_"),
    [
        ({"nam": "x"}, "nam", "did you mean name?"),
        ({"name": "x", "rule": {"enabld": True}}, "rule.enabld", "did you mean enabled?"),
        ({"name": "x", "rules": [{}, {"dais": 1}]}, "rules[1].dais", "did you mean days?"),
        ({"name": "x", "count": "many"}, "count", "must be a whole number"),
        ({"name": "x", "count": 1.5}, "count", "must be a whole number"),
        ({"name": "x", "open": "maybe"}, "open", "must be true or false"),
        ({"name": "x", "groups": "a"}, "groups", "must be a list of texts"),
        ({"name": "x", "rules": {}}, "rules", "must be a list of objects"),
        ({"name": "x", "rules": ["a"]}, "rules[0]", "must be an object"),
        ({"name": "x", "rule": []}, "rule", "must be an object"),
        ({"name": ["x"]}, "name", "must be a text"),
        ({"name": "x", "labels": {"a": []}}, "labels", "must be texts by name"),
        ({}, "name", "this property is missing"),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(value: Any, path: str, words_: str) -> None:
    problems = problems_of(value)[1]
    assert any(one.path == path and words_ in one.reason.en for one in problems)


def test_words_and_numbers_are_taken_for_each_other() -> None:
    found, problems = problems_of({"name": 5, "count": "443", "open": "true", "ratio": "0.5"})
    assert not problems
    assert found == {"name": "5", "count": 443, "open": True, "ratio": 0.5}


def test_a_document_may_be_said_as_an_object() -> None:
    found, problems = problems_of({"name": "x", "policy": {"Version": "2012-10-17"}})
    assert not problems
    assert json.loads(found["policy"]) == {"Version": "2012-10-17"}


def test_what_is_not_known_yet_passes() -> None:
    given_ = {"name": UNKNOWN, "rule": {"days": UNKNOWN}, "groups": UNKNOWN, "rules": [UNKNOWN]}
    found, problems = problems_of(given_)
    assert not problems
    assert found == given_


def test_documents_are_equal_by_content() -> None:
    policy = ALL["policy"]
    assert canonical(policy, '{"a": 1, "b": 2}') == canonical(policy, '{"b":2,"a":1}')
    assert canonical(policy, "{not json") == "{not json"


def test_what_somebody_else_set_is_seen() -> None:
    found = observe_all(ALL, {"name": "x"}, {"name": "x", "open": True, "count": 3})
    assert found == {"name": "x", "open": True, "count": 3}


def test_what_aws_has_or_chooses_anyway_is_not() -> None:
    live = {"name": "x", "open": False, "groups": [], "rule": {"enabled": True, "chosen": "y"}}
    assert observe_all(ALL, {"name": "x"}, live) == {"name": "x", "rule": {}}
    assert observe_all(ALL, {"name": "x", "rule": {}}, live) == {"name": "x", "rule": {}}


def test_what_is_gone_is_gone() -> None:
    assert observe_all(ALL, {"name": "x", "count": 3}, {"name": "x"}) == {"name": "x"}


def test_what_aws_does_not_tell_stays_as_said() -> None:
    assert observe_all(ALL, {"hidden": "a", "own": "b"}, {}) == {"hidden": "a", "own": "b"}


def test_an_empty_object_says_something() -> None:
    action = shape(allow=one(shape()), block=one(shape()))
    declared = one(action)
    assert canonical(declared, {"allow": {}}) != canonical(declared, {"block": {}})
    assert observe(declared, {"allow": {}}, {"block": {}}) == {"block": {}}
