"""The figures of a line of tax: what it is on, how it is rounded, why a body bears a difference. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from moyai.costs.apportion.allocation import Payer, PayerKind
from moyai.costs.explain.figures import Figure, percent, to_unit_words, two_places
from moyai.costs.explain.lines import Place, TaxLine
from moyai.costs.explain.shares import rank_words
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.taxes import Difference, Taxes
from moyai.costs.statements.titles import settlement_title, title_of
from moyai.registry.cost_rules import Bearer, Treatment
from moyai.texts import Text


def tax_figures(made: Reckoned, taxes: Taxes, place: Place, tax: TaxLine) -> tuple[Figure, ...]:
    """The figures of a body's line of tax, which sum to it."""
    if tax.is_difference:
        return (*_whole(made, taxes, tax.rate), *_bearing(taxes, place, tax))
    return tuple(_on_net(made, place, tax))


def _on_net(made: Reckoned, place: Place, tax: TaxLine) -> Iterator[Figure]:
    for one in dict(made.allocation.bodies())[place.code]:
        if yen := one.by_rate.get(tax.rate, 0):
            yield Figure("tax_net", title_of(one.rule, made.inputs.rules), yen)
    exact = tax.net * tax.rate / 100
    rate, how = percent(tax.rate), to_unit_words(made.inputs.rules.tax.method, 1)
    words = Text(
        f"計 {tax.net:,} 円の {rate} = {two_places(exact)} 円、{how.ja}",
        f"{rate} of their sum, {tax.net:,} yen, = {two_places(exact)} yen, {how.en}",
    )
    yield Figure("tax_rounded", words, tax.jpy, exact)


def _whole(made: Reckoned, taxes: Taxes, rate: Fraction) -> Iterator[Figure]:
    """The tax on the whole and what payers bear of it: what is left is the difference."""
    whole = made.allocation.taxes.get(rate, 0)
    for jpy, words in _sources(made, rate):
        whole -= jpy
        yield Figure("tax_source", words, jpy)
    if whole:
        words = Text("請求書の登録のない円の明細", "rows in yen without an invoice on record")
        yield Figure("tax_source", words, whole)
    came = made.inputs.tax_carried_in
    if on_net := came.on_net.get(rate, 0):
        words = Text("前期から繰り越した額の消費税", "on what the period before carried")
        yield Figure("tax_carried", words, on_net)
    if differences := came.differences.get(rate, 0):
        words = Text("前期から繰り越した差", "differences that the period before carried")
        yield Figure("tax_carried", words, differences)
    sums = {True: 0, False: 0}
    for payer, taxed in taxes.by_payer.items():
        sums[payer.kind is PayerKind.BODY] += sum(one.tax for one in taxed if one.rate == rate)
    words = Text("各団体の消費税額の計", "the sum of the bodies' taxes")
    yield Figure("tax_of_payers", words, -sums[True])
    if sums[False]:
        words = Text("団体以外の負担者の消費税額", "the taxes of payers that are no bodies")
        yield Figure("tax_of_payers", words, -sums[False])


def _sources(made: Reckoned, rate: Fraction) -> Iterator[tuple[int, Text]]:
    """What the tax on the whole is of: invoices on record, and settlements."""
    if made.inputs.rules.tax.treatment is Treatment.TAXABLE:
        for one in made.basis.invoices:
            if one.tax_rate == rate and one.tax_jpy:
                name = f"{one.issuer} {one.number}"
                yield one.tax_jpy, Text(f"請求書 {name}", f"invoice {name}")
    for settled in made.settlements:
        if yen := settled.taxes.get(rate, 0):
            yield yen, settlement_title(settled.period)


def _bearing(taxes: Taxes, place: Place, tax: TaxLine) -> Iterator[Figure]:
    """Each difference of the rate, by which rule it is borne, and what of it this body bears."""
    for one in taxes.differences[tax.rate]:
        words = Text("全体との差", "the difference to the whole")
        yield Figure("tax_difference", words, one.jpy)
        if yen := one.shares.get(place.code, 0):
            yield from _why(one, place.code, yen, _tax_of(taxes, place.code, tax.rate))


def _tax_of(taxes: Taxes, code: str, rate: Fraction) -> int:
    """A body's own tax at a rate."""
    taxed = taxes.by_payer[Payer(PayerKind.BODY, code)]
    return sum(one.tax for one in taxed if one.rate == rate)


def _why(found: Difference, code: str, yen: int, own_tax: int) -> Iterator[Figure]:
    if found.by is Bearer.LEAD:
        words = Text("規則により幹事団体が負担する", "borne by the lead body, by the rules")
    elif found.by is None:
        whole = sum(found.exact.values(), Fraction())
        words = Text(
            f"全団体の負担額の比で分ける（{found.exact[code]} / {whole}）",
            f"shared by what all bodies bear ({found.exact[code]} / {whole})",
        )
    else:
        lost = found.exact[code] - own_tax
        ja, en = ("切り捨てた", "lost") if lost >= 0 else ("切り上げた", "gained")
        words = Text(
            f"この団体の消費税額が端数処理で{ja}額 {two_places(abs(lost))} 円",
            f"what its tax {en} by rounding: {two_places(abs(lost))} yen",
        )
        yield Figure("tax_fraction", words, exact=lost)
        words = rank_words(found.order.index(code) + 1, len(found.order), 1)
    yield Figure("tax_bearer", words, yen)
