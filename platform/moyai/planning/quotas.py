"""AWS quotas as a table, and what a registry needs of them. Pure.

A plan that would pass one says so before anything is made. What is needed is counted from the names
and layouts that the components build with (`names`, `layout`, `routes`). A service's own component
is not counted: what it may add is far from any limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from moyai.errors import UsageError
from moyai.planning import layout, names
from moyai.planning.quota_table import QUOTAS, Quota
from moyai.planning.routes import WAYS, Rule, listener_rules, tenant_rules
from moyai.registry.models import Edition, Isolation, Registry, Subscription, Tenant
from moyai.texts import Text

ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """A quota that a registry would pass. `where` is a cell's name, the code of a body with a cell
    of its own, or `account`."""

    quota: Quota
    where: str
    need: int
    limit: int
    text: Text


@dataclass(frozen=True, slots=True)
class _CellNeeds:
    """What is counted of one cell: its running subscriptions, its rules."""

    where: str
    prefix: str
    running: tuple[tuple[Tenant, Subscription], ...]
    rules: tuple[Rule, ...]


def usage(registry: Registry, day: date) -> dict[tuple[str, str], int]:
    """(Quota, where) → how much of it the file needs on a day, in the table's order."""
    cells = _cells(registry, day)
    found: dict[tuple[str, str], int] = {}
    for cell in cells:
        for name, need in _cell_usage(registry, cell).items():
            found[name, cell.where] = need
    for name, need in _account_usage(registry, cells, day).items():
        found[name, ACCOUNT] = need
    return {
        (quota.name, where): need
        for quota in QUOTAS.values()
        for (name, where), need in found.items()
        if name == quota.name
    }


def exceeded(
    registry: Registry, day: date, limits: Mapping[str, int] | None = None
) -> tuple[QuotaExceeded, ...]:
    """Quotas that would be passed, in the table's order.

    `limits` are what the account has been given instead (name → value). Raises `UsageError` for a
    name that is not in the table.
    """
    given = limits or {}
    unknown = sorted(given.keys() - QUOTAS.keys())
    if unknown:
        raise UsageError(
            Text(
                f"上限の名前 {', '.join(unknown)} はありません。あるもの: {', '.join(QUOTAS)}",
                f"there is no quota {', '.join(unknown)}; known: {', '.join(QUOTAS)}",
            )
        )
    passed: list[QuotaExceeded] = []
    for (name, where), need in usage(registry, day).items():
        quota = QUOTAS[name]
        limit = given.get(name, quota.limit)
        if need > limit:
            text = _sentence(registry, quota, where, need, limit)
            passed.append(QuotaExceeded(quota, where, need, limit, text))
    return tuple(passed)


def _sentence(registry: Registry, quota: Quota, where: str, need: int, limit: int) -> Text:
    ja, en = quota.what.ja, quota.what.en
    if quota.scope == "account":
        return Text(
            f"アカウントの{ja}が上限を超えます（必要 {need}、上限 {limit}）。"
            f"AWS に引上げを申請してください（{quota.source}）。",
            f"the account would need {need} {en}, the quota is {limit}: ask AWS to raise it "
            f"({quota.source}).",
        )
    if any(cell.name == where for cell in registry.federation.cells):
        return Text(
            f"セル {where} の{ja}が上限を超えます（必要 {need}、上限 {limit}）。"
            "federation.cells に新しいセルを足し、これから加わる団体の cell に書いてください。",
            f"cell {where} would need {need} {en}, the quota is {limit}: add a cell to "
            "federation.cells and name it as `cell` of the bodies that are to come.",
        )
    return Text(
        f"団体 {where} 専用の基盤の{ja}が上限を超えます（必要 {need}、上限 {limit}）。"
        f"利用か LGWAN の範囲を減らすか、AWS に引上げを申請してください（{quota.source}）。",
        f"the body {where}'s own infrastructure would need {need} {en}, the quota is {limit}: use "
        f"fewer services or LGWAN ranges, or ask AWS to raise it ({quota.source}).",
    )


