"""tenants.yaml as pydantic sees it: the boundary. Shapes and single values; what relates several
values is checked in `checks`. Field descriptions end up in the JSON Schema that editors use.
"""

from __future__ import annotations

import re
from datetime import date, time
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticCustomError

from moyai.registry.models import Isolation, Kind, Role

_DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?\Z")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_PHONE = re.compile(r"\+?[0-9]([0-9-]{5,14})[0-9]\Z")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\Z")
_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_TAG = re.compile(r"[\w .:/=+@-]{1,128}\Z")


def _fits(pattern: re.Pattern[str], kind: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.match(value):
            raise PydanticCustomError(kind, "{value}", {"value": value})
        return value

    return AfterValidator(check)


def _code(value: object) -> object:
    """A six-digit number is taken for its digits; with fewer, zeros were lost on the way."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 100_000 <= value <= 999_999:
            return str(value)
        raise PydanticCustomError("moyai_code_number", "{value}", {"value": value})
    return value


def _network(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("moyai_network", "{value}", {"value": value})
    try:
        return IPv4Network(value)
    except ValueError:
        pass
    try:
        meant = IPv4Network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("moyai_network", "{value}", {"value": value}) from None
    raise PydanticCustomError(
        "moyai_host_bits", "{value} {meant}", {"value": value, "meant": str(meant)}
    )


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == len("2026-04-01"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("moyai_date", "{value}", {"value": value})


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        if isinstance(value, str) and len(value) == len("22:00"):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("moyai_time", "{value}", {"value": value})


Code = Annotated[str, BeforeValidator(_code)]
Slug = Annotated[str, _fits(_DNS_LABEL, "moyai_slug")]
Network = Annotated[IPv4Network, BeforeValidator(_network, json_schema_input_type=str)]
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
Clock = Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)]
Email = Annotated[str, _fits(_EMAIL, "moyai_email")]
Phone = Annotated[str, _fits(_PHONE, "moyai_phone")]
Version = Annotated[str, _fits(_VERSION, "moyai_version")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Region = Literal["ap-northeast-1", "ap-northeast-3"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TagWord = Annotated[str, _fits(_TAG, "moyai_tag")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkFile(_Part):
    """Address pools."""

    cells: Annotated[tuple[Network, ...], Field(min_length=1)] = Field(
        description="セル（共通基盤）のVPCを取る範囲 / pool for cells, a /16 each"
    )
    tenants: Annotated[tuple[Network, ...], Field(min_length=1)] = Field(
        description="network分離の団体のVPCを取る範囲 / pool for bodies' own networks, a /20 each"
    )


class CellFile(_Part):
    """One set of shared infrastructure."""

    name: Slug
    cidr: Network = Field(description="/16、network.cells の中 / a /16 out of network.cells")


class FederationFile(_Part):
    """The secretariat and its bodies."""

    name: Name
    slug: Slug = Field(description="すべての資源名の頭 / begins every resource's name")
    prefecture: Name
    domain: Annotated[str, _fits(_DOMAIN, "moyai_domain")]
    fiscal_year_start: Annotated[str, _fits(_MONTH_DAY, "moyai_month_day")] = "04-01"
    cost_centre: Name
    network: NetworkFile
    cells: Annotated[tuple[CellFile, ...], Field(min_length=1)]


class SiteFile(_Part):
    """Where Moyai runs, in an AWS account. The sandbox needs no entry."""

    account_id: Annotated[str, _fits(_ACCOUNT, "moyai_account")]
    region: Region = "ap-northeast-1"
    backup_region: Region = "ap-northeast-3"
    state_backend: str = Field(description="s3://… または file://…")
    secrets_provider: str = Field(description="awskms://…")
    operations_database: str | None = Field(
        None, description="postgresql://… パスワードは書かない / without a password"
    )
    database_sslmode: Literal["verify-full", "verify-ca", "require"] = "verify-full"
    role_arn: str | None = None


class OperatorFile(_Part):
    """A person of the secretariat."""

    name: Name
    email: Email
    role: Role
    bodies: str = Field("all", description="選択式 / a selector")
    expires: Day
    ssh_key: str


class ServiceDefaultsFile(_Part):
    """What a subscription of a service has unless it says otherwise."""

    edition: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class ServiceFile(_Part):
    """A jointly procured service."""

    manifest: str | None = Field(
        None, description="stacks/services/<name> でなければ / if elsewhere"
    )
    release: Version = Field(description="目標の版。記録上の版は一斉更新で動く / the target")
    defaults: ServiceDefaultsFile = ServiceDefaultsFile()


class PopulationFile(_Part):
    """Residents, with the day and the table."""

    count: Annotated[int, Field(strict=True, ge=0, le=20_000_000)]
    as_of: Day
    source: Name


class ContactFile(_Part):
    """Whom to write to."""

    section: Name
    email: Email
    phone: Phone | None = None
    name: Name | None = None


class WindowFile(_Part):
    """Maintenance window, Asia/Tokyo."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    start: Clock
    hours: Annotated[int, Field(strict=True, ge=1, le=24)]


class FreezeFile(_Part):
    """Days on which nothing may be changed, both included."""

    first: Day
    last: Day
    reason: Name


class BackupFile(_Part):
    """How many backups are kept."""

    daily: Annotated[int, Field(strict=True, ge=1, le=366)] = 35
    weekly: Annotated[int, Field(strict=True, ge=0, le=520)] = 8
    monthly: Annotated[int, Field(strict=True, ge=0, le=240)] = 12
    yearly: Annotated[int, Field(strict=True, ge=0, le=50)] = 3
    second_region: StrictBool = True


class SubscriptionFile(_Part):
    """One body's use of one service. `until` is the first day without it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    service: str
    edition: str | None = None
    start: Day = Field(alias="from")
    until: Day | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class DefaultsFile(_Part):
    """What a body has unless it says otherwise."""

    isolation: Isolation = Isolation.APPLICATION
    cell: Slug | None = None
    office: tuple[Network, ...] = ()
    tier: Name = "standard"
    tags: dict[TagWord, TagWord] = Field(default_factory=dict)
    maintenance_window: WindowFile = WindowFile(days=("sat", "sun"), start=time(22), hours=6)
    freezes: tuple[FreezeFile, ...] = ()
    backup: BackupFile = BackupFile()


class TenantFile(_Part):
    """A body 団体."""

    code: Code = Field(description="全国地方公共団体コード6桁 / six-digit code")
    former_codes: tuple[Code, ...] = Field((), description="合併前のコード / codes before mergers")
    slug: Slug
    name: Name
    kind: Kind
    population: PopulationFile | None = None
    contacts: tuple[ContactFile, ...] = ()
    isolation: Isolation | None = None
    cell: Slug | None = None
    cidr: Network | None = None
    lgwan: tuple[Network, ...] = ()
    office: tuple[Network, ...] | None = None
    tier: Name | None = None
    tags: dict[TagWord, TagWord] = Field(default_factory=dict)
    maintenance_window: WindowFile | None = None
    freezes: tuple[FreezeFile, ...] | None = None
    backup: BackupFile | None = None
    services: tuple[SubscriptionFile, ...] = ()


class RegistryFile(_Part):
    """tenants.yaml."""

    federation: FederationFile
    sites: dict[Slug, SiteFile] = Field(default_factory=dict)
    operators: tuple[OperatorFile, ...] = ()
    services: dict[Slug, ServiceFile]
    defaults: DefaultsFile = DefaultsFile()
    tenants: tuple[TenantFile, ...]
    cost_sharing: dict[str, Any] | None = Field(
        None, description="負担金の按分規則 / cost sharing rules"
    )
