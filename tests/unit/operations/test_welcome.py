"""Welcome sheets: only what is true of the body that reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date

import pytest
from tests.sample import SAMPLE

from moyai.operations.deploys.welcome import sheet
from moyai.planning.routes import tenant_rules
from moyai.registry.load import require
from moyai.registry.models import Registry, Subscription, Tenant
from moyai.texts import Text

DAY = date(2026, 11, 23)
FIRST = date(2024, 4, 1)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return require(SAMPLE)


def subscription(service: str, until: date | None = None, **settings: str | bool) -> Subscription:
    edition = "small" if service == "eapp-b" else "standard"
    return Subscription(service, edition, FIRST, until, settings)


def told(registry: Registry, *services: Subscription, lgwan: bool = True) -> Text:
    """The sheet of a body that has these subscriptions, as its outputs would be on `DAY`."""
    [body, *_] = [one for one in registry.tenants if one.slug == "kishiwada"]
    body = dataclasses.replace(body, subscriptions=services, lgwan=body.lgwan if lgwan else ())
    return sheet(registry, body, outputs(registry, body), DAY)


def outputs(registry: Registry, body: Tenant) -> Mapping[str, object]:
    rules = tenant_rules(dataclasses.replace(registry, tenants=(body,)), body, DAY)
    return {
        "key_arn": "arn:key",
        "auditor_role_arn": "arn:auditor",
        "services": {
            one.service: {
                "release": "1.0.0",
                "edition": one.edition,
                "active": one.is_active(DAY),
                "urls": sorted(
                    {f"https://{rule.host}/" for rule in rules if rule.service == one.service}
                ),
            }
            for one in body.subscriptions
        },
    }


def test_urls_say_whom_they_are_for(registry: Registry) -> None:
    found = told(registry, subscription("eapp-b"))
    assert "- 住民向け: <https://kishiwada.shinsei-b.osaka.example.jp/>" in found.ja
    assert "- 職員向け（LGWAN）: <https://kishiwada.shinsei-b-staff.osaka.example.jp/>" in found.ja
    assert "- for residents: <https://kishiwada.shinsei-b.osaka.example.jp/>" in found.en
    assert "- for staff (LGWAN): <https://kishiwada.shinsei-b-staff.osaka.example.jp/>" in found.en
    assert "10.200.3.0/24" in found.ja
    assert "10.200.3.0/24" in found.en


def test_a_service_that_ended_is_told_as_ended_and_has_no_way_in(registry: Registry) -> None:
    found = told(registry, subscription("eapp-b", until=date(2026, 4, 1)))
    assert "2026-04-01 に利用を終えました。データは残してあります。" in found.ja
    assert "Its use ended on 2026-04-01. Its data are kept." in found.en
    assert "入口" not in found.ja
    assert "way in" not in found.en
    assert "LGWAN" not in found.ja


def test_a_service_for_staff_only_has_no_way_in_without_a_range(registry: Registry) -> None:
    found = told(registry, subscription("chat"), lgwan=False)
    assert "職員経路だけのサービスで、LGWAN の範囲が登録されていない" in found.ja
    assert "the staff route only, and no LGWAN range is registered" in found.en


def test_a_closed_staff_route_is_not_blamed_on_a_missing_range(registry: Registry) -> None:
    found = told(registry, subscription("chat", lgwan_staff_route=False))
    assert "登録されていない" not in found.ja
    assert "職員経路を閉じる設定" in found.ja
    assert "settings close its staff route" in found.en
    assert "10.200.3.0/24" not in found.ja


def test_a_body_without_a_range_is_told_what_to_do(registry: Registry) -> None:
    found = told(registry, subscription("eapp-b"), lgwan=False)
    assert "住民向け" in found.ja
    assert "職員向け" not in found.ja
    assert "LGWAN の範囲が登録されていないため、職員経路はまだ使えません" in found.ja
    assert "The staff route is not open yet: no LGWAN range is registered" in found.en
    assert "登録なし" not in found.ja


def test_a_body_without_services_reads_nothing_of_staff_routes(registry: Registry) -> None:
    for lgwan in (True, False):
        found = told(registry, lgwan=lgwan)
        assert "LGWAN" not in found.ja
        assert "LGWAN" not in found.en
        assert "使っているサービスはまだありません。" in found.ja
        assert "No service is in use yet." in found.en


def test_backups_are_told_as_a_policy_of_which_only_some_is_carried_out(registry: Registry) -> None:
    found = told(registry)
    assert "日次 35・週次 8・月次 12・年次 3 世代" in found.ja
    assert "別のリージョンにも置く" in found.ja
    assert "moyai backup run" in found.ja
    assert "35 daily, 8 weekly, 12 monthly, 3 yearly" in found.en
    assert "a copy in a second region" in found.en
    assert "the secretariat makes them" in found.en
