"""What is asked of every payer of a period, as a document: its hash is printed on papers. Pure.

A closing keeps it. Who can write into the ledger can make all of its hashes anew, but not those on paper:
whatever papers say is in this document, or in what it names by hash.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from moyai.costs.apportion.allocation import Allocation, Payer
from moyai.costs.frozen import Inputs
from moyai.costs.periods import Period
from moyai.costs.record import plain
from moyai.costs.statements.taxes import Taxed, Taxes


@dataclass(frozen=True, slots=True)
class Settles:
    """A closed period that a period settles."""

    period: Period
    inputs_sha256: str
    """As `Closed.inputs`."""
    billed_state: str
    """`Basis.state` that it was billed by."""
    state: str
    """`Basis.state` that it comes to since."""
    billed_allocation: str
    """SHA-256 of the allocation's document that it was billed by: what it had settled and taken of others
    itself is in that, and in no state of its own."""
    allocation: str
    """Of the allocation that it comes to since."""


def asked_document(
    made: Allocation,
    taxes: Taxes,
    inputs: Inputs,
    state_sha256: str,
    settles: tuple[Settles, ...],
    closed_at: str | None,
) -> dict[str, object]:
    """What is asked of whom, by whom, on which days. Amounts are whole yen, `…_jpy`; rates are percent, None
    of what has no tax. The same inputs give the same bytes, as of `document`.

    `closed_at`: as `Closed.at`, None of an open period; its day is that of issue, from which days of payment
    follow.
    """
    return {
        "period": str(made.period),
        "state_sha256": state_sha256,
        "rules_sha256": inputs.rules_sha256,
        "inputs_sha256": inputs.sha256,
        "settles": [
            {
                "period": str(one.period),
                "inputs_sha256": one.inputs_sha256,
                "billed_state_sha256": one.billed_state,
                "state_sha256": one.state,
                "billed_allocation_sha256": one.billed_allocation,
                "allocation_sha256": one.allocation,
            }
            for one in settles
        ],
        "closed_at": closed_at,
        "issuer": asdict(inputs.issuer),
        "instalments": None if inputs.instalments is None else _instalments(inputs),
        "payers": [
            _payer(payer, taxed, inputs)
            for payer, taxed in sorted(taxes.by_payer.items(), key=_place)
        ],
        "unallocated": {"net_jpy": made.unallocated_jpy, "tax_jpy": taxes.unallocated},
        "tax_carried": {plain(rate): yen for rate, yen in sorted(taxes.carried.items())},
    }


def _place(item: tuple[Payer, tuple[Taxed, ...]]) -> tuple[str, str]:
    return item[0].kind.value, item[0].name


def _instalments(inputs: Inputs) -> dict[str, object]:
    assert inputs.instalments is not None
    return {
        "days": list(inputs.instalments.days),
        "above_jpy": inputs.instalments.above,
        "fiscal_year_start": inputs.fiscal_year_start,
    }


def _payer(payer: Payer, taxed: tuple[Taxed, ...], inputs: Inputs) -> dict[str, object]:
    return {
        "kind": payer.kind.value,
        "code": payer.name,
        "name": inputs.names.get(payer.name, payer.name),
        "by_rate": [
            {
                "rate": None if one.rate is None else plain(one.rate),
                "net_jpy": one.net,
                "tax_jpy": one.tax,
                "difference_jpy": one.difference,
            }
            for one in taxed
        ],
        "net_jpy": sum(one.net for one in taxed),
        "total_jpy": sum(one.gross for one in taxed),
    }
