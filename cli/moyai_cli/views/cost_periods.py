"""Periods of costs, shared: tables for people, documents for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import typer

from moyai.costs.apportion.allocation import (
    Allocation,
    Borne,
    Line,
    LineKind,
    PayerKind,
    Settlement,
    Unallocated,
)
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.query import CostRow
from moyai.costs.reckoned import Reckoned
from moyai.costs.record import document, indented, sha256
from moyai.costs.statements.taxes import Taxes
from moyai.costs.statements.titles import late_words
from moyai.operations.costs.budgets import Allocated
from moyai.operations.costs.periods import Closing, Verified
from moyai.operations.costs.sources import KeptSources
from moyai.texts import Text, in_japan
from moyai_cli.called import copyable
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, aside, listing, show_json, show_line
from moyai_cli.views.cost_budgets import budget_records, note_budgets
from moyai_cli.views.cost_settled import settlement_record
from moyai_cli.views.cost_taxes import (
    codes_of,
    tax_record,
    tax_sentence,
    taxes_shown,
    yen_columns,
)
from moyai_cli.views.costs import invoice_difference, settling_fields, show_settling


def show_allocated(found: Allocated, output: Output) -> None:
    """A period with where its budgets stand."""
    made = found.reckoned
    if output is Output.JSON:
        whole = {**record(made), "budgets": budget_records(found.budgets)}
        whole["notes"] = [note.of(LANG) for note in (*made.notes, *found.notes)]
        whole.update(settling_fields(found.settling))
        whole["unallocated_rows"] = [
            None if row is None else {"file": row.file, "line": row.line}
            for row in found.first_rows
        ]
        if found.unknown is not None:
            whole["budgets_unknown"] = found.unknown.of(LANG)
        show_json(indented(whole))
        return
    show_allocation(made, output, found)


def show_allocation(made: Reckoned, output: Output, budgeted: Allocated | None = None) -> None:
    """Unallocated cost first, then bodies."""
    if output is Output.JSON:
        show_json(indented(record(made)))
        return
    if output is Output.TABLE:
        _head(made)
        if budgeted is not None:
            show_settling(budgeted.settling)
            _notes(budgeted.notes)
            _budgets(budgeted)
        show_unallocated(
            made.allocation.unallocated, () if budgeted is None else budgeted.first_rows
        )
    taxes = taxes_shown(made)
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        *yen_columns(taxes),
        Column("direct", say("直接費", "direct"), is_number=True),
        Column("shared", say("按分", "shared"), is_number=True),
        Column("other", say("その他", "other"), is_number=True),
    ]
    listing(_bodies(made, taxes, output), columns, output)
    if output is Output.TABLE:
        _payers(made.allocation)
        _foot(made)


def show_closed(made: Closing, output: Output) -> None:
    """What was closed, now or before, with the hashes that it can be checked by."""
    with aside(output):
        show_line(_closed(made))
        show_settling(made.settling)
    if output is not Output.TABLE:
        show_allocation(made.reckoned, output)
        return
    _foot(made.reckoned)


def _closed(made: Closing) -> str:
    period, before = made.reckoned.basis.period, made.already
    if before is None:
        return say(f"{period} を閉じました。", f"{period} is closed.")
    at = in_japan(before.at)
    return say(
        f"{period} は閉じてあります（{at}、{before.by}）。計算し直し、閉じたときと同じ結果になりました。",
        f"{period} is closed already ({at}, {before.by}); reckoned again, it comes out as it was closed.",
    )


def show_verified(found: Sequence[Verified], output: Output) -> None:
    """Closed periods, each with whether it comes out as it was closed."""
    columns = [
        Column("period", say("期間", "period")),
        Column("same", say("一致", "same"), {_SAME[True]: "green", _SAME[False]: "red"}),
        Column("closed_at", say("閉じた日時", "closed")),
        Column("by", say("担当", "by")),
        Column("asked_sha256", say("請求の内容", "what is asked")),
        Column("allocation_sha256", say("按分", "allocation")),
        *([] if output is Output.TABLE else [Column(name, name) for name in settling_fields(None)]),
    ]
    records = [
        {
            "period": str(one.period),
            "same": _SAME[one.same] if output is Output.TABLE else one.same,
            "closed_at": in_japan(one.at) if output is Output.TABLE else one.at,
            "by": one.by,
            "asked_sha256": one.asked_sha256,
            "allocation_sha256": one.allocation_sha256,
            **settling_fields(one.settling),
        }
        for one in found
    ]
    listing(records, columns, output)
    if output is Output.TABLE:
        for one in found:
            show_settling(one.settling)


def show_kept(found: KeptSources) -> None:
    """Imported files that are not kept as they came, or that all are."""
    for one in found.lost:
        names, months = ", ".join(one.names), ", ".join(map(str, one.periods))
        show_line(
            say(
                f"原本がないか、壊れています: {one.key}（{months} の {names}）。"
                "控えか元のファイルから戻してください。",
                f"missing or damaged: {one.key} ({names} of {months}); restore it from a copy, or from the "
                "file itself.",
            )
        )
    if not found.lost:
        show_line(
            say(
                f"取り込んだファイルの原本 {found.count} 件は、すべて取り込んだときのままです。",
                "1 imported file is kept as it came."
                if found.count == 1
                else f"{found.count} imported files are kept as they came.",
            )
        )


_SAME = {True: say("一致", "yes"), False: say("不一致", "no")}


def show_rows(groups: Sequence[RowGroup], columns: Sequence[str], output: Output) -> None:
    """What a period's rows come to by columns, in their own currencies."""
    shown = [
        *(Column(name, name) for name in columns),
        Column("issuer", say("発行者", "issuer")),
        Column("invoice", say("請求書", "invoice")),
        Column("amount", say("額", "amount"), is_number=True),
        Column("currency", say("通貨", "currency")),
        Column("rows", say("行", "rows"), is_number=True),
    ]
    records = [
        {
            **group.values,
            "issuer": group.issuer,
            "invoice": group.invoice_id,
            "amount": f"{group.amount:f}",
            "currency": group.currency,
            "rows": group.rows,
        }
        for group in groups
    ]
    listing(records, shown, output)


