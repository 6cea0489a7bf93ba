"""Closed periods: what their closing froze, and which corrections were settled since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.inputs import Carried, TaxCarried
from moyai.costs.ledger.invoices import Invoice, invoice_document, invoices_of
from moyai.costs.ledger.values import (
    Document,
    document_of,
    hashes_of,
    is_none,
    list_of,
    moment_of,
    part_of,
    rate_of,
    sha256_of,
    text_of,
    whole_of,
    wholes_of,
    yen_by_rate,
)
from moyai.costs.periods import Period, period_of


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closed period rests on for good; what came later is a correction to it."""

    sources: Mapping[str, str]
    """File → SHA-256 of the rows of the version that counts."""
    invoices: tuple[Invoice, ...]
    state: str
    """`Basis.state` at closing."""
    inputs: str
    """SHA-256 of rules, members and names at closing: `closings/<inputs>.json`."""
    allocation: str
    """SHA-256 of the allocation's document: `closings/<allocation>.json`."""
    asked: str
    """SHA-256 of what is asked of the payers: `closings/<asked>.json`."""
    carried: tuple[Carried, ...]
    """Left to pools of the next period."""
    tax_carried: TaxCarried
    """Left to the next period."""
    at: str
    """UTC, ISO 8601."""
    by: str
    versions: Mapping[str, int]
    """File → which of its versions was its last one then, from 1; a withdrawal is one too."""
    number: int
    """Which closing of the ledger it is, from 1: clocks of several machines tell no order."""

    @property
    def documents(self) -> tuple[str, str, str]:
        """SHA-256 of the documents that the closing kept."""
        return self.inputs, self.allocation, self.asked


@dataclass(frozen=True, slots=True)
class Correction:
    """What a closed period rested on when another one settled the difference to what was billed before. It may
    be the same: late costs that it took of others are others since."""

    into: Period
    """The period, closed by then, that bears the settlement."""
    sources: Mapping[str, str]
    """As `Closed.sources`."""
    invoices: tuple[Invoice, ...]
    state: str
    at: str
    by: str
    versions: Mapping[str, int]
    """As `Closed.versions`."""


Frozen = Closed | Correction
"""What a period rested on at one moment."""


def closed_document(closed: Closed) -> dict[str, object]:
    """For JSON."""
    return {
        "sources": dict(closed.sources),
        "invoices": [invoice_document(invoice) for invoice in closed.invoices],
        "state": closed.state,
        "inputs": closed.inputs,
        "allocation": closed.allocation,
        "asked": closed.asked,
        "carried": [_carried_document(one) for one in closed.carried],
        "tax_carried": {
            "on_net": _by_rate(closed.tax_carried.on_net),
            "differences": _by_rate(closed.tax_carried.differences),
        },
        "at": closed.at,
        "by": closed.by,
        "versions": dict(closed.versions),
        "number": closed.number,
    }


def closed_of(document: Document) -> Closed:
    """What `closed_document` made. Raises `Damaged` otherwise."""
    return Closed(
        hashes_of(document, "sources"),
        invoices_of(document),
        sha256_of(document, "state"),
        sha256_of(document, "inputs"),
        sha256_of(document, "allocation"),
        sha256_of(document, "asked"),
        tuple(_carried(document_of(one, "carried")) for one in list_of(document, "carried")),
        _tax_carried(part_of(document, "tax_carried")),
        moment_of(document, "at"),
        text_of(document, "by"),
        wholes_of(document, "versions"),
        whole_of(document, "number"),
    )


def correction_document(correction: Correction) -> dict[str, object]:
    """For JSON."""
    return {
        "into": str(correction.into),
        "sources": dict(correction.sources),
        "invoices": [invoice_document(invoice) for invoice in correction.invoices],
        "state": correction.state,
        "at": correction.at,
        "by": correction.by,
        "versions": dict(correction.versions),
    }


def correction_of(document: Document) -> Correction:
    """What `correction_document` made. Raises `Damaged`, or `UsageError` for what is no period."""
    return Correction(
        period_of(text_of(document, "into")),
        hashes_of(document, "sources"),
        invoices_of(document),
        sha256_of(document, "state"),
        moment_of(document, "at"),
        text_of(document, "by"),
        wholes_of(document, "versions"),
    )


def _carried_document(carried: Carried) -> dict[str, object]:
    rate = None if carried.rate is None else str(carried.rate)
    return {"pool": carried.pool, "rate": rate, "jpy": carried.jpy}


def _carried(document: Document) -> Carried:
    rate = None if is_none(document, "rate") else rate_of(document, "rate")
    return Carried(text_of(document, "pool"), rate, whole_of(document, "jpy"))


def _tax_carried(document: Document) -> TaxCarried:
    return TaxCarried(yen_by_rate(document, "on_net"), yen_by_rate(document, "differences"))


def _by_rate(yen: Mapping[Fraction, int]) -> dict[str, int]:
    return {str(rate): jpy for rate, jpy in sorted(yen.items())}
