"""`cost_sharing` as pydantic sees it: the boundary. Shapes and single values; what relates several
values is checked in `check_costs`, what they become is in `cost_rules`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool

from moyai.registry.cost_rules import (
    Bearer,
    Prorating,
    Rounding,
    ShareBy,
    SubsidyWhen,
    Treatment,
    WhenZero,
)
from moyai.registry.cost_words import (
    BodysValue,
    Column,
    Percent,
    PercentOrZero,
    Power,
    RegistrationNumber,
    Unit,
    Usd,
    Values,
    Yen,
)
from moyai.registry.file_words import Code, Day, FilePart, MonthDay, Name, Slug, whole

_MOST_BODIES = 2_000

Selector = Annotated[str, Field(max_length=1000)]
Where = Annotated[dict[Column, Values], Field(max_length=10)]
YenByBody = Annotated[dict[Code, Yen], Field(max_length=_MOST_BODIES)]


class IssuerFile(FilePart):
    """負担金の請求者。 / Who sends the requests."""

    name: Name = Field(description="名称 / name")
    registration_number: RegistrationNumber | None = Field(
        default=None,
        description="適格請求書発行事業者の登録番号（T と 13 桁） / T and 13 digits, where registered",
    )
    contact: Name | None = Field(default=None, description="問合せ先 / whom to ask")
    bank: Name | None = Field(default=None, description="振込先 / the account to pay to")


class InstalmentsFile(FilePart):
    """分割納付。 / Payment in parts."""

    days: Annotated[tuple[MonthDay, ...], Field(min_length=1, max_length=12)] = Field(
        description='納期限の月日。休日なら前の平日。例 ["05-08", "08-08"]'
        " / months and days; earlier where one is a holiday"
    )
    above: Yen = Field(
        default=0,
        description="この額（円）を超える請求だけを分ける。以下なら最初の日に全額"
        " / yen; a request up to it is paid whole on the first of the days",
    )


class AwsBudgetFile(FilePart):
    """AWS Budgets に作る予算。 / The budget that AWS watches."""

    monthly_usd: Usd = Field(
        description="AWS の請求の月額（米ドル）。タグで絞った分 / what AWS may bill a month, in US dollars"
    )


class BudgetFile(FilePart):
    """予算。団体・サービスを省けば、そのすべて。 / A budget; all bodies, all services if left out."""

    fiscal_year: Annotated[int, whole(2000, 2199)] = Field(
        description="会計年度（始まる年） / the calendar year in which it begins"
    )
    body: Code | None = Field(default=None, description="団体のコード / a body's code")
    service: Slug | None = Field(default=None, description="サービス / a service")
    amount: Yen = Field(description="円 / yen")
    committed: StrictBool = Field(
        default=False, description="債務負担行為か / a commitment that binds the year"
    )
    warn_percent: Percent = Field(
        default=90,
        validate_default=True,
        description="予算の何 % で知らせるか / warn at so many percent",
    )
    aws: AwsBudgetFile | None = Field(
        default=None,
        description="AWS Budgets にも作る。請求がその会計年度の月額に近づくと、警報のトピックに知らせる"
        " / an AWS budget too, which tells the topic of alarms in the months of that fiscal year",
    )


class PopulationRuleFile(FilePart):
    """基準人口。 / The reference population."""

    as_of: Day = Field(description="基準日 / as of this day")
    source: Name = Field(description="出典 / the table that the figures are from")
    counts: Annotated[
        dict[Code, Annotated[int, whole(0, 20_000_000)]], Field(max_length=_MOST_BODIES)
    ] = Field(
        default_factory=dict,
        description="コード → 人。書いた団体は tenants の人口の代わりにこれによる"
        " / code → residents, in place of the bodies' own",
    )


class RoundingFile(FilePart):
    """端数。 / Rounding."""

    unit: Unit = Field(default=1, description="単位（円）: 1、10、100、1000 / unit in yen")
    method: Rounding = Field(
        default=Rounding.FLOOR,
        description="floor 切捨て、half_up 四捨五入、ceiling 切上げ / how a share is rounded",
    )
    bearer: Bearer = Field(
        default=Bearer.LARGEST_REMAINDER,
        description="残りを負う者。largest_remainder 切り捨てられた額の大きい団体から 1 単位ずつ、"
        "lead 幹事団体、carry 翌期へ繰越し / who bears what is left",
    )
    lead: Code | None = Field(
        default=None,
        description="幹事団体。bearer: lead のときだけ / the lead body, with `lead` only",
    )


class TaxFile(FilePart):
    """負担金の消費税。 / The consumption tax on contributions."""

    treatment: Treatment = Field(
        default=Treatment.OUTSIDE_SCOPE,
        description="outside_scope 不課税、taxable 課税 / whether contributions are taxable",
    )
    method: Rounding = Field(
        default=Rounding.FLOOR,
        description="税の端数。税率と請求ごとに一度 / how the tax is rounded, once a rate and request",
    )
    difference: Bearer = Field(
        default=Bearer.LARGEST_REMAINDER,
        description="全体の税と各団体の税の和との差を負う者 / who bears the difference to the whole's tax",
    )
    lead: Code | None = Field(
        default=None,
        description="幹事団体。difference: lead のときだけ / the lead body, with `lead` only",
    )


class DirectFile(FilePart):
    """1 団体がそのまま負う費用。 / Rows that one body bears whole."""

    name: Name = Field(description="規則の名前 / the rule's name")
    where: Where = Field(
        default_factory=dict,
        description="どの行か。列 → 値。省けばすべて / column → values; all rows",
    )
    column: Column = Field(
        description="団体を表す列。例 Tags.moyai:tenant / the column that says which body"
    )
    bodies: Annotated[dict[BodysValue, Code], Field(max_length=20_000)] = Field(
        default_factory=dict,
        description="列の値 → コード。コード、旧コード、slug そのものなら書かなくてよい"
        " / value → code; codes, former codes and slugs need no entry",
    )


class ShareFile(FilePart):
    """按分の一部分。 / One part of how a pool is shared."""

    by: ShareBy = Field(
        description="equal 均等割、population 人口割、usage 従量分、direct 直接負担額の比、"
        "percent 決めた割合 / in proportion to what"
    )
    percent: Percent = Field(
        default=100,
        validate_default=True,
        description="全体の何 %。合わせて 100 / of the whole; together they make 100",
    )
    power: Power | None = Field(
        default=None,
        description="人口の何乗に比例するか（逓減）。例 0.585 / the population to this power",
    )
    driver: Name | None = Field(
        default=None, description="従量分の基準。例 requests / what usage is measured by"
    )
    percents: Annotated[dict[Code, PercentOrZero], Field(max_length=_MOST_BODIES)] | None = Field(
        default=None, description="コード → %。合わせて 100 / code → percent; together 100"
    )
    when_zero: WhenZero = Field(
        default=WhenZero.UNALLOCATED,
        description="基準がすべて 0 のとき。equal 均等、population 人口、other_parts ほかの部分の割合、"
        "unallocated 未配分として示す / what to do where all weights are zero",
    )


class SubsidyFile(FilePart):
    """補助金など。 / Money from elsewhere."""

    name: Name = Field(description="名称。内訳書に出る / its name on statements")
    when: SubsidyWhen = Field(
        description="before 按分の前に引く、after 各団体の額から引く / before or after sharing"
    )
    percent: Percent | None = Field(
        default=None, description="割合。amount とどちらか / percent, or …"
    )
    amount: Yen | None = Field(
        default=None,
        description="円。after なら 1 団体の額 / … yen; each body's, where it is `after`",
    )
    bodies: Selector | None = Field(
        default=None, description="after の対象の選択式。省けばすべて / whose shares (`after`)"
    )


class FlowFile(FilePart):
    """ほかの区分へ移す部分。 / What flows into another pool."""

    pool: Name = Field(description="移す先の区分の名前 / the other pool's name")
    percent: Percent = Field(description="この区分の何 % / of what this pool has")


class PoolFile(FilePart):
    """参加団体で分ける費用の区分。 / Costs that members share."""

    name: Name = Field(description="区分の名前 / the pool's name")
    title: Name | None = Field(
        default=None,
        description="内訳書に出す名称。省けば name / on statements; the name if left out",
    )
    where: Where | None = Field(
        default=None,
        description="どの行か。列 → 値。末尾の * は続きが何でもよい、null は値なし。{} は残りすべて、"
        "省けばほかの区分から移ったものだけ / column → values; {}: all that is left, absent: inflows only",
    )
    service: Slug | None = Field(
        default=None,
        description="サービス。使っている団体が使っている日数で参加する / its users are the members",
    )
    members: Selector = Field(
        default="all", description="参加団体の選択式 / a selector of the members"
    )
    prorating: Prorating = Field(
        default=Prorating.DAYS,
        description="途中の参加。days 日割り、month 1 日でもいれば 1 か月 / by days, or whole months",
    )
    base_fee: Yen = Field(
        default=0, description="基本料。1 団体 1 か月の円 / yen a member and month"
    )
    fixed: YenByBody = Field(
        default_factory=dict, description="定額の団体。コード → 円 / code → yen in place of a share"
    )
    minimum: Yen | None = Field(default=None, description="1 団体の下限（円） / least, yen")
    maximum: Yen | None = Field(default=None, description="1 団体の上限（円） / most, yen")
    joining_fee: Yen = Field(default=0, description="加入した月の負担（円） / yen on joining")
    leaving_fee: Yen = Field(default=0, description="脱退した月の負担（円） / yen on leaving")
    shares: Annotated[tuple[ShareFile, ...], Field(max_length=20)] = Field(
        default=(), description="按分。percent の和は 100 / how it is shared; percents make 100"
    )
    subsidies: Annotated[tuple[SubsidyFile, ...], Field(max_length=20)] = Field(
        default=(), description="補助金など / money from elsewhere"
    )
    flows_into: Annotated[tuple[FlowFile, ...], Field(max_length=100)] = Field(
        default=(), description="ほかの区分へ移す部分 / what flows into other pools"
    )


class ProposalFile(FilePart):
    """提案中の規程。 / Rules that are proposed: costs are never shared by them."""

    name: Name = Field(description="規程の名前 / its name")
    agreed: Name | None = Field(
        default=None, description="どこでいつ決めたか / by whom and when it was agreed"
    )
    population: PopulationRuleFile | None = Field(
        default=None, description="基準人口。省けば tenants の人口 / the bodies' own if left out"
    )
    rounding: RoundingFile = Field(default_factory=RoundingFile, description="端数 / rounding")
    tax: TaxFile = Field(default_factory=TaxFile, description="消費税 / the consumption tax")
    direct: Annotated[tuple[DirectFile, ...], Field(max_length=50)] = Field(
        default=(), description="先に当てる直接負担の規則 / direct rules, which come first"
    )
    pools: Annotated[tuple[PoolFile, ...], Field(max_length=100)] = Field(
        default=(), description="分ける費用の区分。上から当てる / pools, in this order"
    )


class RuleSetFile(ProposalFile):
    """ある期間の規程。 / What an assembly agreed on, for a span of time."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    start: Day = Field(alias="from", description="最初の日 / first day")
    until: Day | None = Field(
        default=None, description="この日から使わない / first day on which it no longer holds"
    )


class CostSharingFile(FilePart):
    """負担金の按分規則。 / The rules by which costs are shared."""

    issuer: IssuerFile = Field(description="請求者 / who sends the requests")
    instalments: InstalmentsFile | None = Field(
        default=None, description="分割納付 / payment in parts"
    )
    budgets: Annotated[tuple[BudgetFile, ...], Field(max_length=10_000)] = Field(
        default=(), description="予算 / budgets"
    )
    rule_sets: Annotated[tuple[RuleSetFile, ...], Field(min_length=1, max_length=50)] = Field(
        description="規程。期間が重ならないこと / rule sets, whose spans do not overlap"
    )
    proposals: Annotated[tuple[ProposalFile, ...], Field(max_length=50)] = Field(
        default=(),
        description="提案中の規程。期間はない。按分には使わず、比べるだけ"
        " / rules that are proposed: without dates, for comparing only",
    )
