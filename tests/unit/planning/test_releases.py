"""Releases on record move by onboarding and upgrade only."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.planning.releases import Waiting, resolve
from moyai.registry.load import require
from moyai.registry.models import Tenant

DAY = date(2026, 11, 23)
REGISTRY = require(SAMPLE)


@pytest.fixture
def body() -> Tenant:
    found = REGISTRY.tenant("272027")
    assert found is not None
    return found


def test_a_new_subscription_starts_at_the_target(body: Tenant) -> None:
    found = resolve(REGISTRY, body, DAY, {})
    assert found.used == {"chat": "1.0.0", "eapp-b": "1.0.0"}
    assert found.onboarding == ("chat", "eapp-b")
    assert found.waiting == ()


def test_what_is_on_record_stays_and_waits(body: Tenant) -> None:
    found = resolve(REGISTRY, body, DAY, {"chat": "0.9.0", "eapp-b": "1.0.0"})
    assert found.used == {"chat": "0.9.0", "eapp-b": "1.0.0"}
    assert found.onboarding == ()
    assert found.waiting == (Waiting("chat", "0.9.0", "1.0.0"),)


def test_what_an_upgrade_is_bringing_is_built_and_does_not_wait(body: Tenant) -> None:
    recorded = {"chat": "0.9.0", "eapp-b": "1.0.0"}
    found = resolve(REGISTRY, body, DAY, recorded, {"chat": "0.9.5"})
    assert found.used == {"chat": "0.9.5", "eapp-b": "1.0.0"}
    assert found.onboarding == ()
    assert found.waiting == ()


def test_what_ended_before_it_was_built_is_not_built_and_what_was_built_is_kept(
    body: Tenant,
) -> None:
    ended = tuple(
        dataclasses.replace(one, until=DAY - timedelta(days=1)) for one in body.subscriptions
    )
    past = dataclasses.replace(body, subscriptions=ended)
    assert resolve(REGISTRY, past, DAY, {}).used == {}
    kept = resolve(REGISTRY, past, DAY, {"chat": "1.0.0"})
    assert kept.used == {"chat": "1.0.0"}
    assert kept.onboarding == ()


@given(st.sampled_from(REGISTRY.tenants), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_no_release_on_record_is_ever_moved(body: Tenant, day: date) -> None:
    recorded = dict.fromkeys((one.service for one in body.subscriptions), "0.0.1")
    found = resolve(REGISTRY, body, day, recorded)
    assert set(found.used.values()) <= {"0.0.1"}
    assert found.onboarding == ()
