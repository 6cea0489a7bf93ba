"""What all papers have: sender, basis, facts on the rules, tables of tax. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from moyai.costs.documents.compose import words
from moyai.costs.documents.paper import BLANK, Cell, Column, Row, RowKind, text, yen
from moyai.costs.documents.written import day, month
from moyai.costs.periods import Period
from moyai.costs.statements.statement import Basis, Statement
from moyai.registry.cost_rules import Issuer, Rounding, RuleSet
from moyai.texts import Lang, Text, same

Pairs = tuple[tuple[str, str], ...]
SUMMARY = "all"
"""The key of a statement's sums in its workbook: `all.1` of a section, `all.net`, `all.net.0` of a rate."""


def sender(issuer: Issuer, lang: Lang) -> tuple[str, ...]:
    """Who sends it, a line each."""
    lines = [issuer.name]
    if issuer.registration_number:
        label = Text("登録番号", "Registration number").of(lang)
        lines.append(f"{label} {issuer.registration_number}")
    if issuer.contact:
        lines.append(issuer.contact)
    return tuple(lines)


def basis(found: Basis, period: Period, lang: Lang) -> Pairs:
    """What the document rests on."""
    return (
        (Text("対象期間", "Period").of(lang), str(period)),
        (Text("期間の状態", "State of the period").of(lang), found.state_sha256),
        (Text("按分規則", "Rules").of(lang), found.rules_sha256),
        (Text("按分結果", "Allocation").of(lang), found.allocation_sha256),
        (Text("請求の内容", "What is asked").of(lang), found.asked_sha256),
    )


def marks(statement: Statement, lang: Lang) -> tuple[str, ...]:
    """That a body's papers are provisional, and why."""
    found = words.provisional(statement.basis, leaves_cost=statement.leaves_cost)
    return tuple(mark.of(lang) for mark in found)


def titled(title: str, found: Basis, lang: Lang) -> str:
    """A file's title, with a word where it is provisional."""
    if found.closed:
        return title
    return words.about(same(title), words.PROVISIONAL).of(lang)


def rule_facts(rules: RuleSet, period: Period, names: Mapping[str, str], lang: Lang) -> Pairs:
    """The period and the rules that it is shared by."""
    last = period.end.toordinal() - 1
    through = day(type(period.end).fromordinal(last), lang)
    agreed = rules.agreed or Text("－", "–").of(lang)
    facts: Sequence[tuple[Text, str]] = (
        (
            Text("対象期間", "Period"),
            Text(
                f"{month(period, 'ja')}分（{day(period.first, 'ja')}から{through}まで）",
                f"{month(period, 'en')} ({day(period.first, 'en')} to {through})",
            ).of(lang),
        ),
        (Text("按分規則", "Rules"), rules.name),
        (Text("議決・合意", "Agreed"), agreed),
        (Text("適用期間", "In force"), words.span(rules).of(lang)),
        (Text("基準人口", "Reference population"), words.population(rules).of(lang)),
        (Text("端数処理", "Rounding"), words.rounding(rules, names).of(lang)),
        (Text("課税区分", "Tax"), words.treatment(rules, names).of(lang)),
    )
    return tuple((label.of(lang), said) for label, said in facts)


def totals(statement: Statement, key: str, lang: Lang) -> list[Row]:
    """From the net sum, `{key}.net`, to the total `{key}.total`: the tax once for each rate.

    Empty where there is no tax beside net amounts. Net amounts by rate come of the sections' sums where
    `key` is `SUMMARY`, else they are those of the summary.
    """
    if not statement.is_taxed:
        return []
    by_rate, rules = statement.by_rate, statement.rules
    rows: list[Row] = []
    added = [f"{{{key}.net}}"]
    for at, taxed in enumerate(by_rate):
        if taxed.rate is None:
            continue
        label = words.rate(taxed.rate)
        net, tax, over = f"{key}.net.{at}", f"{key}.tax.{at}", f"{key}.over.{at}"
        formula = rounding_formula(f"{{{net}}}*{number(taxed.rate)}/100", 1, rules.tax.method)
        base = _net_formula(statement, taxed.rate) if key == SUMMARY else f"{{{SUMMARY}.net.{at}}}"
        amounts = (yen(taxed.net, net, base), yen(taxed.tax, tax, formula))
        rows.append(Row((text(words.about(words.TAX, label).of(lang)), *amounts)))
        added.append(f"{{{tax}}}")
        if taxed.difference:
            title = words.about(words.TAX_DIFFERENCE, label).of(lang)
            rows.append(Row((text(title), BLANK, yen(taxed.difference, over))))
            added.append(f"{{{over}}}")
    total = yen(sum(taxed.gross for taxed in by_rate), f"{key}.total", "+".join(added))
    rows.append(Row((text(words.TOTAL.of(lang)), BLANK, total), RowKind.TOTAL))
    return rows


def _net_formula(statement: Statement, rate: Fraction) -> str | None:
    """The net yen at a rate, of sections that have no other. None where one has: no formula has how its
    rates are parted."""
    if len(statement.by_rate) == 1:
        return f"{{{SUMMARY}.net}}"
    found = []
    for at, section in enumerate(statement.sections, 1):
        if rate in section.by_rate:
            if len(section.by_rate) > 1:
                return None
            found.append(f"{{{SUMMARY}.{at}}}")
    return "+".join(found) or None


def yen_columns(label: Text, lang: Lang) -> tuple[Column, ...]:
    """A table of a label and yen."""
    return (Column(label.of(lang), 3), Column(words.YEN.of(lang), 2, numeric=True))


def rounding_formula(expression: str, unit: int, method: Rounding) -> str:
    """A formula that brings an expression to a unit as the rule does. What floats add beyond the sixth
    decimal is taken off first."""
    scaled = f"ROUND({expression},6)" + ("" if unit == 1 else f"/{unit}")
    times = "" if unit == 1 else f"*{unit}"
    if method is Rounding.FLOOR:
        return f"INT({scaled}){times}"
    if method is Rounding.CEILING:
        return f"-INT(-({scaled})){times}"
    return f"ROUND({scaled},0){times}"


def sums_of(rows: Sequence[tuple[Cell, ...]], key: str, columns: int) -> list[Cell]:
    """The sum of each column of cells whose keys are `KEY.row.column`."""
    found = []
    for at in range(columns):
        total = sum(value for row in rows if isinstance(value := row[at].value, int))
        formula = f"SUM({{{key}.0.{at}}}:{{{key}.{len(rows) - 1}.{at}}})" if rows else None
        found.append(yen(total, f"{key}.total.{at}", formula))
    return found


def number(value: Fraction | int) -> str:
    """A number in a formula: exact, as a quotient where it has no end."""
    exact = Fraction(value)
    return (
        str(exact.numerator)
        if exact.denominator == 1
        else f"({exact.numerator}/{exact.denominator})"
    )


def addressee(statement: Statement, lang: Lang) -> str:
    """Whom it goes to."""
    code = statement.code
    return f"{statement.name} 御中（{code}）" if lang == "ja" else f"{statement.name} ({code})"


def amount_columns(first: Text, taxable: bool, lang: Lang) -> tuple[Column, ...]:
    """A table of labels and yen; where there is tax, with the net amount that it is on."""
    net = Column(Text("税率別の税抜額（円）", "Net yen at the rate").of(lang), 4, numeric=True)
    return (
        Column(first.of(lang), 7),
        *((net,) if taxable else ()),
        Column(words.YEN.of(lang), 3, numeric=True),
    )
