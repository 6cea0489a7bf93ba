"""What bodies bear one way and the other: by other rules, with other members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import typer

from moyai.costs.analysis.compare import Change, Changes, Rest
from moyai.costs.analysis.sums import Elsewhere
from moyai.operations.costs.joining import Repriced
from moyai.operations.costs.periods import Compared
from moyai.registry.cost_rules import Treatment
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, aside, listing, show_line
from moyai_cli.views.cost_taxes import Amounts, marked, yen_heading

_ELSEWHERE: Mapping[Elsewhere, str] = {
    Elsewhere.UNALLOCATED: say("負担者なし", "unallocated"),
    Elsewhere.SUBSIDY: say("補助", "subsidies"),
    Elsewhere.CARRY: say("次期へ繰越", "carried to the next period"),
}


def show_compared(made: Compared, output: Output) -> None:
    """Each body's yen either way; those that gain most come first in the table."""
    mark = Amounts.with_tax(made.is_taxed)
    is_table = output is Output.TABLE
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column(
            "before_jpy", marked(made.before, mark) if is_table else "before_jpy", is_number=True
        ),
        Column("after_jpy", marked(made.after, mark) if is_table else "after_jpy", is_number=True),
        Column("difference_jpy", yen_heading("差", "difference", mark), is_number=True),
        Column("percent", say("差（%）", "percent")),
        *_for_programs(output),
    ]
    changes = made.changes.bodies
    if is_table:
        changes = tuple(sorted(changes, key=lambda one: (one.difference, one.code)))
    records = [
        _record(one, made.names, mark)
        | {"percent": None if one.percent is None else f"{float(one.percent):.1f}"}
        for one in changes
    ]
    if not is_table:
        records += [_rest_record(one, mark) | {"percent": None} for one in made.changes.rest]
    listing(records, columns, output)
    with aside(output):
        _tax_treatments(made)
    if is_table:
        _who_gains(made.changes, made.names)


def show_repriced(made: Repriced, output: Output) -> None:
    """Every body with and without those that join."""
    mark = Amounts.with_tax(made.is_taxed)
    is_table = output is Output.TABLE
    fee_mark = None if mark is None else Amounts.BEFORE_TAX
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("joins", say("加入", "joins")),
        Column("before_jpy", yen_heading("今", "now", mark), is_number=True),
        Column("after_jpy", yen_heading("加入後", "joined", mark), is_number=True),
        Column("difference_jpy", yen_heading("差", "difference", mark), is_number=True),
        Column(
            "joining_fee_jpy",
            marked(say("うち加入金", "joining fee"), fee_mark),
            is_number=True,
        ),
        *_for_programs(output),
    ]
    yes, no = (say("○", "yes"), "") if is_table else (True, False)
    records = [
        _record(one, made.names, mark)
        | {
            "joins": yes if one.code in made.joining else no,
            "joining_fee_jpy": made.fees.get(one.code, 0),
        }
        for one in made.changes.bodies
    ]
    if not is_table:
        joins = {"joins": False, "joining_fee_jpy": 0}
        records += [_rest_record(one, mark) | joins for one in made.changes.rest]
    listing(records, columns, output)
    with aside(output):
        for note in made.notes:
            show_line(say("注意: ", "note: ") + note.of(LANG))
    if is_table:
        _say_with_tax(made.is_taxed)
        _who_gains(made.changes, made.names)
        typer.echo(
            say(
                "費用の明細は今のままです。加わる団体の利用による増加は含みません。",
                "The rows are those on record: what those that join would use is not in them.",
            )
        )


def _for_programs(output: Output) -> list[Column]:
    """People are told in headings and sentences."""
    return [] if output is Output.TABLE else [Column("payer", "payer"), Column("tax", "tax")]


def _record(one: Change, names: Mapping[str, str], mark: Amounts | None) -> dict[str, object]:
    return {
        "code": one.code,
        "name": names.get(one.code, ""),
        "before_jpy": one.before,
        "after_jpy": one.after,
        "difference_jpy": one.difference,
        "payer": "body",
        "tax": mark,
    }


def _rest_record(one: Rest, mark: Amounts | None) -> dict[str, object]:
    return {
        "code": "",
        "name": _ELSEWHERE[one.kind],
        "before_jpy": one.before,
        "after_jpy": one.after,
        "difference_jpy": one.difference,
        "payer": one.kind,
        "tax": mark,
    }


def _tax_treatments(made: Compared) -> None:
    """Under which treatment amounts are, where it is not one for both."""
    _say_with_tax(made.is_taxed)
    if made.treatments[0] is made.treatments[1]:
        return
    outside = made.before if made.treatments[0] is Treatment.OUTSIDE_SCOPE else made.after
    show_line(
        say(
            f"「{outside}」では負担金が不課税なので、支払った消費税が費用として入っています。",
            f"by '{outside}' contributions are outside the tax's scope: the tax that was paid is part of the "
            "cost.",
        )
    )


def _say_with_tax(is_taxed: bool) -> None:
    if is_taxed:
        typer.echo(say("額はどれも税込です。", "all amounts are with tax."))


def _who_gains(changes: Changes, names: Mapping[str, str]) -> None:
    for line in (*who_gains(changes.bodies, names), *_rest_in_words(changes.rest)):
        show_line(line)


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


def _rest_in_words(rest: Sequence[Rest]) -> Iterator[str]:
    """What moves between bodies and whoever else bears cost, or nobody."""
    for one in rest:
        if one.difference:
            yield say(
                f"{_ELSEWHERE[one.kind]}: {one.before:,} 円 → {one.after:,} 円（{one.difference:+,} 円）",
                f"{_ELSEWHERE[one.kind]}: {one.before:,} yen → {one.after:,} yen ({one.difference:+,} yen)",
            )


def _of(change: Change, names: Mapping[str, str]) -> str:
    percent = "" if change.percent is None else f", {float(change.percent):+.1f} %"
    yen = say(f"{change.difference:+,} 円", f"{change.difference:+,} yen")
    return f"{names.get(change.code, change.code)} ({yen}{percent})"
