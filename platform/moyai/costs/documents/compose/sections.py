"""A section of a statement: what came into a pool, how it was shared, what one body bears. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from moyai.costs.apportion.allocation import Line, LineKind
from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import rounding_formula, yen_columns
from moyai.costs.documents.compose.limits_table import limited_words, limits_table
from moyai.costs.documents.compose.settlement_table import settlement_table
from moyai.costs.documents.paper import (
    BLANK,
    Block,
    Cell,
    Column,
    Heading,
    Note,
    Pair,
    Row,
    RowKind,
    Style,
    Table,
    exact,
    text,
    yen,
)
from moyai.costs.documents.written import as_shown, weights
from moyai.costs.statements.heads import PoolHead, part_yen
from moyai.costs.statements.statement import Section
from moyai.costs.statements.titles import late_title
from moyai.registry.cost_rules import Rounding, RoundingRule
from moyai.texts import Lang, Text

_ROUNDED_PARTS = Text(
    "次の表の計算額は小数第3位以下を丸めて示すため、内訳の合計が計と一致しません。計算は端数を切らずに行います。",
    "The exact yen below are shown rounded to two places, so the parts shown do not sum to the sum shown. "
    "The calculation keeps all places.",
)


def section_blocks(section: Section, at: int, rule: RoundingRule, lang: Lang) -> list[Block]:
    """A section as blocks. Its sum has the key `s{at}.sum`."""
    key = f"s{at}"
    blocks: list[Block] = [Heading(words.numbered(at, section.title, lang))]
    if section.presence is not None and section.presence.days < section.presence.of:
        days, of = section.presence.days, section.presence.of
        blocks.append(
            Note(
                Text(f"参加日数 {of}日のうち{days}日", f"A member on {days} of {of} days").of(lang)
            )
        )
    lines = _lines(section, key, rule, lang)
    if section.head is None:
        blocks.append(lines)
        if section.moved:
            blocks.append(settlement_table(section, key, lang))
        return blocks
    blocks += [Note(note.of(lang)) for note in section.head.account.notes]
    share = section.share
    if share is not None and share.parts:
        blocks.append(Pair(_head(section.head, key, lang), lines))
        if not _foots(section, share):
            blocks.append(Note(_ROUNDED_PARTS.of(lang)))
        blocks.append(_parts(section, share, key, lang))
        if share.limits is not None:
            blocks.append(limits_table(share.limits, key, lang))
    else:
        blocks.append(Pair(_head(section.head, key, lang), lines))
    return blocks


def _foots(section: Section, share: Line) -> bool:
    """Whether a share's parts sum to their sum as both are shown."""
    assert section.head is not None
    parts = (part_yen(section.head.divided, part) for part in share.parts)
    return sum(map(as_shown, parts)) == as_shown(section.exact)


def _head(head: PoolHead, key: str, lang: Lang) -> Table:
    """From what rules caught to what percents divide."""
    account = head.account
    came: list[tuple[str, int]] = [
        (Text("当期の費用", "Cost of the period").of(lang), account.caught),
    ]
    if account.carried_in:
        came.append((Text("前期からの繰越", "Carried in").of(lang), account.carried_in))
    for period, amount in account.settled_in_jpy.items():
        came.append((late_title(period).of(lang), amount))
    for name, amount in account.flowed_in.items():
        came.append((_flow(Text("から配賦", "From"), head.titles[name], lang), amount))
    for name, amount in account.flowed_out.items():
        came.append((_flow(Text("へ配賦", "To"), head.titles[name], lang), -amount))
    for name, amount in account.subsidies.items():
        came.append((_flow(Text("（補助金）", "Subsidy:"), name, lang), -amount))
    rows = _summed(
        came, f"{key}.in", Text("按分対象額", "Shared by members"), f"{key}.shared", lang
    )
    off = [
        (Text("定額・基本料の計", "Fixed amounts and base fees").of(lang), -head.set_amounts),
        (Text("配分できない額", "Left unallocated").of(lang), -head.left),
    ]
    more = [(label, amount) for label, amount in off if amount]
    divided = f"{{{key}.shared}}"
    for place, (label, amount) in enumerate(more):
        rows.append(Row((text(label), yen(amount, f"{key}.off.{place}"))))
        divided += f"+{{{key}.off.{place}}}"
    label = Text("割合で分ける額", "Divided by percents").of(lang)
    rows.append(Row((text(label), yen(head.divided, f"{key}.divided", divided)), RowKind.TOTAL))
    return Table(
        Text("按分する額", "What is shared").of(lang),
        yen_columns(Text("区分", "Item"), lang),
        tuple(rows),
    )


def _flow(what: Text, title: str, lang: Lang) -> str:
    return f"{title}{what.ja}" if lang == "ja" else f"{what.en} {title}"


