"""The plugin's declarations are the SDK's: names, kinds, what is required, what comes back."""

from __future__ import annotations

import pytest
from sdk import SdkField, arguments, fields, outputs

from moyai.sandbox.aws.fields import Field, Kind, Shape
from moyai.sandbox.aws.handler import AwsResource
from moyai.sandbox.aws.table import TYPES

_WORDS = {
    Kind.TEXT: "str",
    Kind.WHOLE: "int",
    Kind.NUMBER: "float",
    Kind.FLAG: "bool",
    Kind.DOCUMENT: "str",
    Kind.TEXTS: "str",
    Kind.MAP: "str",
}
_DEPTH = 12


def handler(token: str) -> AwsResource:
    found = TYPES[token]
    assert isinstance(found, AwsResource)
    return found


@pytest.mark.parametrize("token", sorted(TYPES))
def test_inputs_are_those_of_the_sdk(token: str) -> None:
    problems: list[str] = []
    compare(handler(token).properties, arguments(token), "", problems)
    assert not problems


def compare(
    declared: Shape, sdk: dict[str, SdkField], at: str, problems: list[str], depth: int = 0
) -> None:
    problems += [f"{at}{name}: the SDK has no such" for name in declared.keys() - sdk.keys()]
    for name in declared.keys() & sdk.keys():
        compare_one(declared[name], sdk[name], f"{at}{name}", problems, depth)
    problems += [
        f"{at}{name}: the SDK requires it"
        for name, one in sdk.items()
        if one.required and name not in declared
    ]


def compare_one(declared: Field, sdk: SdkField, at: str, problems: list[str], depth: int) -> None:
    if declared.required != sdk.required:
        problems.append(f"{at}: required is {sdk.required} in the SDK")
    many = declared.kind in (Kind.TEXTS, Kind.OBJECTS)
    if declared.kind is not Kind.DOCUMENT and many != sdk.is_list:
        problems.append(f"{at}: a list is {sdk.is_list} in the SDK")
    word = _WORDS.get(declared.kind)
    if word is not None and not (declared.kind is Kind.NUMBER and "int" in sdk.annotation):
        found = word in sdk.annotation or (word == "str" and "Type" in sdk.annotation)
        if not found:
            problems.append(f"{at}: {declared.kind} is {sdk.annotation} in the SDK")
    if (declared.kind is Kind.MAP) != sdk.is_map:
        problems.append(f"{at}: a mapping is {sdk.is_map} in the SDK")
    if declared.of is not None and depth < _DEPTH:
        if sdk.nested is None:
            problems.append(f"{at}: no object in the SDK")
        else:
            compare(declared.of, fields(sdk.nested), f"{at}.", problems, depth + 1)


@pytest.mark.parametrize("token", sorted(TYPES))
def test_outputs_are_those_of_the_sdk(token: str) -> None:
    kind = handler(token)
    told = kind.inputs | kind.computed | ({"tagsAll"} if kind.tagging else set())
    assert not told - outputs(token)
    assert not kind.computed & kind.inputs
    assert kind.volatile <= kind.computed


@pytest.mark.parametrize("token", sorted(TYPES))
def test_a_type_is_tagged_and_named_as_in_the_sdk(token: str) -> None:
    kind, known = handler(token), arguments(token)
    assert (kind.tagging is not None) == ("tags" in known)
    assert kind.regional == ("region" in known)
    prefixed = kind.autoname.prefix if kind.autoname else None
    if kind.autoname is not None:
        assert not known[kind.autoname.property].required
        assert (prefixed in known) == (prefixed is not None)
