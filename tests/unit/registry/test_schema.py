"""The JSON Schema that editors complete and check with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from tests.sample import PROJECT

from moyai.registry.schema import json_schema
from moyai.registry.yaml_tree import read


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema(PROJECT)


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)


def test_it_is_a_json_schema(schema: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def _fields(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, rule in node.get("properties", {}).items():
            yield f"{path}.{name}", rule
        for key, inner in node.items():
            yield from _fields(inner, f"{path}.{key}")


def test_every_field_is_described_in_both_languages(schema: dict[str, Any]) -> None:
    plain = {"email", "phone", "network", "federation"}
    definitions = {
        name: rule for name, rule in schema["$defs"].items() if not name.startswith("settings-")
    }
    for definition in definitions.values():
        definition = {key: value for key, value in definition.items() if key != "allOf"}
        for path, rule in _fields(definition):
            name = path.rpartition(".")[2]
            described = rule.get("description", "")
            assert " / " in described or name in plain, path


Change = Callable[[dict[str, Any]], object]


def _pool(root: dict[str, Any], index: int) -> dict[str, Any]:
    pool: dict[str, Any] = root["cost_sharing"]["rule_sets"][0]["pools"][index]
    return pool


REFUSED: dict[str, Change] = {
    "unknown key": lambda root: root.update(tenant=[]),
    "unknown key of a body": lambda root: root["tenants"][0].update(lgwans=[]),
    "number for a code": lambda root: root["tenants"][0].update(code=271004),
    "slug": lambda root: root["tenants"][0].update(slug="Osaka"),
    "kind": lambda root: root["tenants"][0].update(kind="市"),
    "network": lambda root: root["tenants"][0].update(lgwan=["10.0.0.0"]),
    "date": lambda root: root["tenants"][0]["services"][0].update({"from": "2022/04/01"}),
    "setting of another service": lambda root: root["tenants"][2]["services"][0].update(
        settings={"payment": "none"}
    ),
    "value of a setting": lambda root: root["tenants"][0]["services"][0].update(
        settings={"payment": "cash"}
    ),
    "edition": lambda root: root["tenants"][0]["services"][0].update(edition="small"),
    "release": lambda root: root["services"]["chat"].update(release="3.0.0"),
    "default setting": lambda root: root["services"]["chat"]["defaults"].update(
        settings={"retention_days": 1}
    ),
    "region": lambda root: root.update(
        sites={"x": {"region": "us-east-1", "account_id": "1", "state_backend": "", "secrets_provider": ""}}
    ),
    "site's name": lambda root: root.update(sites={"Prod": {}}),
    "registration number": lambda root: root["cost_sharing"]["issuer"].update(
        registration_number="7000012050002"
    ),
    "way to share": lambda root: _pool(root, 1)["shares"][0].update(by="均等"),
    "yen in words": lambda root: _pool(root, 1).update(base_fee="10,000"),
    "value of a column": lambda root: _pool(root, 1)["where"].update(ServiceName=[]),
    "unknown key of a pool": lambda root: _pool(root, 1).update(shared=[]),
    "share of bodies": lambda root: root["operations"]["waves"][1].update(share="10 %"),
    "words before a share": lambda root: root["operations"]["waves"][1].update(share="some 10%"),
    "number of bodies": lambda root: root["operations"].update(max_concurrent=0),
    "event": lambda root: root["operations"].update(notifications={"operators": ["start"]}),
    "unknown key of a wave": lambda root: root["operations"]["waves"][0].update(tag="x"),
    "day of a window": lambda root: root["defaults"]["maintenance_window"].update(days=["祝"]),
    "missing name": lambda root: root["tenants"][0].pop("name"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_editor_marks(sample: str, validator: jsonschema_rs.Validator, name: str) -> None:
    root: Any = copy.deepcopy(read(sample.encode()).value)
    assert validator.is_valid(root)
    REFUSED[name](root)
    assert not validator.is_valid(root)


def test_a_place_for_anchors(sample: str, validator: jsonschema_rs.Validator) -> None:
    root: Any = read(sample.encode()).value
    assert validator.is_valid({**root, "x-common": {"anything": 1}})