def record(made: Reckoned) -> dict[str, object]:
    """For programs: the allocation's document, names, and what it rests on."""
    found = document(made.allocation)
    hashed = sha256(found)  # of the document alone, which is made once: it is long
    found["state_sha256"] = made.basis.state
    found["allocation_sha256"] = hashed
    found["asked_sha256"] = made.asked_sha256
    found["closed"] = made.closed
    found["notes"] = [note.of(LANG) for note in made.notes]
    differing = ((made.basis.period, one) for one in made.converted.differing)
    settled = ((one.period, one.found) for one in made.corrected)
    found["invoice_differences"] = [invoice_difference(*one) for one in (*differing, *settled)]
    found["settlements"] = [settlement_record(one) for one in made.settlements]
    bodies = found["bodies"]
    assert isinstance(bodies, list)
    for body in bodies:
        body["name"] = made.inputs.names.get(body["code"], "")
    return found


def _head(made: Reckoned) -> None:
    one = made.allocation
    state = say("（閉鎖済み）", " (closed)") if made.closed else ""
    typer.echo(
        say(
            f"{one.period}{state}: 請求総額 {one.bill_jpy:,} 円、規則「{one.rules}」",
            f"{one.period}{state}: {one.bill_jpy:,} yen, by the rules '{one.rules}'",
        )
    )
    for words, jpy in (
        (say("前期からの繰越", "carried in"), one.carried_in_jpy),
        (_settlement_of(made.settlements), one.settled_jpy),
    ):
        if jpy:
            typer.echo(f"{words}: {_yen(jpy)}")
    _notes((*made.notes, *(note for pool in one.pools for note in pool.notes)))


def _settlement_of(settlements: Sequence[Settlement]) -> str:
    months = ", ".join(str(one.period) for one in settlements if one.jpy or one.borne)
    return say(f"閉じた期間（{months}）の精算", f"settlement of closed periods ({months})")