def _cells(registry: Registry, day: date) -> tuple[_CellNeeds, ...]:
    """The shared cells, then those of bodies with network isolation."""
    federation = registry.federation
    own = [body for body in registry.tenants if body.isolation is Isolation.NETWORK]
    shared = tuple(
        _CellNeeds(
            cell.name,
            names.cell_prefix(federation, cell.name),
            _running(
                (
                    body
                    for body in registry.tenants
                    if body.cell == cell.name and body.isolation is Isolation.APPLICATION
                ),
                day,
            ),
            tuple(rule for way in WAYS for rule in listener_rules(registry, cell.name, way, day)),
        )
        for cell in federation.cells
    )
    return shared + tuple(
        _CellNeeds(
            body.code,
            names.tenant_prefix(federation, body.code),
            _running([body], day),
            tenant_rules(registry, body, day),
        )
        for body in own
    )


def _running(bodies: Iterable[Tenant], day: date) -> tuple[tuple[Tenant, Subscription], ...]:
    return tuple((body, one) for body in bodies for one in body.subscriptions if one.is_active(day))


def _edition(registry: Registry, subscription: Subscription) -> Edition:
    manifest = registry.services[subscription.service].manifest
    return manifest.editions[subscription.edition]


def _cell_usage(registry: Registry, cell: _CellNeeds) -> dict[str, int]:
    counts = {
        (body.code, one.service): _edition(registry, one).desired_count
        for body, one in cell.running
    }
    found = {
        "values-per-rule": max((1 + len(rule.sources) for rule in cell.rules), default=0),
        "database-connections": sum(
            _edition(registry, one).database_connections for _, one in cell.running
        ),
    }
    for way in WAYS:
        rules = [rule for rule in cell.rules if rule.way == way]
        groups = {(rule.code, rule.service) for rule in rules}
        found[f"rules-{way}"] = len(rules)
        found[f"target-groups-{way}"] = len(groups)
        found[f"targets-{way}"] = sum(counts[group] for group in groups)
    return found


def _account_usage(registry: Registry, cells: tuple[_CellNeeds, ...], day: date) -> dict[str, int]:
    federation, site = registry.federation, next(iter(registry.sites.values()))
    domains = len(names.certificate_domains(registry))
    found: Counter[str] = Counter(
        {
            "kms-keys": 1,
            "buckets": len(names.shared_buckets(federation, site)),
            "certificate-names": domains,
            "dns-records": domains,
        }
    )
    for cell in cells:
        found.update(_one_cell(registry, cell))
    for body in registry.tenants:
        found["kms-keys"] += 1
        found["buckets"] += len(names.body_buckets(federation, site, body.code))
        found["iam-roles"] += len(names.body_roles(federation, body.code))
        found["security-groups"] += len(names.body_groups(federation, body.code))
        for one in body.subscriptions:
            if one.has_begun(day):
                roles = names.subscription_roles(federation, body.code, one.service)
                found["iam-roles"] += len(roles) - (not one.is_active(day))
                found["secrets"] += len(names.secrets(body.code, one.service))
    return dict(found)


def _one_cell(registry: Registry, cell: _CellNeeds) -> dict[str, int]:
    """What one cell and the services that run in it need of the account."""
    units = sum(
        edition.cpu * edition.desired_count
        for edition in (_edition(registry, one) for _, one in cell.running)
    )
    ways: dict[tuple[str, str], set[str]] = {}
    for rule in cell.rules:
        ways.setdefault((rule.code, rule.service), set()).add(rule.way)
    alarms = sum(
        len(names.service_alarms("", tuple(ways.get((body.code, one.service), ()))))
        for body, one in cell.running
    )
    return {
        "vpcs": 1,
        "elastic-ips": layout.ZONES_PER_CELL,
        "nat-gateways-per-zone": 1,
        "security-groups": len(names.cell_groups(cell.prefix)),
        "load-balancers": len(names.balancers(cell.prefix)),
        "web-acls": 1,
        "database-clusters": 1,
        "database-instances": layout.DATABASE_INSTANCES,
        "database-parameter-groups": 1,
        "database-subnet-groups": 1,
        "fargate-vcpus": -(-units // 1024),
        "iam-roles": len(names.cell_roles(cell.prefix)),
        "secrets": 1,
        "alarms": len(names.cell_alarms(cell.prefix)) + alarms,
        "parameters": sum(len(one.settings) for _, one in cell.running),
        "dns-records": len({(rule.host, rule.way) for rule in cell.rules}),
    }
