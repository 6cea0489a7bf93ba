"""tenants.yaml as pydantic sees it: the boundary. Shapes and single values; what relates several
values is checked in `checks`. Descriptions, in both languages, end up in the JSON Schema for editors.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool

from moyai.registry.cost_file import CostSharingFile
from moyai.registry.file_words import (
    Account,
    Clock,
    Code,
    Day,
    Domain,
    Email,
    FilePart,
    FreeForm,
    MonthDay,
    Name,
    Network,
    Phone,
    Region,
    RoleArn,
    Slug,
    TagKey,
    TagValue,
    Version,
    WindowDay,
    whole,
)
from moyai.registry.models import Isolation, Kind, Role
from moyai.registry.operation_file import BodyApproverFile, OperationsFile


class NetworkFile(FilePart):
    """アドレスの範囲。互いに重ならないこと。 / Address pools, which must not overlap."""

    cells: Annotated[tuple[Network, ...], Field(min_length=1, max_length=20)] = Field(
        description="セル（共通基盤）の VPC を取る範囲。1 セルに /16 / pools for cells, a /16 each"
    )
    tenants: Annotated[tuple[Network, ...], Field(min_length=1, max_length=20)] = Field(
        description="network 分離の団体の VPC を取る範囲。1 団体に /20"
        " / pools for bodies' own networks, a /20 each"
    )


class CellFile(FilePart):
    """セル: 共通基盤の一組。 / One set of shared infrastructure."""

    name: Slug = Field(description="短い名前。例 a / a short name such as a")
    cidr: Network = Field(
        description="network.cells の中の /16。書いたら変えない"
        " / a /16 out of network.cells; never changed once written"
    )


class FederationFile(FilePart):
    """共同体: 事務局と参加団体。 / The secretariat and its bodies."""

    name: Name = Field(description="共同体の名称 / the federation's name")
    slug: Slug = Field(description="すべての資源名の頭 / begins every resource's name")
    prefecture: Name = Field(description="都道府県名 / the prefecture's name in Japanese")
    domain: Domain = Field(description="サービスの名前を作る域 / services' host names end with it")
    fiscal_year_start: MonthDay = Field(
        default="04-01", description="会計年度の初日 / first day of the fiscal year"
    )
    cost_centre: Name = Field(description="費用のタグに使う名前 / used in tags for costs")
    network: NetworkFile
    cells: Annotated[tuple[CellFile, ...], Field(min_length=1, max_length=50)] = Field(
        description="共通基盤。最初のセルが既定 / shared infrastructure; the first is the default"
    )


class SiteFile(FilePart):
    """拠点: AWS アカウント。sandbox は書かなくてよい。 / An AWS account; sandbox needs no entry."""

    account_id: Account = Field(description="AWS アカウント番号 / the account's number")
    region: Region = Field(default="ap-northeast-1", description="東京か大阪 / Tokyo or Osaka")
    backup_region: Region = Field(
        default="ap-northeast-3", description="控えを置くリージョン / where backups are copied to"
    )
    state_backend: str = Field(
        description="Pulumi の状態を置くバケット。s3://… / the bucket in which Pulumi keeps its state, s3://…"
    )
    secrets_provider: str = Field(
        description="状態の中の秘密を守る鍵。awskms://… / the key of the secrets in the state"
    )
    operations_database: str | None = Field(
        default=None,
        description="運用データの PostgreSQL。postgresql://…（パスワードは書かない）"
        " / PostgreSQL of the operations data, without a password",
    )
    database_sslmode: Literal["verify-full", "verify-ca", "require"] = Field(
        default="verify-full", description="libpq の sslmode / libpq's sslmode"
    )
    role_arn: RoleArn | None = Field(
        default=None, description="引き受けるロール / the role that Moyai assumes"
    )


class OperatorFile(FilePart):
    """事務局の担当者。 / A person of the secretariat."""

    name: Name = Field(description="氏名または担当名 / name or function")
    email: Email
    role: Role = Field(
        description="viewer 見る、operator 動かす、approver 承認する、auditor 監査する"
        " / what this person may do"
    )
    bodies: str = Field(
        default="all",
        max_length=1000,
        description="担当する団体の選択式。例 service:eapp-a and not kind:政令市"
        " / a selector of the bodies this person works for",
    )
    expires: Day = Field(description="権限の最終日 / last day of these rights")
    ssh_key: Annotated[str, Field(max_length=20_000)] = Field(
        description="承認に署名する鍵の公開鍵 / public key; approvals are signed with its other half"
    )


class FormerKeyFile(FilePart):
    """退いた人の鍵と、替える前の鍵。何も承認できない。監査記録の署名がだれのものだったかを示す。
    / The key of a person who left, or has another now. It approves nothing; it tells who signed then.
    """

    email: Email
    ssh_key: Annotated[str, Field(max_length=20_000)] = Field(description="公開鍵 / public key")
    until: Day = Field(description="使った最後の日 / the last day of its use")


class ServiceDefaultsFile(FilePart):
    """契約に書かれていないときの値。 / What a subscription has unless it says otherwise."""

    edition: Slug | None = Field(default=None, description="エディション / edition")
    settings: FreeForm = Field(default_factory=dict, description="設定 / settings")


class ServiceFile(FilePart):
    """共同調達したサービス。 / A jointly procured service."""

    manifest: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="マニフェストのフォルダー。省けば stacks/services/<名前>"
        " / the manifest's folder; stacks/services/<name> if left out",
    )
    release: Version = Field(
        description="目標のリリース。記録上のリリースは導入と一斉更新で動く"
        " / the target; the release on record moves by onboarding and upgrade"
    )
    defaults: ServiceDefaultsFile = Field(
        default_factory=ServiceDefaultsFile, description="契約に書かれていないときの値 / defaults"
    )


class PopulationFile(FilePart):
    """人口。基準日と出典を必ず添える。 / Residents, with the day and the table."""

    count: Annotated[int, whole(0, 20_000_000)] = Field(description="人 / persons")
    as_of: Day = Field(description="基準日 / as of this day")
    source: Name = Field(description="出典 / the table the figure is from")


class ContactFile(FilePart):
    """連絡先。 / Whom to write to."""

    section: Name = Field(description="課や係 / the section")
    email: Email
    phone: Phone | None = None
    name: Name | None = Field(
        default=None, description="担当者名（省いてよい） / a person, if wished"
    )


class WindowFile(FilePart):
    """作業してよい時間帯（日本時間）。 / When work may run, Asia/Tokyo."""

    days: Annotated[tuple[WindowDay, ...], Field(min_length=1, max_length=8)] = Field(
        description="始まる曜日。holiday は国民の祝日（振替休日を含む）"
        " / the days on which it begins; holiday: national holidays, substitutes included"
    )
    start: Clock = Field(description="始まる時刻 / when it begins")
    hours: Annotated[int, whole(1, 24)] = Field(description="長さ（時間） / its length in hours")


class FreezeFile(FilePart):
    """何も変えない期間。両端を含む。 / Days on which nothing may be changed, both included."""

    first: Day = Field(description="初日 / first day")
    last: Day = Field(description="最終日 / last day")
    reason: Name = Field(description="理由 / why")


class BackupFile(FilePart):
    """控えを残す数。 / How many backups are kept."""

    daily: Annotated[int, whole(1, 366)] = Field(default=35, description="日次 / daily")
    weekly: Annotated[int, whole(0, 520)] = Field(default=8, description="週次 / weekly")
    monthly: Annotated[int, whole(0, 240)] = Field(default=12, description="月次 / monthly")
    yearly: Annotated[int, whole(0, 50)] = Field(default=3, description="年次 / yearly")
    second_region: StrictBool = Field(
        default=True, description="別のリージョンにも置く / copies in the backup region too"
    )


class SubscriptionFile(FilePart):
    """契約: 1 団体が使う 1 サービス。 / One body's use of one service."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    service: Annotated[str, Field(max_length=100)] = Field(
        description="services に書いた名前 / a name out of `services`"
    )
    edition: Annotated[str, Field(max_length=100)] | None = Field(
        default=None,
        description="エディション。省けばサービスの既定 / edition; the service's default if left out",
    )
    start: Day = Field(alias="from", description="使い始める日 / first day of use")
    until: Day | None = Field(
        default=None,
        description="この日から使わない（データは残る） / first day without it; data are kept",
    )
    settings: FreeForm = Field(
        default_factory=dict,
        description="サービスの既定に重ねる設定 / settings on top of the service's defaults",
    )


