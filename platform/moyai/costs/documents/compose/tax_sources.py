"""What tax is of where contributions are outside its scope: settlements of taxable months, and what these
carried or what came late to them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.documents.compose import words
from moyai.costs.documents.paper import Block, Column, Note, Row, Table, text, yen
from moyai.costs.documents.written import signed
from moyai.costs.statements.statement import Section, Statement
from moyai.costs.statements.titles import late_title
from moyai.registry.cost_rules import Treatment
from moyai.texts import Lang, Text

TAXED_NET = Text("税の対象額", "taxed net")
"""The kind of their records."""
_CARRIED = Text("前期からの繰越", "Carried in")
_FLOWS = Text("配賦", "Flows")


@dataclass(frozen=True, slots=True)
class Source:
    """Net yen of one section at one rate."""

    label: Text
    rate: Fraction
    net: int
    section: int
    """Its number in the statement."""
    is_whole: bool
    """Whether the section has no other rate."""


def sources(statement: Statement) -> tuple[Source, ...]:
    """In order of rates and sections; they sum to the statement's net yen at each rate. Empty where
    contributions are taxable: all is taxed then."""
    if statement.rules.tax.treatment is Treatment.TAXABLE:
        return ()
    return tuple(
        Source(_label(section, taxed.rate), taxed.rate, net, at, len(section.by_rate) == 1)
        for taxed in statement.by_rate
        if taxed.rate is not None
        for at, section in enumerate(statement.sections, 1)
        if (net := section.by_rate.get(taxed.rate))
    )


def source_blocks(statement: Statement, key: str, lang: Lang) -> Iterator[Block]:
    """A table of them, and what adjustments of the tax are; nothing where there is no such tax."""
    found = sources(statement)
    if found and statement.is_taxed:
        yield Table(
            Text(
                "消費税の対象額（課税の月の税抜額）",
                "What the tax is on: net yen of taxable months",
            ).of(lang),
            (
                Column(Text("区分", "Item").of(lang), 7),
                Column(Text("税率", "Rate").of(lang), 3),
                Column(Text("税抜額（円）", "Net yen").of(lang), 4, numeric=True),
            ),
            tuple(_row(one, f"{key}.on.{at}", lang) for at, one in enumerate(found)),
        )
    for note in difference_notes(statement):
        yield Note(note.of(lang))


def difference_notes(statement: Statement) -> Iterator[Text]:
    """What adjustments of the tax are, by rate."""
    if statement.rules.tax.treatment is Treatment.TAXABLE:
        return
    for taxed in statement.by_rate:
        if taxed.rate is None or not taxed.difference:
            continue
        line = words.about(words.TAX_DIFFERENCE, words.rate(taxed.rate))
        came = statement.tax_carried_in.get(taxed.rate, 0)
        carried = Text("", "")
        if came:
            carried = Text(
                f"前期から繰り越された消費税（全体で{signed(came, 'ja', 0)}円）と、",
                f"tax that the period before carried ({signed(came, 'en', 0)} yen of all bodies) and of ",
            )
        yield Text(
            f"{line.ja}は、{carried.ja}課税の月の税額を負担者ごとに丸めた差のうち、貴団体の負担分です。",
            f"{line.en}: your part of {carried.en}what rounding that of taxable months leaves.",
        )


def _row(source: Source, key: str, lang: Lang) -> Row:
    formula = f"{{all.{source.section}}}" if source.is_whole else None
    cells = (text(source.label.of(lang)), text(words.rate(source.rate).of(lang)))
    return Row((*cells, yen(source.net, key, formula)))


def _label(section: Section, rate: Fraction) -> Text:
    """A settlement by its title, which has its month; others with how net yen at the rate came into them."""
    ways: list[Text] = []
    if section.head is not None:
        account = section.head.account
        if account.carried_in_by_rate.get(rate):
            ways.append(_CARRIED)
        ways += [
            late_title(one) for one, mix in sorted(account.settled_in.items()) if mix.get(rate)
        ]
        if any(mix.get(rate) for mix in account.flowed_in_by_rate.values()):
            ways.append(_FLOWS)
    ways += [
        late_title(line.settled)
        for line in section.lines
        if line.kind is LineKind.LATE and line.settled is not None
    ]
    if not ways:
        return section.title
    of = Text("、".join(one.ja for one in ways), ", ".join(one.en for one in ways))
    return words.about(section.title, of)
