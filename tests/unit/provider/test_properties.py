"""Values on the wire and back; secrets keep their places and leave no words."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st

from moyai.provider.properties import (
    HIDDEN,
    UNKNOWN,
    cover,
    from_struct,
    has_unknown,
    read_struct,
    secret_words,
    to_struct,
    without_secrets,
)

names = st.text("abcXYZ:-_", min_size=1, max_size=6)
scalars = st.one_of(
    st.text(max_size=8),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer()),
    st.just(UNKNOWN),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=4)


@given(objects)
def test_what_is_written_is_read_back(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


@given(objects)
def test_wrapping_changes_no_value_and_keeps_its_place(properties: dict[str, Any]) -> None:
    places = dict.fromkeys(properties)
    read, found = read_struct(to_struct(properties, places))
    assert read == properties
    assert found == places


def test_a_secret_inside_an_object_stays_there_alone() -> None:
    properties = {"a": {"open": "seen", "closed": "hush"}, "b": [1, 2]}
    read, places = read_struct(to_struct(properties, {"a": {"closed": None}}))
    assert read == properties
    assert places == {"a": {"closed": None}}
    assert secret_words(read, places) == {"hush"}


def test_a_list_with_a_secret_is_one_as_a_whole() -> None:
    wrapped = to_struct({"inner": "hush"}, {"inner": None}).fields["inner"]
    struct = to_struct({"list": ["seen"]})
    struct.fields["list"].list_value.values.append(wrapped)
    read, places = read_struct(struct)
    assert read == {"list": ["seen", "hush"]}
    assert places == {"list": None}
    assert secret_words(read, places) == {"seen", "hush"}


def test_nulls_are_not_said() -> None:
    assert from_struct(to_struct({"a": None, "b": {"c": None}})) == {"b": {}}


def test_an_answer_is_covered_wherever_a_secret_stands_again() -> None:
    answer = {"tags": {"a": "hush-hush"}, "tagsAll": {"a": "hush-hush"}, "arn": "arn:plain"}
    places = cover(answer, {"tags": {"a": None}}, {"hush-hush"})
    assert places == {"tags": {"a": None}, "tagsAll": None}


def test_very_short_secrets_are_not_looked_for_elsewhere() -> None:
    assert cover({"arn": "arn:a"}, {"x": None}, {"a"}) == {"x": None}


@given(st.text(min_size=1), st.text(max_size=20), st.text(max_size=20))
def test_no_message_keeps_a_secret(secret: str, before: str, after: str) -> None:
    told = f"{before}{json.dumps({'value': secret})}{secret}{after}"
    cleared = without_secrets(told, {secret})
    assert secret not in cleared.replace(HIDDEN, "")


@given(objects)
def test_unknown_values_are_found_at_any_depth(properties: dict[str, Any]) -> None:
    on_the_wire = MessageToJson(to_struct(properties))
    assert has_unknown(properties) == ("04da6b54-80e4-46f7-96ec-b56ff0331ba9" in on_the_wire)
