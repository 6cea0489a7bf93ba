"""What costs would come to otherwise: tables for people, documents for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import typer

from moyai.costs.analysis.compare import Blend, Change, Key
from moyai.costs.record import plain
from moyai.operations.cost_analysis import Blended, Repriced, Sensitive
from moyai.registry.cost_rules import ShareBy
from moyai_cli.language import say
from moyai_cli.render import Column, Output, listing, show_line


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