def _notes(notes: Sequence[Text]) -> None:
    for note in notes:
        show_line(copyable(say("注意: ", "note: ") + note.of(LANG)))


def _budgets(found: Allocated) -> None:
    inputs = found.reckoned.inputs
    note_budgets(found.budgets, inputs.names, inputs.rules)
    if found.unknown is not None:
        typer.echo(
            say("注意: 予算の執行は分かりません。", "note: where the budgets stand is not known: ")
            + found.unknown.of(LANG)
        )


def _yen(jpy: int) -> str:
    return say(f"{jpy:,} 円", f"{jpy:,} yen")


def show_unallocated(left: tuple[Unallocated, ...], rows: tuple[CostRow | None, ...] = ()) -> None:
    """A line for each that comes to something in all, or at a rate of tax. `rows`: of the first of them."""
    for one, row in zip_longest(left, rows):
        if not one.jpy and not any(one.by_rate.values()):
            continue
        values = ", ".join(
            f"{name}={value}" for name, value in one.values.items() if value is not None
        )
        where = one.pool or values or say("値なし", "no values")
        if one.settled is not None:
            where += f", {late_words(one.settled).of(LANG)}"
        if row is not None:
            where += f", {row.file}:{row.line}"
        show_line(
            say(
                f"負担者なし: {one.jpy:,} 円（{one.reason.ja}: {where}）",
                f"unallocated: {one.jpy:,} yen ({one.reason.en}: {where})",
            )
        )


def _payers(made: Allocation) -> None:
    words = {
        PayerKind.SUBSIDY: say("補助", "subsidy"),
        PayerKind.CARRY: say("次期へ繰越", "carried to the next period"),
    }
    for one in made.borne:
        if one.payer.kind is not PayerKind.BODY:
            typer.echo(f"{words[one.payer.kind]} {one.payer.name}: {one.jpy:,}")


def _foot(made: Reckoned) -> None:
    one = made.allocation
    typer.echo(
        say(
            f"按分 {one.allocated_jpy:,} 円、負担者なし {one.unallocated_jpy:,} 円、"
            f"差 {one.difference_jpy} 円",
            f"{one.allocated_jpy:,} yen allocated, {one.unallocated_jpy:,} unallocated, "
            f"difference {one.difference_jpy}",
        )
    )
    taxes = taxes_shown(made)
    if taxes is not None:
        typer.echo(tax_sentence(taxes))
    typer.echo(say("状態 ", "state ") + made.basis.state)
    typer.echo(say("按分 ", "allocation ") + made.allocation_sha256)
    typer.echo(say("請求の内容 ", "what is asked ") + made.asked_sha256)


def _bodies(made: Reckoned, taxes: Taxes | None, output: Output) -> list[dict[str, object]]:
    """A record a body; for people, where there is tax, the sum of all at the end."""
    borne = dict(made.allocation.bodies())
    if taxes is None:
        return [_summary(code, own, made) for code, own in borne.items()]
    records = [
        _summary(code, borne.get(code, ()), made) | tax_record(taxes, code)
        for code in codes_of(taxes)
    ]
    return [*records, _total(records)] if output is Output.TABLE else records


def _total(records: Sequence[Mapping[str, object]]) -> dict[str, object]:
    sums: dict[str, object] = {"code": "", "name": say("合計", "all")}
    for record in records:
        for key, value in record.items():
            if isinstance(value, int):
                before = sums.get(key, 0)
                assert isinstance(before, int)
                sums[key] = before + value
    return sums


def _summary(code: str, borne: tuple[Borne, ...], made: Reckoned) -> dict[str, object]:
    lines = [line for one in borne for line in one.lines]
    direct = _sum(lines, LineKind.DIRECT)
    shared = _sum(lines, LineKind.SHARE, LineKind.REMAINDER)
    whole = sum(line.jpy for line in lines)
    return {
        "code": code,
        "name": made.inputs.names.get(code, ""),
        "jpy": whole,
        "direct": direct,
        "shared": shared,
        "other": whole - direct - shared,
    }


def _sum(lines: list[Line], *kinds: LineKind) -> int:
    return sum(line.jpy for line in lines if line.kind in kinds)
