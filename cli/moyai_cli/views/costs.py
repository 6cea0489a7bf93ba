"""What came of files of costs, and what a period rests on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from decimal import Decimal

from moyai.costs.invoice_rows import Differing
from moyai.costs.ledger.differences import Difference
from moyai.costs.ledger.doubles import Nearly
from moyai.costs.ledger.imported import Imported, Outcome
from moyai.costs.ledger.invoices import Invoice, invoice_document
from moyai.costs.ledger.manifest import Basis, PeriodPart
from moyai.costs.periods import Period
from moyai.costs.record import plain as exact
from moyai.operations.costs.corrections import Settling
from moyai.texts import Text, in_japan
from moyai_cli.called import copyable
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, Record, document, listing, show_line

_OUTCOMES = {
    Outcome.NEW: say("新規", "new"),
    Outcome.ALREADY: say("取込済み", "already imported"),
    Outcome.UNCHANGED: say("変更なし", "unchanged"),
    Outcome.KEPT: say("据置き（ファイルに行がない）", "kept: the file no longer has it"),
    Outcome.REPLACED: say("差替え", "new version"),
    Outcome.CORRECTION: say("締めた期間への訂正", "correction to a closed period"),
    Outcome.WITHDRAWN: say("取下げ（新しい配信にない）", "withdrawn: not in the new delivery"),
}
_FORMATS = {
    "template": say("ひな形", "template"),
    "drivers": say("従量指標", "drivers"),
}


def tell(file: str, words: Text) -> None:
    """What is being done with a file."""
    show_line(f"{file}: {words.of(LANG)}")


def show_imported(found: Sequence[Imported], output: Output) -> None:
    """One line a file and period; below, what counts twice, and what new versions change."""
    records = [_imported(one) for one in found]
    if output is not Output.TABLE:
        listing(records, _COLUMNS, output)
        return
    shown = [
        {
            **one,
            "outcome": _OUTCOMES[Outcome(str(one["outcome"]))],
            "format": _FORMATS.get(str(one["format"]), one["format"]),
        }
        for one in records
    ]
    listing(shown, _COLUMNS, output)
    for result in found:
        if result.floats:
            columns = ", ".join(result.floats)
            show_line(
                say(
                    f"{result.file}: {columns} は浮動小数点数なので、同じ値になる最短の十進数で読みました。",
                    f"{result.file}: {columns} is floating point; read by the shortest decimals "
                    "that mean the same.",
                )
            )
        if result.same_rows_as is not None:
            _warn_doubled(result, result.same_rows_as)
        if result.nearly_same_as is not None:
            _warn_nearly(result, result.nearly_same_as)
        if result.difference is not None:
            _show_difference(result, result.difference)
        show_settled_in(result.period, result.settled_in)
        for one in result.corrected:
            show_line(copyable(say("注意: ", "note: ") + one.note.of(LANG)))


def show_settled_in(period: Period, bearer: Period | None) -> None:
    """Which open period bears what a closed one was changed by; nothing where none does."""
    if bearer is not None:
        show_settling(Settling(period, bearer))


def show_settling(settling: Settling | None) -> None:
    """Which open period settles a closed one, and why; nothing where none does."""
    if settling is not None:
        show_line(settling.note.of(LANG) + say("。", "."))


def settling_fields(settling: Settling | None) -> dict[str, object]:
    """For programs: which open period settles a closed one, and whose late costs it is for."""
    if settling is None:
        return {"settled_in": None, "late_of": [], "settlement_unknown": None}
    unknown = None if settling.unknown is None else settling.unknown.of(LANG)
    return {
        "settled_in": str(settling.bearer),
        "late_of": list(map(str, settling.late_of)),
        "settlement_unknown": unknown,
    }


def _warn_doubled(one: Imported, other: str) -> None:
    undo = f"moyai cost withdraw {one.period} {shlex.quote(one.file)}"
    words = say(
        f"警告: {one.period} の {one.file} の行は {other} とすべて同じで、二重に数えています。"
        f"誤りなら外してください: {undo}",
        f"warning: the rows of {one.file} in {one.period} are those of {other}, and count twice; "
        f"if that is wrong, take them off: {undo}",
    )
    show_line(copyable(words))


def _warn_nearly(one: Imported, other: Nearly) -> None:
    money = ", ".join(f"{plain(amount)} {currency}" for currency, amount in other.totals.items())
    first, second = (
        f"moyai cost withdraw {one.period} {shlex.quote(name)}" for name in (other.file, one.file)
    )
    words = say(
        f"警告: {one.period} の {one.file} の {one.rows:,} 行のうち {other.rows:,} 行（{money}）は "
        f"{other.file}（{other.of:,} 行）にもあり、二重に数えています。同じ明細を取り直したものなら古いほうを、"
        f"誤りなら新しいほうを外してください: {first} または {second}"
        "（次からは --replaces で置き換えられます）",
        f"warning: {other.rows:,} of the {one.rows:,} rows of {one.file} in {one.period} ({money}) are among "
        f"the {other.of:,} of {other.file} too, and count twice; take off the older one if this is the same "
        f"export again, or this one if it is a mistake: {first} or {second} (next time, --replaces puts a "
        "file in the place of another)",
    )
    show_line(copyable(words))


_COLUMNS = [
    Column("file", say("ファイル", "file")),
    Column("period", say("期間", "period")),
    Column("outcome", say("結果", "outcome")),
    Column("format", say("形式", "format")),
    Column("rows", say("行", "rows"), is_number=True),
    Column("totals", say("合計", "total"), is_number=True),
]


def _imported(one: Imported) -> Record:
    change, near = one.difference, one.nearly_same_as
    return {
        "file": one.file,
        "period": str(one.period),
        "outcome": one.outcome.value,
        "format": one.format,
        "encoding": one.encoding,
        "rows": one.rows,
        "totals": {currency: plain(amount) for currency, amount in one.totals.items()},
        "floats": list(one.floats),
        "difference": None if change is None else _difference(change),
        "same_rows_as": one.same_rows_as,
        "nearly_same_as": None if near is None else _nearly(near),
        "settled_in": None if one.settled_in is None else str(one.settled_in),
        "invoice_differences": [invoice_difference(c.period, c.found) for c in one.corrected],
    }


def invoice_difference(period: Period, one: Differing) -> Record:
    """An invoice beside its rows, in its currency, exactly."""
    return {
        "period": str(period),
        "issuer": one.invoice.issuer,
        "number": one.invoice.number,
        "currency": one.invoice.currency,
        "amount": f"{one.invoice.amount:f}",
        "rows_amount": exact(one.rows),
        "difference": exact(one.difference),
    }


def _nearly(other: Nearly) -> Record:
    return {
        "file": other.file,
        "rows": other.rows,
        "of": other.of,
        "totals": {currency: plain(amount) for currency, amount in other.totals.items()},
    }


def _difference(change: Difference) -> Record:
    return {
        "added": change.added,
        "removed": change.removed,
        "by_currency": {name: plain(amount) for name, amount in change.by_currency.items()},
        "by_service": [
            {"currency": currency, "service": service, "amount": plain(amount)}
            for (currency, service), amount in change.by_service.items()
        ],
    }


def _show_difference(one: Imported, change: Difference) -> None:
    show_line(
        say(
            f"{one.period} {one.file}: 増えた行 {change.added:,}、なくなった行 {change.removed:,}",
            f"{one.period} {one.file}: rows added {change.added:,}, removed {change.removed:,}",
        )
    )
    for (currency, service), amount in change.by_service.items():
        show_line(f"  {service or '-'}: {signed(amount)} {currency}")
    for currency, amount in change.by_currency.items():
        total = say("合計", "total")
        show_line(f"  {total}: {signed(amount)} {currency}")


def show_sources(basis: Basis, part: PeriodPart, settled_in: Period | None, output: Output) -> None:
    """Files that count, invoices, the state's hash, and which period settles what was changed since a
    closing; JSON has the versions too."""
    records = [
        {
            "file": name,
            "kind": one.kind,
            "format": one.format,
            "rows": one.count,
            "totals": {c: plain(Decimal(amount)) for c, amount in one.totals.items()},
            "version": len(part.sources[name]),
            "at": one.at,
            "by": one.by,
            "sha256": one.source,
            "rows_sha256": one.rows,
        }
        for name, one in basis.sources.items()
    ]
    if output is Output.JSON:
        invoices = [invoice_document(one) for one in basis.invoices]
        state: Record = {
            "period": str(basis.period),
            "state": basis.state,
            "closed": part.closed is not None,
            "settled_in": None if settled_in is None else str(settled_in),
            "sources": records,
            "invoices": invoices,
        }
        document(state, output)
        return
    if output is Output.TABLE:
        for record in records:
            record["at"] = in_japan(str(record["at"]))
            record["format"] = _FORMATS.get(str(record["format"]), record["format"])
    columns = [
        Column("file", say("ファイル", "file")),
        Column("format", say("形式", "format")),
        Column("rows", say("行", "rows"), is_number=True),
        Column("totals", say("合計", "total"), is_number=True),
        Column("version", say("版", "version")),
        Column("at", say("取込み", "imported")),
        Column("by", say("誰が", "by")),
    ]
    listing(records, columns, output)
    if output is Output.TABLE:
        count = len(basis.invoices)
        show_line(say(f"請求書: {count} 件", f"invoices: {count}"))
        show_line(say(f"状態: {basis.state}", f"state: {basis.state}"))
        show_settled_in(basis.period, settled_in)


def show_invoices(invoices: Sequence[Invoice], output: Output) -> None:
    """One line an invoice."""
    columns = [
        Column("issuer", say("発行者", "issuer")),
        Column("number", say("番号", "number")),
        Column("billing_account", say("アカウント", "account")),
        Column("currency", say("通貨", "currency")),
        Column("amount", say("税抜額", "amount"), is_number=True),
        Column("jpy", say("円（税抜）", "yen before tax"), is_number=True),
        Column("tax_jpy", say("消費税", "tax"), is_number=True),
        Column("tax_rate", say("税率%", "tax %")),
        Column("rate", say("レート", "rate"), is_number=True),
        Column("date", say("請求日", "date")),
    ]
    listing([invoice_document(one) for one in invoices], columns, output)


def plain(amount: Decimal) -> str:
    """An amount without exponent and without zeros that say nothing."""
    words = format(amount, "f")
    return words.rstrip("0").rstrip(".") if "." in words else words


def signed(amount: Decimal) -> str:
    """An amount for people, with its sign and thousands separators."""
    return f"{Decimal(plain(amount)):+,f}"
