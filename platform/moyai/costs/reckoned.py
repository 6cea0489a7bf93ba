"""A period as it comes out, with all that it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.costs.analysis.sums import Sums, sums_of
from moyai.costs.apportion.allocation import Allocation, PayerKind, Settlement
from moyai.costs.apportion.inputs import Carried, Rate, TaxCarried, rate_order
from moyai.costs.asked import Settles, asked_document
from moyai.costs.frozen import Inputs
from moyai.costs.invoice_rows import Corrected
from moyai.costs.ledger.closings import Closed
from moyai.costs.ledger.manifest import Basis
from moyai.costs.record import document, sha256
from moyai.costs.statements.taxes import Taxes, tax
from moyai.costs.yen import Converted
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.registry.cost_rules import Treatment
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A period as it comes out, with all that it rests on."""

    allocation: Allocation
    converted: Converted
    inputs: Inputs
    basis: Basis
    settlements: tuple[Settlement, ...]
    closed: bool
    corrected: tuple[Corrected, ...] = ()
    """Invoices of closed periods that this one settles, which their rows differ from since."""
    settles: tuple[Settles, ...] = ()
    """Closed periods that it settles, in the order in which they were closed; they may come to the same."""
    closed_at: str | None = None
    """As `Closed.at`; None of an open period."""

    @property
    def notes(self) -> tuple[Text, ...]:
        """What a reader should know of invoices, those of settled periods after its own."""
        settled = (one.note for one in self.corrected if not one.found.is_rounding)
        return (*self.converted.notes, *settled)

    @property
    def allocation_sha256(self) -> str:
        """The hash of its document."""
        return sha256(document(self.allocation))

    @property
    def asked(self) -> dict[str, object]:
        """What is asked of its payers, as a document."""
        return asked_document(
            self.allocation,
            self.taxes,
            self.inputs,
            self.basis.state,
            self.settles,
            self.closed_at,
        )

    @property
    def asked_sha256(self) -> str:
        """The hash of that."""
        return sha256(self.asked)

    @property
    def taxes(self) -> Taxes:
        """What its payers bear of the tax."""
        return tax(self.allocation, self.inputs.rules.tax, self.inputs.tax_carried_in)

    @property
    def is_taxed(self) -> bool:
        """Whether there is tax beside net amounts: contributions are taxable, or there is tax of a month in
        which they were."""
        return self.inputs.rules.tax.treatment is Treatment.TAXABLE or self.taxes.is_there

    @property
    def sums(self) -> Sums:
        """What it comes to with tax, by who bears it."""
        return sums_of(self.allocation, self.taxes)

    @property
    def tax_carried(self) -> TaxCarried:
        """Tax that this period leaves to the next."""
        return self.taxes.left_to_next

    @property
    def carried(self) -> tuple[Carried, ...]:
        """What this period leaves to pools of the next, in order of pools and rates."""
        found: dict[tuple[str, Rate], int] = {}
        for one in self.allocation.borne:
            if one.payer.kind is PayerKind.CARRY:
                for rate, yen in one.by_rate.items():
                    key = (one.payer.name, rate)
                    found[key] = found.get(key, 0) + yen
        ordered = sorted(found, key=lambda key: (key[0], rate_order(key[1])))
        return tuple(Carried(*key, found[key]) for key in ordered if found[key])


def verify(made: Reckoned, closed: Closed) -> None:
    """Raises `OperationFailed` where a closed period does not come out as it was closed, or asks its payers for
    anything else."""
    allocation_sha256 = made.allocation_sha256
    if allocation_sha256 != closed.allocation:
        raise _differs(
            Text(
                f"{made.basis.period} は閉じたときの按分と一致しません（{allocation_sha256}）。",
                f"{made.basis.period} does not come out as it was closed ({allocation_sha256}).",
            )
        )
    asked_sha256 = made.asked_sha256
    if asked_sha256 != closed.asked:
        raise _differs(
            Text(
                f"{made.basis.period} は閉じたときの請求の内容と一致しません（{asked_sha256}）。",
                f"{made.basis.period} does not ask for what it was closed with ({asked_sha256}).",
            )
        )


def _differs(what: Text) -> OperationFailed:
    return OperationFailed(
        what,
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "台帳が変えられていないか、控えと比べてください。",
            "Compare the ledger with a backup: it may have been changed.",
        ),
    )
