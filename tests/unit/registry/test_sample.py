"""The sample as it is shipped."""

from __future__ import annotations

import csv
from datetime import date
from importlib import resources

import jsonschema_rs
import pytest
from tests.sample import PROJECT, SAMPLE

from moyai.registry.load import load, require
from moyai.registry.models import Isolation, Kind, Registry
from moyai.registry.schema import json_schema
from moyai.registry.yaml_tree import read

OSAKA_2020 = 8_837_685
"""Residents of the 43 in the final figures of the 2020 census."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return require(SAMPLE)


def _active(registry: Registry, service: str, day: date) -> int:
    return sum(
        one.is_active(day)
        for body in registry.tenants
        for one in body.subscriptions
        if one.service == service
    )


def test_it_is_valid_without_a_warning() -> None:
    assert load(SAMPLE).problems == ()


def test_it_has_the_43_with_their_residents(registry: Registry) -> None:
    assert len(registry.tenants) == 43
    assert sum(body.population.count for body in registry.tenants if body.population) == OSAKA_2020
    with (
        resources.files("moyai.registry.data")
        .joinpath("municipalities.csv")
        .open(encoding="utf-8") as lines
    ):
        osaka = {
            row["code"]: row["slug"]
            for row in csv.DictReader(lines)
            if row["prefecture"] == "大阪府" and row["kind"] != "都道府県"
        }
    assert {body.code: body.slug for body in registry.tenants} == osaka


def test_services_grew_as_osaka_procured_them(registry: Registry) -> None:
    assert _active(registry, "chat", date(2022, 4, 1)) == 22
    assert _active(registry, "chat", date(2027, 4, 1)) == 34
    assert _active(registry, "eapp-a", date(2022, 10, 1)) == 6
    on_e_application = {
        body.code
        for body in registry.tenants
        for one in body.subscriptions
        if one.service.startswith("eapp") and one.is_active(date(2022, 10, 1))
    }
    assert len(on_e_application) == 11
    assert sum(body.subscription("eapp-b") is not None for body in registry.tenants) == 29
    assert all(
        body.subscription("eapp-a") is None or body.subscription("eapp-b") is None
        for body in registry.tenants
    )


def test_it_shows_isolation_kinds_and_ends(registry: Registry) -> None:
    apart = [body for body in registry.tenants if body.isolation is Isolation.NETWORK]
    assert [body.code for body in apart] == ["271403"]
    assert apart[0].cidr is not None
    kinds = {body.kind for body in registry.tenants}
    assert kinds == {
        Kind.DESIGNATED_CITY,
        Kind.CORE_CITY,
        Kind.CITY,
        Kind.TOWN,
        Kind.VILLAGE,
    }
    subscriptions = [one for body in registry.tenants for one in body.subscriptions]
    assert any(one.until is not None for one in subscriptions)
    assert any(one.start > date(2026, 12, 31) for one in subscriptions)


def test_a_subscription_has_defaults_of_schema_service_and_body(registry: Registry) -> None:
    osaka = registry.tenant("271004")
    assert osaka is not None
    found = osaka.subscription("eapp-a")
    assert found is not None
    assert found.edition == "large"
    assert found.settings["retention_years"] == 5  # the schema's
    assert found.settings["gbizid_level"] == "prime"  # the service's
    assert found.settings["delegation"] is True  # the body's own


def test_an_anchor_brings_what_it_names(registry: Registry) -> None:
    toyonaka = registry.tenant("toyonaka")
    kanan = registry.tenant("kanan")
    assert toyonaka is not None
    assert kanan is not None
    assert toyonaka.freezes[0] == kanan.freezes[0]
    assert len(toyonaka.freezes) == 2


def test_the_sandbox_is_there_undeclared(registry: Registry) -> None:
    site = registry.sites["sandbox"]
    assert (site.runtime, site.region, site.backup_region) == (
        "embedded",
        "ap-northeast-1",
        "ap-northeast-3",
    )


def test_canaries_come_first_then_a_tenth_then_the_rest(registry: Registry) -> None:
    first, tenth, rest = registry.operations.waves
    assert (first.name, first.select, first.soak_minutes) == ("先行団体", "tag:wave=canary", 60)
    assert tenth.share is not None
    assert tenth.share.percent == 10
    assert rest.rest
    assert {body.slug for body in registry.tenants if "wave" in body.tags} == {
        "kanan",
        "takatsuki",
        "tondabayashi",
    }
    of = {
        one.service
        for body in registry.tenants
        if "wave" in body.tags
        for one in body.subscriptions
    }
    assert of == set(registry.services)  # each service has a body to go first


def test_an_editor_s_schema_accepts_it(sample: str) -> None:
    schema = json_schema(PROJECT)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    assert [error.message for error in validator.iter_errors(read(sample.encode()).value)] == []
