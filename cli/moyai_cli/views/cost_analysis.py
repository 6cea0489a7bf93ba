"""What costs would come to otherwise, and later: tables for people, documents for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import typer

from moyai.costs.analysis.compare import Blend, Change, Key
from moyai.costs.analysis.outlook import BudgetOutlook, Outlook, Series
from moyai.costs.record import plain
from moyai.operations.cost_analysis import Blended, Foreseen, Repriced, Sensitive
from moyai.operations.cost_export import Exported
from moyai.registry.cost_rules import Budget, ShareBy
from moyai.texts import Text, counted, same
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing, show_json, show_line
from moyai_cli.views.cost_taxes import tax_sentence, taxes_shown

METHODS: Mapping[str, str] = {
    "last": say("直近の月", "the last month"),
    "mean_of_three": say("直近3か月の平均", "mean of three months"),
    "trend": say("直線の傾向", "straight line"),
    "season": say("前年同月", "the same month a year before"),
}


def show_exported(made: Exported, output: Output) -> None:
    """The file, and what its rows sum to."""
    one = made.reckoned.allocation
    taxes = taxes_shown(made.reckoned)
    record = {
        "file": str(made.written.path),
        "focus_version": made.version.value,
        "rows": made.rows,
        "jpy": one.allocated_jpy + one.unallocated_jpy,
        "unallocated_jpy": one.unallocated_jpy,
        "sha256": made.written.sha256,
    }
    columns = [
        Column("file", say("ファイル", "file")),
        Column("focus_version", "FOCUS"),
        Column("rows", say("行", "rows"), is_number=True),
        Column(
            "jpy",
            say("合計（円）", "yen")
            if taxes is None
            else say("合計（円、税抜）", "yen before tax"),
            is_number=True,
        ),
        Column("unallocated_jpy", say("負担者なし", "unallocated"), is_number=True),
        Column("sha256", "sha256"),
    ]
    listing([record], columns, output)
    if output is Output.TABLE and taxes is not None:
        show_line(tax_sentence(taxes))


def show_blends(made: Blended, show: int, output: Output) -> None:
    """Those that hold, the nearest first; where none does, the nearest of all, and that it does not."""
    found = made.search.found[:show]
    nearest = made.search.nearest
    if output is Output.TABLE:
        keys = ", ".join(_key(key) for key in made.keys)
        typer.echo(
            say(f"鍵: {keys}（{made.step} % 刻み）", f"keys: {keys}, in steps of {made.step} %")
        )
        typer.echo(_blends_in_words(made))
    shown = found or (() if nearest is None else (nearest,))
    columns = [
        Column("holds", say("範囲内", "holds")),
        Column("blend", say("配合", "blend")),
        Column("worst_percent", say("最大の差（%）", "most, %")),
        Column("worst_code", say("コード", "code")),
        Column("worst_name", say("その団体", "which body")),
    ]
    if shown or output is not Output.TABLE:
        listing([_blend(one, made, output) for one in shown], columns, output)


def show_repriced(made: Repriced, output: Output) -> None:
    """Every body with and without those that join."""
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("joins", say("加入", "joins")),
        Column("before_jpy", say("今（円）", "now"), is_number=True),
        Column("after_jpy", say("加入後（円）", "joined"), is_number=True),
        Column("difference_jpy", say("差（円）", "difference"), is_number=True),
        Column("joining_fee_jpy", say("うち加入金", "joining fee"), is_number=True),
    ]
    joins = say("○", "yes") if output is Output.TABLE else True
    records = [
        {
            "code": one.code,
            "name": made.names.get(one.code, ""),
            "joins": joins
            if one.code in made.joining
            else ("" if output is Output.TABLE else False),
            "before_jpy": one.before,
            "after_jpy": one.after,
            "difference_jpy": one.difference,
            "joining_fee_jpy": made.fees.get(one.code, 0),
        }
        for one in made.changes
    ]
    listing(records, columns, output)
    if output is Output.TABLE:
        _who_gains(made.changes, made.names)
        typer.echo(
            say(
                "費用の明細は今のままです。加わる団体の利用による増加は含みません。",
                "The rows are those on record: what those that join would use is not in them.",
            )
        )


def show_sensitive(made: Sensitive, output: Output) -> None:
    """A line for the federation, then one for each body."""
    if output is Output.TABLE:
        show_line(_present_rates(made))
    keys = [f"jpy_at_{one.rate:f}" for one in made.others]
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("present_jpy", say("今（円）", "now"), is_number=True),
        *[
            Column(
                key,
                say(
                    f"1 {made.currency} = {one.rate:f} 円なら",
                    f"at {one.rate:f} JPY/{made.currency}",
                ),
                is_number=True,
            )
            for key, one in zip(keys, made.others, strict=True)
        ],
    ]
    total = {
        "code": "",
        "name": say("合計", "all"),
        "present_jpy": sum(made.present.values()),
        **{key: one.total for key, one in zip(keys, made.others, strict=True)},
    }
    codes = sorted({*made.present, *(code for one in made.others for code in one.amounts)})
    bodies = [
        {
            "code": code,
            "name": made.names.get(code, ""),
            "present_jpy": made.present.get(code, 0),
            **{key: one.amounts.get(code, 0) for key, one in zip(keys, made.others, strict=True)},
        }
        for code in codes
    ]
    listing([total, *bodies], columns, output)


def _present_rates(made: Sensitive) -> str:
    """Each invoice's, as there may be several issuers."""
    rates = [
        (f"{float(one.rate):,.2f}", f"{one.issuer} {one.number}") for one in made.present_rates
    ]
    ja = "、".join(f"{rate} 円（{of}）" for rate, of in rates)
    en = ", ".join(f"{rate} yen ({of})" for rate, of in rates)
    return say(
        f"{made.period}: 今の {made.currency} は {ja}",
        f"{made.period}: {made.currency} is at {en}",
    )


