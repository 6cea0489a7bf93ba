"""From the file's valid parts to the frozen `Registry`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from moyai.registry.cost_build import build_costs
from moyai.registry.file_model import (
    BackupFile,
    FederationFile,
    SubscriptionFile,
    TenantFile,
    WindowFile,
)
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.models import (
    BackupPolicy,
    CellSpec,
    Contact,
    Federation,
    FormerKey,
    Isolation,
    NetworkPools,
    Operator,
    Population,
    Registry,
    ServiceTarget,
    Site,
    Subscription,
    Tenant,
)
from moyai.registry.operation_build import build_approvers, build_operations
from moyai.registry.parts import Parts
from moyai.registry.settings import SettingsChecker

SANDBOX = Site(
    name="sandbox",
    runtime="embedded",
    account_id="123456789012",
    region="ap-northeast-1",
    backup_region="ap-northeast-3",
    state_backend=None,
    secrets_provider=None,
    operations_database=None,
    database_sslmode="disable",
    role_arn=None,
)
"""The embedded site, which no file has to declare."""


def build(
    parts: Parts, checkers: Mapping[str, SettingsChecker], path: Path, sha256: str
) -> Registry:
    """The registry of a file in which no check found an error."""
    assert parts.federation is not None
    federation = _federation(parts.federation)
    services = {name: _service(name, parts, checkers[name]) for name in parts.services}
    operators = tuple(
        Operator(one.name, one.email, one.role, one.bodies, one.expires, one.ssh_key)
        for one in parts.operators.values()
    )
    return Registry(
        path=path,
        sha256=sha256,
        federation=federation,
        sites={"sandbox": SANDBOX, **_sites(parts)},
        operators=operators,
        services=services,
        tenants=tuple(
            _tenant(body, parts, checkers, federation.cells[0].name)
            for body in parts.tenants.values()
        ),
        cost_sharing=build_costs(parts),
        operations=build_operations(parts.operations, operators),
        former_keys=tuple(
            FormerKey(one.email, one.ssh_key, one.until) for one in parts.former_keys.values()
        ),
    )


def _service(name: str, parts: Parts, checker: SettingsChecker) -> ServiceTarget:
    service = parts.services[name]
    return ServiceTarget(
        name,
        checker.manifest,
        service.release,
        service.defaults.edition,
        service.defaults.settings,
    )


def _federation(file: FederationFile) -> Federation:
    return Federation(
        name=file.name,
        slug=file.slug,
        prefecture=file.prefecture,
        domain=file.domain,
        fiscal_year_start=file.fiscal_year_start,
        cost_centre=file.cost_centre,
        network=NetworkPools(file.network.cells, file.network.tenants),
        cells=tuple(CellSpec(cell.name, cell.cidr) for cell in file.cells),
    )


def _sites(parts: Parts) -> dict[str, Site]:
    return {
        name: Site(
            name=name,
            runtime="aws",
            account_id=site.account_id,
            region=site.region,
            backup_region=site.backup_region,
            state_backend=site.state_backend,
            secrets_provider=site.secrets_provider,
            operations_database=site.operations_database,
            database_sslmode=site.database_sslmode,
            role_arn=site.role_arn,
        )
        for name, site in parts.sites.items()
    }


def _tenant(
    body: TenantFile, parts: Parts, checkers: Mapping[str, SettingsChecker], first_cell: str
) -> Tenant:
    defaults = parts.defaults
    population = body.population
    isolation: Isolation = body.isolation or defaults.isolation
    return Tenant(
        code=body.code,
        former_codes=body.former_codes,
        slug=body.slug,
        name=body.name,
        kind=body.kind,
        population=(
            None
            if population is None
            else Population(population.count, population.as_of, population.source)
        ),
        contacts=tuple(
            Contact(one.section, one.email, one.phone, one.name) for one in body.contacts
        ),
        isolation=isolation,
        cell=body.cell or defaults.cell or first_cell,
        cidr=body.cidr,
        lgwan=body.lgwan,
        office=defaults.office if body.office is None else body.office,
        tier=body.tier or defaults.tier,
        tags={**defaults.tags, **body.tags},
        maintenance_window=_window(body.maintenance_window or defaults.maintenance_window),
        freezes=tuple(
            Freeze(one.first, one.last, one.reason)
            for one in (defaults.freezes if body.freezes is None else body.freezes)
        ),
        backup=_backup(body.backup, defaults.backup),
        subscriptions=tuple(_subscription(one, parts, checkers) for one in body.services),
        approvers=build_approvers(body.approvers),
    )


def _window(file: WindowFile) -> MaintenanceWindow:
    return MaintenanceWindow(tuple(file.days), file.start, file.hours)


def _backup(own: BackupFile | None, defaults: BackupFile) -> BackupPolicy:
    """The defaults, with what the body itself wrote in their place."""
    file = defaults
    if own is not None:
        file = defaults.model_copy(update=own.model_dump(exclude_unset=True))
    return BackupPolicy(file.daily, file.weekly, file.monthly, file.yearly, file.second_region)


def _subscription(
    one: SubscriptionFile, parts: Parts, checkers: Mapping[str, SettingsChecker]
) -> Subscription:
    defaults = parts.services[one.service].defaults
    edition = one.edition or defaults.edition
    assert edition is not None
    settings = checkers[one.service].frozen({**defaults.settings, **one.settings})
    return Subscription(one.service, edition, one.start, one.until, settings)
