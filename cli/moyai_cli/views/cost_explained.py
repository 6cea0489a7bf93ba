"""Where one yen of a body comes from, or why it bears none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from moyai.costs.explain.figures import Figure, percent, rate_words, two_places
from moyai.costs.explain.lines import NetLine, Place, StatementLine
from moyai.costs.explain.nothing import nothing_figures, step_of
from moyai.costs.explain.shares import line_figures
from moyai.costs.explain.steps import line_title, way_figures
from moyai.costs.explain.taxes import tax_figures
from moyai.costs.explain.way import Way
from moyai.costs.ledger.query import CostRow
from moyai.costs.record import plain
from moyai.operations.costs.explanation import Explained
from moyai.registry.cost_rules import RuleSet
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing, show_line
from moyai_cli.views.cost_settled import SETTLED_STEPS, Step, settled_steps


def show_explained(found: Explained, output: Output) -> None:
    """The way from the statement's line back to the row, or to what a settlement is made of."""
    steps = list(_steps(found))
    if output is Output.TABLE:
        for one in steps:
            yen = "" if one["jpy"] is None else f" {_yen(int(str(one['jpy'])))}"
            show_line(f"{_STEPS[str(one['step'])]}: {one['words']}{yen}")
        return
    listing(steps, [Column("step", "step"), Column("words", "words"), Column("jpy", "jpy")], output)


def _steps(found: Explained) -> Iterator[Step]:
    """What stands where, from the statement to the row."""
    name = found.reckoned.inputs.names.get(found.code, "")
    yield _step("body", f"{found.code} {name}".rstrip())
    whole = sum(one.jpy for one in found.lines)
    if whole <= 0:
        yield _step(step_of(whole), say("明細の合計", "its lines sum to"), whole)
        yield from map(_figure, nothing_figures(found.reckoned, found.code, found.lines))
    if found.place is None:
        return
    yield from _line(found, found.place)
    for at, passed in enumerate(found.passed):
        if at:
            period = passed.reckoned.basis.period
            yield _step("carried_from", period.named.of(LANG), passed.way.borne.jpy)
        if at or not isinstance(found.place.found, NetLine):
            yield _step(
                "of_line",
                line_title(passed.way.borne, passed.way.line, passed.reckoned.inputs.rules).of(
                    LANG
                ),
                passed.way.line.jpy,
            )
        yield from map(_figure, way_figures(passed.reckoned, passed.way))
    if found.passed:
        yield from _rows(found.passed[-1].way, found.row)
    if found.settled is not None:
        yield from settled_steps(found.settled)


def _line(found: Explained, place: Place) -> Iterator[Step]:
    """The line of the statement; of tax, with all that it is reckoned from."""
    number = say(f"第{place.number}行", f"line {place.number}")
    if place.at:
        number = say(f"{number} {place.at:,} 円目", f"{number}, yen {place.at:,}")
    title = _title(place.found, found.reckoned.inputs.rules)
    yield _step("line", f"{number}: {title}", place.found.jpy)
    if not isinstance(place.found, NetLine):
        figures = tax_figures(found.reckoned, found.taxes, place, place.found)
        yield from map(_figure, figures)
    elif not found.passed:
        yield from map(_figure, line_figures(found.reckoned, place.found.borne, place.found.line))


def _title(found: StatementLine, rules: RuleSet) -> str:
    if isinstance(found, NetLine):
        title, at = line_title(found.borne, found.line, rules).of(LANG), found.section
        return title + say(f"（内訳書の {at}）", f" (section {at} of the statement)")
    rate = percent(found.rate)
    if found.is_difference:
        return say(f"消費税の端数調整（{rate}）", f"adjustment of rounded tax, {rate}")
    return say(f"消費税額（{rate}）", f"consumption tax, {rate}")


def _rows(way: Way, row: CostRow | None) -> Iterator[Step]:
    """The invoice and the row at the end of the way."""
    if way.origin is None:
        return
    invoice = way.origin.invoice
    if invoice is not None:
        amount = (
            f"{invoice.amount:,f} {invoice.currency} = {invoice.jpy:,} + {invoice.tax_jpy:,} JPY"
        )
        yield _step("invoice", f"{invoice.issuer} {invoice.number}: {amount}", invoice.jpy)
    if row is not None:
        factor = way.origin.factor
        paid = Fraction(row.amount)
        rate, yen = rate_words(factor, paid), two_places(paid * factor)
        amount = f"{row.amount:,f} {row.currency} × {rate} = {yen} JPY"
        yield _step("row", f"{row.file}:{row.line}: {amount}")


def _figure(one: Figure) -> Step:
    exact = {} if one.exact is None else {"exact": plain(one.exact)}
    return {**_step(one.step, one.words.of(LANG), one.jpy), **exact}


def _step(step: str, words: str, jpy: int | None = None) -> Step:
    return {"step": step, "words": words, "jpy": jpy}


_STEPS: Mapping[str, str] = {
    "body": say("団体", "body"),
    "borne": say("負担", "bears"),
    "nothing": say("負担なし", "bears nothing"),
    "given_back": say("返金", "gets back"),
    "line": say("明細", "line"),
    "of_line": say("もとの明細", "of line"),
    "tax_net": say("税抜額", "before tax"),
    "tax_rounded": say("消費税額", "tax"),
    "tax_source": say("全体の消費税額", "tax on the whole"),
    "tax_carried": say("全体の消費税額", "tax on the whole"),
    "tax_of_payers": say("差し引く額", "less"),
    "tax_difference": say("差額", "difference"),
    "tax_fraction": say("端数", "fraction"),
    "tax_bearer": say("負担する理由", "why it bears it"),
    "share": say("按分", "share"),
    "days": say("日数", "days"),
    "limit_weighed": say("上限・下限の前", "before limits"),
    "limit_bounds": say("上限・下限", "limits"),
    "limit_factor": say("調整", "adjusted"),
    "limits": say("上限・下限", "limits"),
    "rounded": say("端数処理", "rounding"),
    "set_amount": say("定額", "set amount"),
    "set_by_rule": say("定額", "set amount"),
    "fee": say("加入金・脱退金", "fee"),
    "relief": say("充当", "relief"),
    "subsidy": say("補助", "subsidy"),
    "remainder_left": say("残り", "left"),
    "remainder_fraction": say("端数", "fraction"),
    "remainder_rank": say("負担する理由", "why it bears it"),
    "remainder_bearer": say("負担する理由", "why it bears it"),
    "pool": say("費用区分", "pool"),
    "pool_rows": say("　内訳", "  of it"),
    "pool_carried": say("　内訳", "  of it"),
    "pool_settled": say("　内訳", "  of it"),
    "pool_inflow": say("　内訳", "  of it"),
    "pool_outflow": say("　内訳", "  of it"),
    "pool_subsidy": say("　内訳", "  of it"),
    "pool_set_amounts": say("　内訳", "  of it"),
    "pool_left": say("　内訳", "  of it"),
    "pool_shared": say("　計", "  sum"),
    "pool_divided": say("　計", "  sum"),
    "from": say("内訳", "from"),
    "carried_from": say("繰り越した期間", "carried from"),
    "rows_of_invoice": say("明細の計", "rows sum to"),
    "rows_whole": say("円にした額", "in whole yen"),
    "rows": say("行", "rows"),
    "invoice": say("請求書", "invoice"),
    "row": say("元の行", "row"),
    **SETTLED_STEPS,
}


def _yen(jpy: int) -> str:
    return say(f"{jpy:,} 円", f"{jpy:,} yen")
