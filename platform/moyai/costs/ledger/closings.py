"""Closed periods: what their closing froze, and which corrections were settled since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.costs.ledger.invoices import Invoice, invoice_document, invoice_of
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
    carried: Mapping[str, int]
    """Pool → yen left to the next period."""
    tax_carried: Mapping[str, int]
    """Rate of tax in percent → yen of tax left to the next period."""
    at: str
    """UTC, ISO 8601."""
    by: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What a closed period rested on when another one settled the difference to what was billed before."""

    into: Period
    """The period, closed by then, that bears the settlement."""
    sources: Mapping[str, str]
    """As `Closed.sources`."""
    invoices: tuple[Invoice, ...]
    state: str
    at: str
    by: str


def closed_document(closed: Closed) -> dict[str, object]:
    """For JSON."""
    return {
        "sources": dict(closed.sources),
        "invoices": [invoice_document(invoice) for invoice in closed.invoices],
        "state": closed.state,
        "inputs": closed.inputs,
        "allocation": closed.allocation,
        "carried": dict(closed.carried),
        "tax_carried": dict(closed.tax_carried),
        "at": closed.at,
        "by": closed.by,
    }


def closed_of(document: Mapping[str, Any]) -> Closed:
    """What `closed_document` made. Raises `KeyError`, `TypeError`, `ValueError` otherwise."""
    return Closed(
        dict(document["sources"]),
        tuple(invoice_of(one) for one in document["invoices"]),
        document["state"],
        document["inputs"],
        document["allocation"],
        dict(document["carried"]),
        dict(document["tax_carried"]),
        document["at"],
        document["by"],
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
    }


def correction_of(document: Mapping[str, Any]) -> Correction:
    """What `correction_document` made. Raises as `closed_of` does."""
    return Correction(
        period_of(document["into"]),
        dict(document["sources"]),
        tuple(invoice_of(one) for one in document["invoices"]),
        document["state"],
        document["at"],
        document["by"],
    )