def _summed(
    items: Iterable[tuple[str, int]], key: str, label: Text, total_key: str, lang: Lang
) -> list[Row]:
    listed = list(items)
    rows = [
        Row((text(words_), yen(amount, f"{key}.{place}")))
        for place, (words_, amount) in enumerate(listed)
    ]
    total = sum(amount for _, amount in listed)
    formula = f"SUM({{{key}.0}}:{{{key}.{len(listed) - 1}}})" if listed else None
    rows.append(Row((text(label.of(lang)), yen(total, total_key, formula)), RowKind.SUBTOTAL))
    return rows


def _parts(section: Section, share: Line, key: str, lang: Lang) -> Table:
    """How a share was come to: percent by percent, before limits and rounding."""
    assert section.head is not None
    rows: list[Row] = []
    for place, part in enumerate(share.parts):
        weight, of = weights(part.weight, part.of)
        cell = f"{key}.part.{place}"
        formula = f"{{{key}.divided}}*{{{cell}.percent}}/100*{{{cell}.weight}}/{{{cell}.of}}"
        rows.append(
            Row(
                (
                    text(words.part(part, section.head.power, lang)),
                    Cell(part.percent, Style.PERCENT, f"{cell}.percent"),
                    Cell(weight, Style.NUMBER, f"{cell}.weight"),
                    Cell(of, Style.NUMBER, f"{cell}.of"),
                    exact(part_yen(section.head.divided, part), cell, formula),
                )
            )
        )
    formula = f"SUM({{{key}.part.0}}:{{{key}.part.{len(share.parts) - 1}}})"
    rows.append(
        Row(
            (
                text(Text("計算額の計", "Sum before rounding").of(lang)),
                BLANK,
                BLANK,
                BLANK,
                exact(section.exact, f"{key}.exact", formula),
            ),
            RowKind.TOTAL,
        )
    )
    return Table(
        Text("按分額の計算", "How the share was come to").of(lang),
        (
            Column(Text("按分の基準", "Shared by").of(lang), 6),
            Column(Text("割合（%）", "Percent").of(lang), 3, numeric=True),
            Column(Text("貴団体の数値", "Your weight").of(lang), 5, numeric=True),
            Column(Text("参加団体の計", "All members").of(lang), 5, numeric=True),
            Column(Text("計算額（円）", "Yen, exact").of(lang), 5, numeric=True),
        ),
        tuple(rows),
    )


def _lines(section: Section, key: str, rule: RoundingRule, lang: Lang) -> Table:
    """What a body bears, line by line with their sum; one line alone is the sum."""
    rows: list[Row] = []
    last = len(section.lines) - 1
    for place, line in enumerate(section.lines):
        label = words.line_words(line).of(lang)
        formula = None
        if line.by_rule is not None and section.head is not None:
            label += words.reduced(line.by_rule, section.head.account).of(lang)
        if line.kind is LineKind.SHARE:
            if line.limits is not None:
                label += limited_words(line.limits).of(lang)
            formula = _share_formula(section, line, key, rule)
        elif line.kind is LineKind.SETTLEMENT and section.moved:
            formula = f"{{{key}.moved.total.2}}"
        at, kind = (f"line.{place}", RowKind.PLAIN) if last else ("sum", RowKind.TOTAL)
        rows.append(Row((text(label), yen(line.jpy, f"{key}.{at}", formula)), kind))
    if last:
        formula = f"SUM({{{key}.line.0}}:{{{key}.line.{last}}})"
        label = Text("小計", "Subtotal").of(lang)
        rows.append(Row((text(label), yen(section.jpy, f"{key}.sum", formula)), RowKind.TOTAL))
    return Table(
        Text("貴団体の負担額", "What you bear").of(lang),
        yen_columns(Text("区分", "Item"), lang),
        tuple(rows),
    )


def _share_formula(section: Section, line: Line, key: str, rule: RoundingRule) -> str | None:
    """The formula of a share; None where it is not that of the percents alone, or where floating
    point, which spreadsheets calculate with, would come to another yen."""
    if line.limited or section.head is None or not line.parts:
        return None
    came = 0.0
    for part in line.parts:
        weight, of = weights(part.weight, part.of)
        percent = part.percent.numerator / part.percent.denominator
        came += section.head.divided * percent / 100 * float(weight) / float(of)
    if _in_floats(came, rule) != line.jpy:
        return None
    return rounding_formula(f"{{{key}.exact}}", rule.unit, rule.method)


def _in_floats(value: float, rule: RoundingRule) -> int:
    exact_value = Fraction(round(value, 6)) / rule.unit
    if rule.method is Rounding.FLOOR:
        units = exact_value.numerator // exact_value.denominator
    elif rule.method is Rounding.CEILING:
        units = -(-exact_value.numerator // exact_value.denominator)
    else:
        size = int(abs(exact_value) + Fraction(1, 2))
        units = size if exact_value >= 0 else -size
    return units * rule.unit