class DefaultsFile(FilePart):
    """団体が自分で書かなければこの値になる。 / What a body has unless it says otherwise."""

    isolation: Isolation = Field(
        default=Isolation.APPLICATION,
        description="application 共通基盤、network 専用の VPC とデータベース"
        " / application: shared VPC and cluster; network: its own",
    )
    cell: Slug | None = Field(default=None, description="セル / cell")
    office: tuple[Network, ...] = Field(default=(), description="庁内の範囲 / office ranges")
    tier: Name = Field(default="standard", description="区分 / tier")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=30)] = Field(
        default_factory=dict, description="選択に使える印 / marks to select by"
    )
    maintenance_window: WindowFile = Field(
        default_factory=lambda: WindowFile(days=("sat", "sun"), start=time(22), hours=6),
        description="作業してよい時間帯。省けば土日の 22:00 から 6 時間"
        " / when work may run; Saturday and Sunday from 22:00 for 6 hours if left out",
    )
    freezes: tuple[FreezeFile, ...] = Field(default=(), description="凍結期間 / freezes")
    backup: BackupFile = Field(
        default_factory=BackupFile, description="控えを残す数 / how many backups are kept"
    )


class TenantFile(FilePart):
    """団体。 / A body."""

    code: Code = Field(
        description="全国地方公共団体コード 6 桁（引用符で囲む） / six digits, quoted"
    )
    former_codes: tuple[Code, ...] = Field(
        default=(), description="合併などの前のコード / codes before mergers"
    )
    slug: Slug = Field(description="英字の名前。サービスの URL に入る / part of services' URLs")
    name: Name = Field(description="一覧にあるとおりの名称 / as on the national list")
    kind: Kind = Field(description="種別 / kind")
    population: PopulationFile | None = Field(default=None, description="人口 / residents")
    contacts: tuple[ContactFile, ...] = Field(default=(), description="連絡先 / whom to write to")
    isolation: Isolation | None = Field(
        default=None,
        description="分離方式。省けば defaults のもの / isolation; of `defaults` if left out",
    )
    cell: Slug | None = Field(
        default=None, description="セル。省けば既定 / cell; the default if left out"
    )
    cidr: Network | None = Field(
        default=None,
        description="network 分離の団体の /20。moyai tenant add が選ぶ"
        " / a body's own /20 with network isolation; moyai tenant add chooses it",
    )
    lgwan: Annotated[tuple[Network, ...], Field(max_length=50)] = Field(
        default=(), description="職員が LGWAN から来る範囲 / where staff come from over LGWAN"
    )
    office: Annotated[tuple[Network, ...], Field(max_length=50)] | None = Field(
        default=None, description="庁内の範囲 / office ranges"
    )
    tier: Name | None = Field(default=None, description="区分 / tier")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=30)] = Field(
        default_factory=dict, description="選択に使える印 / marks to select by"
    )
    maintenance_window: WindowFile | None = Field(
        default=None, description="作業してよい時間帯 / when work may run"
    )
    freezes: tuple[FreezeFile, ...] | None = Field(
        default=None,
        description="凍結期間。書けば defaults のものに代わる / freezes, in place of the defaults'",
    )
    backup: BackupFile | None = Field(
        default=None,
        description="書いた項目だけ defaults に代わる / only what is written replaces defaults",
    )
    approvers: Annotated[tuple[BodyApproverFile, ...], Field(max_length=50)] = Field(
        default=(),
        description="自分の団体の作業を承認する、団体の側の人 / people of the body who approve its slot",
    )
    services: tuple[SubscriptionFile, ...] = Field(default=(), description="契約 / subscriptions")


class RegistryFile(FilePart):
    """共同体とその団体、サービスの宣言。 / A federation, its bodies and their services."""

    federation: FederationFile
    sites: dict[Slug, SiteFile] = Field(
        default_factory=dict, description="拠点。sandbox は要らない / sites; sandbox needs none"
    )
    operators: tuple[OperatorFile, ...] = Field(default=(), description="担当者 / people")
    former_keys: Annotated[tuple[FormerKeyFile, ...], Field(max_length=2000)] = Field(
        default=(),
        description="退いた人の鍵と、替える前の鍵 / keys of people who left, and keys that were replaced",
    )
    services: dict[Slug, ServiceFile] = Field(description="共同調達したサービス / services")
    defaults: DefaultsFile = Field(
        default_factory=DefaultsFile, description="団体の既定値 / what bodies have by default"
    )
    tenants: tuple[TenantFile, ...] = Field(description="団体 / bodies")
    cost_sharing: CostSharingFile | None = Field(
        default=None, description="負担金の按分規則 / the rules by which costs are shared"
    )
    operations: OperationsFile | None = Field(
        default=None, description="一斉作業の進め方 / how work on many bodies goes"
    )
