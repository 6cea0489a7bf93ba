"""What bodies bear of a period with tax: columns, records, and a sentence that they sum to."""

from __future__ import annotations

from enum import StrEnum

from moyai.costs.apportion.allocation import Payer, PayerKind
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.taxes import Taxes
from moyai_cli.language import say
from moyai_cli.render import Column


class Amounts(StrEnum):
    """What amounts are where there is tax beside net ones; None where there is none. As programs read it."""

    WITH_TAX = "included"
    BEFORE_TAX = "excluded"

    @staticmethod
    def with_tax(is_taxed: bool) -> Amounts | None:
        """Of amounts that have the tax in them."""
        return Amounts.WITH_TAX if is_taxed else None

    @staticmethod
    def before_tax(is_taxed: bool) -> Amounts | None:
        """Of amounts that tax is added to."""
        return Amounts.BEFORE_TAX if is_taxed else None


_MARKS = {
    Amounts.WITH_TAX: say("税込", "with tax"),
    Amounts.BEFORE_TAX: say("税抜", "before tax"),
}


def yen_heading(ja: str, en: str, mark: Amounts | None) -> str:
    """A heading of amounts in yen: 差（税込・円）."""
    if mark is None:
        return say(f"{ja}（円）", en)
    return say(f"{ja}（{_MARKS[mark]}・円）", f"{en} ({_MARKS[mark]})")


def marked(words: str, mark: Amounts | None) -> str:
    """A heading that says elsewhere that it is of yen: うち加入金（税抜）."""
    return words if mark is None else words + say(f"（{_MARKS[mark]}）", f" ({_MARKS[mark]})")


def taxes_shown(made: Reckoned) -> Taxes | None:
    """The taxes of a period where there is tax beside net amounts; else None."""
    return made.taxes if made.is_taxed else None


def yen_columns(taxes: Taxes | None) -> list[Column]:
    """What a body bears: net, tax and gross where there is tax."""
    if taxes is None:
        return [Column("jpy", say("負担（円）", "yen"), is_number=True)]
    return [
        Column("jpy", say("税抜（円）", "net"), is_number=True),
        Column("tax_jpy", say("消費税", "tax"), is_number=True),
        Column("gross_jpy", say("税込（円）", "gross"), is_number=True),
    ]


def codes_of(taxes: Taxes) -> tuple[str, ...]:
    """Codes of bodies that bear something, tax alone included, in order."""
    return tuple(sorted(one.name for one in taxes.by_payer if one.kind is PayerKind.BODY))


def tax_record(taxes: Taxes, code: str) -> dict[str, object]:
    """A body's tax, its part of the difference included, and all that it bears; yen."""
    body = Payer(PayerKind.BODY, code)
    return {"tax_jpy": taxes.tax_of(body), "gross_jpy": taxes.gross_of(body)}


def tax_sentence(taxes: Taxes) -> str:
    """All of the tax, and who bears it where not bodies do."""
    by_kind = dict.fromkeys(PayerKind, 0)
    for payer in taxes.by_payer:
        by_kind[payer.kind] += taxes.tax_of(payer)
    bodies = by_kind[PayerKind.BODY]
    others = {
        say("補助", "subsidies"): by_kind[PayerKind.SUBSIDY],
        say("次期へ繰越", "carried to the next period"): by_kind[PayerKind.CARRY]
        + sum(taxes.carried.values()),
        say("負担者なし", "unallocated"): taxes.unallocated,
    }
    whole = bodies + sum(others.values())
    more = "".join(
        say(f"、{words} {yen:,} 円", f", {yen:,} {words}") for words, yen in others.items() if yen
    )
    return say(
        f"消費税 {whole:,} 円: 団体 {bodies:,} 円{more}",
        f"{whole:,} yen of tax: {bodies:,} borne by bodies{more}",
    )
