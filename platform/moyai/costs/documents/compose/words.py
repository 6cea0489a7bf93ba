"""The words of documents, in the field's terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction

from moyai.costs.apportion.allocation import Line, LineKind, PartShare, PayerKind, PoolAccount
from moyai.costs.apportion.inputs import Rate
from moyai.costs.documents.written import day, signed, trimmed
from moyai.costs.statements.statement import Basis
from moyai.costs.statements.titles import late_title, late_words
from moyai.registry.cost_rules import Bearer, Rounding, RuleSet, ShareBy, Treatment
from moyai.texts import Lang, Text, same

LINES: Mapping[LineKind, Text] = {
    LineKind.DIRECT: Text("直接負担", "Direct"),
    LineKind.FIXED: Text("定額", "Fixed amount"),
    LineKind.BASE_FEE: Text("基本料", "Base fee"),
    LineKind.SHARE: Text("按分額", "Share"),
    LineKind.JOINING_FEE: Text("加入金", "Joining fee"),
    LineKind.LEAVING_FEE: Text("脱退金", "Leaving fee"),
    LineKind.FEE_RELIEF: Text("加入金・脱退金の充当", "Relief by joining and leaving fees"),
    LineKind.REMAINDER: Text("端数調整", "Rounding adjustment"),
    LineKind.SUBSIDY: Text("補助金の充当", "Subsidy"),
    LineKind.SETTLEMENT: Text("精算額", "Settlement"),
    LineKind.LATE: Text("直接負担（閉鎖した期間の追加分）", "Direct, of closed periods"),
}
SHARES: Mapping[ShareBy, Text] = {
    ShareBy.EQUAL: Text("均等割", "Equal share"),
    ShareBy.POPULATION: Text("人口割", "Population share"),
    ShareBy.USAGE: Text("従量分", "Metered share"),
    ShareBy.DIRECT: Text("直接負担割", "By direct cost"),
    ShareBy.PERCENT: Text("負担率割", "By set percent"),
}
METHODS: Mapping[Rounding, Text] = {
    Rounding.FLOOR: Text("切捨て", "rounded down"),
    Rounding.HALF_UP: Text("四捨五入", "rounded to the nearest"),
    Rounding.CEILING: Text("切上げ", "rounded up"),
}
PAYERS: Mapping[PayerKind, Text] = {
    PayerKind.BODY: Text("団体", "Body"),
    PayerKind.SUBSIDY: Text("補助金", "Subsidy"),
    PayerKind.CARRY: Text("翌期へ繰越", "Carried to the next period"),
}
STATEMENT = Text("負担金内訳書", "Statement of contributions")
REQUEST = Text("負担金請求書", "Request for payment of a contribution")
REFUND = Text("負担金還付通知書", "Notice of a refund of a contribution")
OVERVIEW = Text("負担金総括表", "Overview of contributions")
TOTAL = Text("合計", "Total")
YEN = Text("金額（円）", "Yen")
TAX = Text("消費税額", "Consumption tax")
TAX_DIFFERENCE = Text("消費税の端数調整", "Adjustment of rounded tax")
CONTRIBUTION = Text("負担金", "Contribution")
PROVISIONAL = Text("未確定", "provisional")
_NOT_CLOSED = Text(
    "未確定: この期間はまだ締めていません。金額は変わることがあります。",
    "Provisional: the month is not closed. Amounts may change.",
)
_LEAVES_COST = Text(
    "未配分の費用あり: 負担する団体が決まっていない費用があります。",
    "Some cost is unallocated: nobody bears it yet.",
)


def line_words(line: Line) -> Text:
    """What a line is called; of what came late with the month that it is of."""
    if line.kind is LineKind.LATE and line.settled is not None:
        title = late_title(line.settled)
        return Text(f"直接負担（{title.ja}）", f"Direct: {late_words(line.settled).en}")
    return LINES[line.kind]


def provisional(basis: Basis, *, leaves_cost: bool) -> tuple[Text, ...]:
    """What papers of a period that is open say before all else; nothing of a closed one."""
    if basis.closed:
        return ()
    return (_NOT_CLOSED, _LEAVES_COST) if leaves_cost else (_NOT_CLOSED,)


def part(share: PartShare, power: Fraction, lang: Lang) -> str:
    """What a part is shared by: 従量分（requests）, 人口割（0.585乗）."""
    words = SHARES[share.by]
    if share.driver is not None:
        return about(words, same(share.driver)).of(lang)
    if share.by is ShareBy.POPULATION and power != 1:
        shown = percents(power)
        return about(words, Text(f"{shown}乗", f"to the power {shown}")).of(lang)
    return words.of(lang)


def rate(found: Rate) -> Text:
    """A rate of the tax: 10 %対象."""
    if found is None:
        return Text("税率の区分なし", "no rate")
    percent = percents(found)
    return Text(f"{percent}%対象", f"at {percent} %")


def about(what: Text, which: Text) -> Text:
    """A title with what it is of in brackets."""
    return Text(f"{what.ja}（{which.ja}）", f"{what.en} ({which.en})")


def numbered(at: int, title: Text, lang: Lang) -> str:
    """A section's heading."""
    return f"{at}　{title.ja}" if lang == "ja" else f"{at}  {title.en}"


