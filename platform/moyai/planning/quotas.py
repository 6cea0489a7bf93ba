"""AWS quotas as a table, and what a registry needs of them. Pure.

Values are AWS's defaults (Service Quotas, November 2026), per account and region unless said. A plan
that would pass one says so before anything is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from moyai.planning.routes import listener_rules
from moyai.registry.models import Isolation, Registry, Tenant
from moyai.texts import Text

CONNECTIONS = 1000
"""`max_connections` of a db.r7g.large is 1,600 by RDS's formula; the rest is left for operations."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota. `scope` is `cell` where each cell has its own."""

    name: str
    limit: int
    scope: str
    what: Text


QUOTAS: Mapping[str, Quota] = {
    quota.name: quota
    for quota in (
        Quota("target-groups-public", 100, "cell", Text("公開の対象グループ", "public target groups")),
        Quota("target-groups-staff", 100, "cell", Text("職員経路の対象グループ", "staff target groups")),
        Quota("rules-public", 100, "cell", Text("公開の振分規則", "rules of the public listener")),
        Quota("rules-staff", 100, "cell", Text("職員経路の振分規則", "rules of the staff listener")),
        Quota("database-connections", CONNECTIONS, "cell", Text("データベース接続", "database connections")),
        Quota("vpcs", 100, "account", Text("VPC（引上げ後）", "VPCs (raised)")),
        Quota("kms-keys", 100_000, "account", Text("KMS 鍵", "KMS keys")),
        Quota("iam-roles", 5_000, "account", Text("IAM ロール（引上げ後）", "IAM roles (raised)")),
        Quota("buckets", 10_000, "account", Text("S3 バケット", "S3 buckets")),
        Quota("security-groups", 2_500, "account", Text("セキュリティグループ", "security groups")),
        Quota("secrets", 500_000, "account", Text("シークレット", "secrets")),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """A quota that a registry would pass. `where` is a cell's name or `account`."""

    quota: Quota
    where: str
    need: int
    text: Text


def usage(registry: Registry, day: date) -> dict[tuple[str, str], int]:
    """(Quota, cell or `account`) → how much of it the file needs on a day."""
    found: dict[tuple[str, str], int] = {}
    for cell in registry.federation.cells:
        for name, need in _cell_usage(registry, cell.name, day):
            found[name, cell.name] = need
    for name, need in _account_usage(registry, day).items():
        found[name, "account"] = need
    return found


def exceeded(registry: Registry, day: date) -> tuple[QuotaExceeded, ...]:
    """Quotas that would be passed, in the table's order."""
    return tuple(
        QuotaExceeded(QUOTAS[name], where, need, _sentence(QUOTAS[name], where, need))
        for (name, where), need in usage(registry, day).items()
        if need > QUOTAS[name].limit
    )


def _sentence(quota: Quota, where: str, need: int) -> Text:
    if quota.scope == "cell":
        return Text(
            f"セル {where} の{quota.what.ja}が上限を超えます（必要 {need}、上限 {quota.limit}）。"
            "federation.cells に新しいセルを足し、新しい団体の cell に書いてください。",
            f"cell {where} would need {need} {quota.what.en}, the quota is {quota.limit}: add a "
            "cell to federation.cells and name it in the new bodies' `cell`.",
        )
    return Text(
        f"{quota.what.ja}が上限を超えます（必要 {need}、上限 {quota.limit}）。"
        "AWS に引上げを申請してください。",
        f"{need} {quota.what.en} would be needed, the quota is {quota.limit}: ask AWS to raise it.",
    )


def _cell_usage(registry: Registry, cell: str, day: date) -> Iterator[tuple[str, int]]:
    public = listener_rules(registry, cell, "public", day)
    staff = listener_rules(registry, cell, "staff", day)
    yield "rules-public", len(public)
    yield "rules-staff", len(staff)
    yield "target-groups-public", len({(rule.code, rule.service) for rule in public})
    yield "target-groups-staff", len({(rule.code, rule.service) for rule in staff})
    connections = sum(
        registry.services[one.service].manifest.editions[one.edition].database_connections
        for body in registry.tenants
        if body.cell == cell and body.isolation is Isolation.APPLICATION
        for one in body.subscriptions
        if one.is_active(day)
    )
    yield "database-connections", connections


_CELL_GROUPS = 6
"""Security groups of one cell: endpoints, database, its clients, jobs, two load balancers."""


def _account_usage(registry: Registry, day: date) -> dict[str, int]:
    own = sum(body.isolation is Isolation.NETWORK for body in registry.tenants)
    cells = len(registry.federation.cells) + own
    bodies = len(registry.tenants)
    begun = sum(_begun(body, day) for body in registry.tenants)
    return {
        "vpcs": cells,
        "kms-keys": bodies + 1,
        "iam-roles": 3 * cells + bodies + 3 * begun,
        "buckets": 2 * bodies + 1,
        "security-groups": _CELL_GROUPS * cells + bodies,
        "secrets": cells + 2 * begun,
    }


def _begun(body: Tenant, day: date) -> int:
    return sum(one.has_begun(day) for one in body.subscriptions)
