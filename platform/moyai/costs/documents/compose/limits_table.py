"""How least and most changed a share, as a statement has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.apportion.allocation import LineKind, ShareLimits
from moyai.costs.documents.compose import words
from moyai.costs.documents.paper import Cell, Column, Row, RowKind, Style, Table, exact, text, yen
from moyai.texts import Lang, Text

LIMITED = Text("（上限・下限の適用あり）", " (limited by the least or most)")
ADJUSTED = Text(
    "（ほかの団体の上限・下限による調整あり）", " (adjusted, as others are at the least or most)"
)
_WEIGHED = Text("計算額の計", "Sum before rounding")
_WITH_BASE_FEE = Text("計算額の計に基本料を加えた額", "Sum before rounding, with the base fee")
_LEAST = Text("下限", "Least")
_MOST = Text("上限", "Most")
_FACTOR = Text("調整率（全団体に共通）", "Factor, the same for all members")
_SCALED = Text("調整率を掛けた額", "Times the factor")
_AT_LEAST = Text("下限を適用した額", "Held up at the least")
_AT_MOST = Text("上限を適用した額", "Held down at the most")
_BY_OTHERS = Text(
    "調整率を掛けた額（ほかの団体が上限・下限に達したための調整）",
    "Times the factor, as others are at the least or most",
)
_BY_LEAST = Text(
    "下限に調整率を掛けた額（総額が下限の合計に満たないため）",
    "Least times the factor, as there is less than all minimums",
)
_SHARE = Text("端数処理前の按分額", "Share before rounding")


def limited_words(found: ShareLimits) -> Text:
    """What is said of a share that least or most changed: its own, or only those of others."""
    return LIMITED if found.at_least or found.at_most or not found.held else ADJUSTED


def limits_table(found: ShareLimits, key: str, lang: Lang) -> Table:
    """From what the parts come to, `KEY.exact`, to the share before rounding."""
    return Table(
        Text("上限・下限の適用", "Least and most").of(lang),
        (
            Column(Text("区分", "Item").of(lang), 3),
            Column(Text("金額（円）・調整率", "Yen, factor").of(lang), 2, numeric=True),
        ),
        tuple(limit_rows(found, key, lang)),
    )


def limit_rows(found: ShareLimits, key: str, lang: Lang) -> Iterator[Row]:
    """The rows of the table, label and amount each; the factor is no amount."""
    at = f"{key}.limits"
    label, formula = _WEIGHED, f"{{{key}.exact}}"
    if found.base_fee:
        label, formula = _WITH_BASE_FEE, f"{{{key}.exact}}+{found.base_fee}"
    yield _row(label, exact(found.weighed, f"{at}.weighed", formula), lang)
    if found.least or found.at_least or not found.held:
        yield _row(_LEAST, yen(found.least, f"{at}.least"), lang)
    if found.most is not None:
        yield _row(_MOST, yen(found.most, f"{at}.most"), lang)
    yield _row(_FACTOR, Cell(found.factor, Style.FACTOR, f"{at}.factor"), lang)
    scaled = exact(found.scaled, f"{at}.scaled", f"{{{at}.weighed}}*{{{at}.factor}}")
    if not found.held:
        formula = f"{{{at}.least}}*{{{at}.factor}}"
        yield _row(_BY_LEAST, exact(found.scaled, f"{at}.held", formula), lang)
    elif not found.at_least and not found.at_most:
        yield _row(_BY_OTHERS, exact(found.scaled, f"{at}.held", scaled.formula), lang)
    else:
        yield _row(_SCALED, scaled, lang)
        label, which = (_AT_LEAST, "least") if found.at_least else (_AT_MOST, "most")
        held = exact(found.share + found.base_fee, f"{at}.held", f"{{{at}.{which}}}")
        yield _row(label, held, lang)
    formula = f"{{{at}.held}}"
    if found.base_fee:
        fee = words.LINES[LineKind.BASE_FEE]
        yield _row(fee, yen(-found.base_fee, f"{at}.fee"), lang)
        formula += f"+{{{at}.fee}}"
    share = exact(found.share, f"{at}.share", formula)
    yield Row((text(_SHARE.of(lang)), share), RowKind.TOTAL)


def _row(label: Text, cell: Cell, lang: Lang) -> Row:
    return Row((text(label.of(lang)), cell))