def percents(value: Fraction) -> str:
    """A percent without its sign."""
    return trimmed(signed(value, "en", 4))


def rounding(rules: RuleSet, names: Mapping[str, str]) -> Text:
    """To which unit, how, and who bears the rest."""
    rule = rules.rounding
    bearer = _bearer(rule.bearer, rule.lead, names)
    method = METHODS[rule.method]
    return Text(
        f"{rule.unit:,}円未満{method.ja}、残額は{bearer.ja}",
        f"{method.en} to ¥{rule.unit:,}; the rest: {bearer.en}",
    )


def treatment(rules: RuleSet, names: Mapping[str, str]) -> Text:
    """What contributions are under the tax."""
    rule = rules.tax
    if rule.treatment is Treatment.OUTSIDE_SCOPE:
        return Text(
            "不課税（支払った消費税は費用に含む）", "outside the tax's scope; tax paid is cost"
        )
    bearer = _bearer(rule.difference, rule.lead, names)
    method = METHODS[rule.method]
    return Text(
        f"課税（税率ごとに1回{method.ja}、差額は{bearer.ja}）",
        f"taxable; {method.en} once for each rate; the difference: {bearer.en}",
    )


def before_tax(rules: RuleSet) -> Text:
    """The sum that tax is added to: net amounts, or cost with its tax beside settlements of taxable months."""
    if rules.tax.treatment is Treatment.OUTSIDE_SCOPE:
        return Text("消費税を加える前の計", "Total before the tax below")
    return Text("税抜計", "Total before tax")


WITH_TAX = Text("税込", "with tax")


def net(rules: RuleSet) -> Text:
    """What amounts are that tax is added to, as `before_tax`."""
    if rules.tax.treatment is Treatment.OUTSIDE_SCOPE:
        return Text("消費税を加える前", "before the tax beside it")
    return Text("税抜", "before tax")


def in_yen(what: Text, mark: Text | None) -> Text:
    """A title of amounts in yen: 負担金（税込・円）. `mark`: what they are under the tax; None where
    there is none beside amounts."""
    if mark is None:
        return about(what, Text("円", "yen"))
    return about(what, Text(f"{mark.ja}・円", f"yen {mark.en}"))


def marked(what: Text, mark: Text | None) -> Text:
    """The same of amounts whose table or frame says that they are yen."""
    return what if mark is None else about(what, mark)


def span(rules: RuleSet) -> Text:
    """The days on which a rule set holds."""
    ja, en = f"{day(rules.start, 'ja')}から", f"from {day(rules.start, 'en')}"
    if rules.until is not None:
        last = rules.until - timedelta(days=1)
        ja, en = f"{ja}{day(last, 'ja')}まで", f"{en} to {day(last, 'en')}"
    return Text(ja, en)


def population(rules: RuleSet) -> Text:
    """The edition of the reference population."""
    edition = rules.population
    if edition.as_of is None and edition.source is None:
        return Text("団体の登録人口", "as registered for each body")
    source = edition.source or ""
    if edition.as_of is None:
        return same(source)
    ja, en = f"{day(edition.as_of, 'ja')}現在", day(edition.as_of, "en")
    return about(Text(ja, en), same(source)) if source else Text(ja, en)


def _bearer(bearer: Bearer, lead: str | None, names: Mapping[str, str]) -> Text:
    if bearer is Bearer.LARGEST_REMAINDER:
        return Text("端数の大きい団体から順に1単位ずつ", "a unit each by largest remainder")
    if bearer is Bearer.CARRY:
        return Text("翌期へ繰越", "carried to the next period")
    name = same(names.get(lead or "", lead or ""))
    return Text(f"幹事団体（{name.ja}）", f"the lead body ({name.en})")


def reduced(by_rule: int, account: PoolAccount) -> Text:
    """Behind a fixed amount or base fee that was reduced: how, for whoever checks it by hand."""
    of = f"{account.shared:,} / {account.set_by_rule:,}"
    return Text(f"（規則の {by_rule:,} 円 × {of}）", f" ({by_rule:,} by the rule × {of})")
