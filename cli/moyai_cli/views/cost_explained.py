"""Where one yen of a body comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.explain import Way
from moyai.costs.record import plain
from moyai.costs.statements.titles import settled_by, settlement_title
from moyai.operations.cost_periods import Explained
from moyai.texts import counted
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing, show_line
from moyai_cli.views.cost_settled import SETTLED_STEPS, Step, settled_steps

_KINDS: Mapping[LineKind, str] = {
    LineKind.DIRECT: say("直接費", "direct"),
    LineKind.FIXED: say("定額", "fixed amount"),
    LineKind.BASE_FEE: say("基本料", "base fee"),
    LineKind.SHARE: say("按分", "share"),
    LineKind.JOINING_FEE: say("加入金", "joining fee"),
    LineKind.LEAVING_FEE: say("脱退金", "leaving fee"),
    LineKind.FEE_RELIEF: say("加入金等による軽減", "relief by fees"),
    LineKind.REMAINDER: say("端数調整", "rounding adjustment"),
    LineKind.SUBSIDY: say("補助", "subsidy"),
}


def show_explained(found: Explained, output: Output) -> None:
    """The way from the statement's line back to the row, or to what a settlement is made of."""
    steps: list[Step] = [
        {"step": step, "words": words, "jpy": jpy} for step, words, jpy in _steps(found)
    ]
    if found.settled is not None:
        steps += settled_steps(found.settled)
    if output is Output.TABLE:
        for one in steps:
            yen = "" if one["jpy"] is None else f" {_yen(int(str(one['jpy'])))}"
            show_line(f"{_STEPS[str(one['step'])]}: {one['words']}{yen}")
        return
    listing(steps, [Column("step", "step"), Column("words", "words"), Column("jpy", "jpy")], output)


def _steps(found: Explained) -> Iterator[tuple[str, str, int | None]]:
    """What stands where, from the statement to the row: kind of step, words, yen."""
    way = found.way
    name = found.reckoned.inputs.names.get(found.code, "")
    yield "body", f"{found.code} {name}".rstrip(), None
    number = say(f"第{way.number}行 {way.at:,} 円目", f"line {way.number}, yen {way.at:,}")
    yield "line", f"{number}: {_rule(way)}", way.line.jpy
    for part in way.line.parts:
        share = f"{plain(part.percent)} % × {part.weight} / {part.of}"
        yield "share", f"{part.by.value} {part.driver or ''} {share}".replace("  ", " "), None
    for step in way.pools:
        yield "pool", step.account.name, step.account.shared
        yield "from", _SOURCES.get(step.source, step.source), step.source_jpy
    if way.bucket is None or way.origin is None:
        return
    rows = way.bucket.rows
    yield "rows", say(f"{rows:,} 行", counted(rows, "row", "rows")), None
    invoice = way.origin.invoice
    if invoice is not None:
        amount = (
            f"{invoice.amount:,f} {invoice.currency} = {invoice.jpy:,} + {invoice.tax_jpy:,} JPY"
        )
        yield "invoice", f"{invoice.issuer} {invoice.number}: {amount}", invoice.jpy
    if found.row is not None:
        row = found.row
        yen = _two_places(Fraction(row.amount) * way.origin.factor)
        amount = f"{row.amount:,f} {row.currency} × {_two_places(way.origin.factor)} = {yen} JPY"
        yield "row", f"{row.file}:{row.line}: {amount}", None


def _rule(way: Way) -> str:
    """The rule of a line and its kind, which a settlement's title says already."""
    if way.line.kind is LineKind.SETTLEMENT:
        return settlement_title(settled_by(way.borne.rule)).of(LANG)
    return f"{way.borne.rule} {_KINDS[way.line.kind]}"


_STEPS = {
    "body": say("団体", "body"),
    "line": say("明細", "line"),
    "share": say("按分", "share"),
    "pool": say("費用区分", "pool"),
    "from": say("内訳", "from"),
    "rows": say("行", "rows"),
    "invoice": say("請求書", "invoice"),
    "row": say("元の行", "row"),
    **SETTLED_STEPS,
}
_SOURCES = {
    "caught": say("この区分の明細", "its own rows"),
    "carried": say("前期からの繰越", "carried from the period before"),
}


def _yen(jpy: int) -> str:
    return say(f"{jpy:,} 円", f"{jpy:,} yen")


def _two_places(value: Fraction) -> str:
    """For people: rounded to a hundredth."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):,.2f}"
