"""What costs would come to otherwise: tables for people, documents for programs."""

from __future__ import annotations

from fractions import Fraction

import typer

from moyai.costs.analysis.compare import Blend, Key
from moyai.costs.record import plain
from moyai.operations.costs.analysis import Blended, Sensitive
from moyai.registry.cost_rules import ShareBy
from moyai_cli.language import say
from moyai_cli.render import Column, Output, listing, show_line
from moyai_cli.views.cost_taxes import Amounts, marked, yen_heading


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
        if made.is_taxed:
            typer.echo(say("税抜の額で比べています。", "compared are amounts before tax."))
    shown = found or (() if nearest is None else (nearest,))
    columns = [
        Column("holds", say("範囲内", "holds")),
        Column("blend", say("配合", "blend")),
        Column("worst_percent", say("最大の差（%）", "most, %")),
        Column("worst_code", say("コード", "code")),
        Column("worst_name", say("その団体", "which body")),
    ]
    if output is not Output.TABLE:
        columns.append(Column("tax", "tax"))
    if shown or output is not Output.TABLE:
        listing([_blend(one, made, output) for one in shown], columns, output)


def show_sensitive(made: Sensitive, output: Output) -> None:
    """A line for the federation, then one for each body."""
    if output is Output.TABLE:
        show_line(_present_rates(made))
    mark = Amounts.with_tax(made.is_taxed)
    keys = [f"jpy_at_{one.rate:f}" for one in made.others]
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("present_jpy", yen_heading("今", "now", mark), is_number=True),
        *[
            Column(
                key,
                marked(
                    say(
                        f"1 {made.currency} = {one.rate:f} 円なら",
                        f"at {one.rate:f} JPY/{made.currency}",
                    ),
                    mark,
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
    if output is not Output.TABLE:
        columns.append(Column("tax", "tax"))
    listing([{**one, "tax": mark} for one in (total, *bodies)], columns, output)


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
        "tax": Amounts.before_tax(made.is_taxed),
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