def show_foreseen(made: Foreseen, output: Output) -> None:
    """All together, rules, budgets."""
    found = made.outlook
    series = [_series(one, found, made.titles, output) for one in found.series]
    budgets = [_budget(one, output) for one in found.budgets]
    if output is Output.JSON:
        document = {
            "past": [str(one) for one in found.past],
            "series": series,
            "budgets": budgets,
            "left_out": [why.of(LANG) for why in made.left_out],
        }
        show_json(json.dumps(document, ensure_ascii=False, indent=2))
        return
    columns = [
        Column("rule", say("区分", "rule")),
        Column(
            "last_jpy",
            say(f"{found.past[-1]}（登録済み）", f"{found.past[-1]}, on record"),
            is_number=True,
        ),
        *[Column(str(month), str(month), is_number=True) for month in found.ahead],
        Column("method", say("方法", "method")),
        Column("mean_error_percent", say("誤差（%）", "error, %")),
        Column("tried", say("試した月", "months tried")),
    ]
    flat = [{**one, **_months(one)} for one in series]
    if output is Output.CSV:
        listing(flat, columns, output)
        return
    _foreseen_from(made)
    listing(flat, columns, output)
    if budgets:
        listing(budgets, _BUDGETS, output)


_BUDGETS = [
    Column("fiscal_year", say("年度", "fiscal year")),
    Column("of", say("予算", "budget")),
    Column("amount_jpy", say("予算額（円）", "yen"), is_number=True),
    Column("spent_jpy", say("執行済み", "spent"), is_number=True),
    Column("coming_jpy", say("年度末まで", "to come"), is_number=True),
    Column("left_jpy", say("年度末の残り", "left at its end"), is_number=True),
]


def _blends_in_words(made: Blended) -> str:
    within = plain(made.within)
    count = len(made.search.found)
    if count:
        return say(
            f"すべての団体が今の ±{within} % 以内に収まる配合: {count} 通り",
            f"blends that keep every body within ±{within} % of the present: {count}",
        )
    if made.search.nearest is None:
        return say(
            "どの配合でも、今は負担のない団体に負担が生じます。",
            "every blend has a body bear something that bears nothing now.",
        )
    return say(
        f"±{within} % 以内に収まる配合はありません。最も近いものを示します。",
        f"no blend keeps every body within ±{within} %; this is the nearest.",
    )


def _blend(one: Blend, made: Blended, output: Output) -> dict[str, object]:
    worst = max(one.changes, key=lambda change: abs(change.percent or Fraction()))
    holds = one.worst <= made.within
    record: dict[str, object] = {
        "holds": holds if output is Output.JSON else _yes(holds, output),
        "blend": "; ".join(f"{_key(key)} {percent}%" for key, percent in one.percents.items()),
        "worst_percent": f"{float(worst.percent or 0):+.2f}",
        "worst_code": worst.code,
        "worst_name": made.names.get(worst.code, ""),
    }
    if output is Output.JSON:
        record["percents"] = {_key(key): percent for key, percent in one.percents.items()}
        record["changes"] = [
            {
                "code": change.code,
                "name": made.names.get(change.code, ""),
                "before_jpy": change.before,
                "after_jpy": change.after,
                "difference_jpy": change.difference,
            }
            for change in one.changes
        ]
    return record


