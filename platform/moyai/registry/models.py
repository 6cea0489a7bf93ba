"""What tenants.yaml says, as frozen values. Made only by `moyai.registry.load`; pure.

Dates are calendar days in Asia/Tokyo. Networks are `ipaddress` objects, strict (no host bits).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network
from pathlib import Path
from typing import Literal

from moyai.json_value import JsonValue
from moyai.registry.cost_rules import CostSharing
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.operation_settings import BodyApprover, OperationSettings


class Kind(StrEnum):
    """The kind of a body, by the Local Autonomy Act and the order on core cities."""

    PREFECTURE = "都道府県"
    DESIGNATED_CITY = "政令市"
    CORE_CITY = "中核市"
    CITY = "一般市"
    SPECIAL_WARD = "特別区"
    TOWN = "町"
    VILLAGE = "村"
    PARTIAL_AFFAIRS_ASSOCIATION = "一部事務組合"
    WIDE_AREA_UNION = "広域連合"

    @property
    def is_joint_body(self) -> bool:
        """True for bodies that municipalities form together; they are not on the master list."""
        return self in (Kind.PARTIAL_AFFAIRS_ASSOCIATION, Kind.WIDE_AREA_UNION)


class Isolation(StrEnum):
    """How far a body's environment is apart from its neighbours'."""

    APPLICATION = "application"
    NETWORK = "network"
    ACCOUNT = "account"


class Role(StrEnum):
    """What an operator may do: plan only, run, or approve what another planned."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class NetworkPools:
    """Address pools that Moyai takes networks from: /16 each for cells, /20 each for bodies."""

    cells: tuple[IPv4Network, ...]
    tenants: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class CellSpec:
    """One set of shared infrastructure. `name` is a short DNS label such as `a`."""

    name: str
    cidr: IPv4Network


@dataclass(frozen=True, slots=True)
class Federation:
    """The secretariat and its bodies. `slug` begins the names of all resources."""

    name: str
    slug: str
    prefecture: str
    domain: str
    fiscal_year_start: str
    """Month and day, `04-01`."""
    cost_centre: str
    network: NetworkPools
    cells: tuple[CellSpec, ...]
    """At least one."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where Moyai runs. Programs never ask for its name; only these settings differ."""

    name: str
    runtime: str
    """Which module opens the site: `embedded` (the sandbox) or `aws`."""
    account_id: str
    region: str
    backup_region: str
    state_backend: str | None
    """A Pulumi backend URL (`s3://…`, `file://…`); None: a folder that Moyai keeps."""
    secrets_provider: str | None
    """A Pulumi secrets provider URL (`awskms://…`); None: passphrase kept outside the repository."""
    operations_database: str | None
    """A PostgreSQL URL without password; None: the embedded one."""
    database_sslmode: str
    """libpq's `sslmode` for connections to bodies' databases."""
    role_arn: str | None
    """The role that Moyai assumes in the account; None: the caller's own identity."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A person of the secretariat. `bodies` is a selector; approvals are checked against `ssh_key`."""

    name: str
    email: str
    role: Role
    bodies: str
    expires: date
    ssh_key: str


@dataclass(frozen=True, slots=True)
class FormerKey:
    """Of a person who left, or has another key now: nothing counts by it, and records of then stay proved."""

    email: str
    ssh_key: str
    until: date
    """The last day of its use."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a service, as its manifest declares it."""

    version: str
    image: str
    schema_version: int
    """The number of the newest migration that this release needs."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a service and what a task of it gets."""

    name: str
    title_ja: str
    title_en: str
    cpu: int
    """CPU units, 1024 to a vCPU."""
    memory: int
    """MiB."""
    desired_count: int
    database_connections: int
    """Connections that one subscription's tasks may hold in all."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Which ways lead to a service: `public` from the internet, `staff` from LGWAN only.

    Each is a host name pattern with `{slug}`, `{code}` and `{domain}`, or None: no such route.
    """

    public: str | None
    staff: str | None
    port: int
    health_path: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A jointly procured service: `stacks/services/<name>/manifest.yaml`."""

    name: str
    folder: Path
    title_ja: str
    title_en: str
    releases: Mapping[str, Release]
    editions: Mapping[str, Edition]
    routes: Routes
    settings_schema: Mapping[str, JsonValue]
    """JSON Schema (2020-12) of a subscription's settings."""
    content_hash: str
    """SHA-256 over the folder's files that decide what is deployed."""


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """A service as the federation uses it. `release` is a target; the one on record moves apart."""

    name: str
    manifest: Manifest
    release: str
    default_edition: str | None
    default_settings: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Population:
    """Residents, with the day and the table that the figure is from."""

    count: int
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to. A section rather than a person, where the body prefers that."""

    section: str
    email: str
    phone: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """How many backups are kept: grandfather, father, son."""

    daily: int
    weekly: int
    monthly: int
    yearly: int
    second_region: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """One body's use of one service. Active on a day d where `start` ≤ d and (no `until` or d < `until`)."""

    service: str
    edition: str
    start: date
    until: date | None
    settings: Mapping[str, JsonValue]
    """Defaults of the manifest's schema, then of the service, then the body's own; validated."""

    def is_active(self, day: date) -> bool:
        """Whether the service runs on that day."""
        return self.start <= day and (self.until is None or day < self.until)

    def has_begun(self, day: date) -> bool:
        """Whether it was ever active up to that day; its data are kept from then on."""
        return self.start <= day


@dataclass(frozen=True, slots=True)
class Tenant:
    """A body 団体, keyed by its six-digit code."""

    code: str
    former_codes: tuple[str, ...]
    slug: str
    name: str
    kind: Kind
    population: Population | None
    contacts: tuple[Contact, ...]
    isolation: Isolation
    cell: str
    cidr: IPv4Network | None
    """Its own network; set exactly where `isolation` is not `application`."""
    lgwan: tuple[IPv4Network, ...]
    office: tuple[IPv4Network, ...]
    tier: str
    tags: Mapping[str, str]
    maintenance_window: MaintenanceWindow
    freezes: tuple[Freeze, ...]
    backup: BackupPolicy
    subscriptions: tuple[Subscription, ...]
    approvers: tuple[BodyApprover, ...]
    """Who approves its own slot for it."""

    def subscription(self, service: str) -> Subscription | None:
        """Its subscription of a service, or None."""
        return next((s for s in self.subscriptions if s.service == service), None)


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Registry:
    """The whole file, valid. `tenants` keeps the file's order."""

    path: Path
    sha256: str
    """Of the file's bytes."""
    federation: Federation
    sites: Mapping[str, Site]
    """Holds `sandbox` always, declared or not."""
    operators: tuple[Operator, ...]
    services: Mapping[str, ServiceTarget]
    tenants: tuple[Tenant, ...]
    cost_sharing: CostSharing | None
    operations: OperationSettings
    former_keys: tuple[FormerKey, ...] = ()
    sources_sha256: str = field(default="", compare=False)
    """Of the file's bytes and of what services' folders said when they were read with it."""

    def tenant(self, key: str) -> Tenant | None:
        """The body with this code, former code or slug, or None."""
        return next(
            (t for t in self.tenants if key in (t.code, t.slug) or key in t.former_codes), None
        )

    def cell(self, name: str) -> CellSpec:
        """The cell of this name; KeyError where the file was not validated."""
        for cell in self.federation.cells:
            if cell.name == name:
                return cell
        raise KeyError(name)