def _yes(holds: bool, output: Output) -> str:
    if output is Output.CSV:
        return "true" if holds else "false"
    return say("はい", "yes") if holds else say("いいえ", "no")


def _key(key: Key) -> str:
    """As `--key` takes it."""
    if key.by is ShareBy.USAGE:
        return f"usage:{key.driver}"
    return key.by.value if key.power == 1 else f"{key.by.value}:{plain(key.power)}"


def who_gains(changes: Sequence[Change], names: Mapping[str, str]) -> Iterator[str]:
    """In sentences: how many bear less and more, by how much, and who most."""
    less = [one for one in changes if one.difference < 0]
    more = [one for one in changes if one.difference > 0]
    same = len(changes) - len(less) - len(more)
    yield say(
        f"減る {len(less)} 団体、増える {len(more)} 団体、変わらない {same} 団体",
        f"{len(less)} bear less, {len(more)} bear more, {same} the same",
    )
    if less:
        most = min(less, key=lambda one: (one.difference, one.code))
        whole = -sum(one.difference for one in less)
        yield say(
            f"減る額の合計 {whole:,} 円。最も減るのは {_of(most, names)}",
            f"{whole:,} yen less in all; most for {_of(most, names)}",
        )
    if more:
        most = max(more, key=lambda one: (one.difference, one.code))
        whole = sum(one.difference for one in more)
        yield say(
            f"増える額の合計 {whole:,} 円。最も増えるのは {_of(most, names)}",
            f"{whole:,} yen more in all; most for {_of(most, names)}",
        )


def _who_gains(changes: Sequence[Change], names: Mapping[str, str]) -> None:
    for line in who_gains(changes, names):
        typer.echo(line)


def _of(change: Change, names: Mapping[str, str]) -> str:
    percent = "" if change.percent is None else f", {float(change.percent):+.1f} %"
    yen = say(f"{change.difference:+,} 円", f"{change.difference:+,} yen")
    return f"{names.get(change.code, change.code)} ({yen}{percent})"


def _series(
    one: Series, found: Outlook, titles: Mapping[str, Text], output: Output
) -> dict[str, object]:
    name = say("全体", "all") if one.rule is None else titles.get(one.rule, same(one.rule)).of(LANG)
    if output is not Output.TABLE:
        name = one.rule or ""
    coming = one.coming
    percent = None if coming is None else coming.mean_error_percent
    return {
        "rule": name,
        "last_jpy": one.past[-1],
        "past_jpy": list(one.past),
        "months_jpy": {}
        if coming is None
        else {str(at): yen for at, yen in zip(found.ahead, coming.months, strict=True)},
        "method": None if coming is None else _method(coming.method, output),
        "mean_error_jpy": None if coming is None else coming.mean_error,
        "mean_error_percent": None if percent is None else f"{float(percent):.1f}",
        "tried": 0 if coming is None else coming.tried,
    }


def _method(name: str, output: Output) -> str:
    return METHODS[name] if output is Output.TABLE else name


def _months(record: Mapping[str, object]) -> Mapping[str, object]:
    months = record["months_jpy"]
    assert isinstance(months, dict)
    return months


def _foreseen_from(made: Foreseen) -> None:
    past = made.outlook.past
    count = len(past)
    ja, en = f"{past[0]} から {past[-1]} まで", f"{past[0]} to {past[-1]}"
    if count == 1:
        ja, en = f"{past[0]} ", f"{past[0]}"
    typer.echo(
        say(
            f"{ja}の {count} か月から見通した額です（円）。",
            f"Foreseen from {counted(count, 'month', 'months')}, {en}, in yen.",
        )
    )
    for why in made.left_out:
        typer.echo(say("使わない月 ", "left out: ") + why.of(LANG))
    if made.outlook.series[0].coming is None:
        typer.echo(say("見通すには 3 か月以上が要ります。", "A forecast needs three months."))


def _budget(one: BudgetOutlook, output: Output) -> dict[str, object]:
    budget = one.row.budget
    return {
        "fiscal_year": budget.fiscal_year,
        "of": _budget_of(budget) if output is Output.TABLE else None,
        "body": budget.body,
        "service": budget.service,
        "amount_jpy": budget.amount,
        "spent_jpy": one.row.spent,
        "remaining_jpy": one.row.left,
        "coming_jpy": one.coming,
        "left_jpy": one.left,
    }


def _budget_of(budget: Budget) -> str:
    names = [name for name in (budget.body, budget.service) if name is not None]
    return " ".join(names) or say("全体", "all")
