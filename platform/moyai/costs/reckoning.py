"""What a period comes to: from the ledger, by the rules of the file, or by those it was closed with.

A closed period is reckoned from what its closing froze: rows, invoices, rules, members. The same bytes come
out, whatever tenants.yaml says by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from moyai.costs.apportion.allocate import allocate
from moyai.costs.apportion.allocation import Allocation, PayerKind, Settlement
from moyai.costs.apportion.inputs import Members
from moyai.costs.apportion.settling import settlement
from moyai.costs.frozen import Inputs, decode_inputs
from moyai.costs.ledger.closings import Closed
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Basis, Manifest, PeriodPart
from moyai.costs.ledger.query import drivers_of
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.membership import by_codes, members_of, names_of, successor
from moyai.costs.periods import Period
from moyai.costs.record import document, plain, sha256
from moyai.costs.statements.taxes import tax
from moyai.costs.yen import Converted, in_yen
from moyai.errors import NOTHING_TOUCHED, OperationFailed, UsageError
from moyai.registry.cost_rules import CostSharing, RuleSet
from moyai.registry.models import Registry
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

    @property
    def allocation_sha256(self) -> str:
        """The hash of its document."""
        return sha256(document(self.allocation))

    @property
    def tax_carried(self) -> dict[str, int]:
        """Rate of tax in percent → yen of tax that this period leaves to the next."""
        left = tax(self.allocation, self.inputs.rules.tax, self.inputs.tax_carried_in).left_to_next
        return {plain(rate): yen for rate, yen in left.items()}

    @property
    def carried(self) -> dict[str, int]:
        """Pool → yen that this period leaves to the next."""
        found: dict[str, int] = {}
        for one in self.allocation.borne:
            if one.payer.kind is PayerKind.CARRY:
                found[one.payer.name] = found.get(one.payer.name, 0) + one.jpy
        return found


class Reckoner:
    """Reckons the periods of one ledger as it is at one moment."""

    def __init__(self, ledger: Ledger, manifest: Manifest, registry: Registry) -> None:
        self._ledger = ledger
        self._manifest = manifest
        self._registry = registry

    def reckon(self, period: Period) -> Reckoned:
        """A period as it stands: what it was closed with, or what it comes to now.

        Raises `UsageError` where nothing is on record of it, no rule set holds, or rows have no invoice.
        """
        part = self._manifest.part(period)
        if part.closed is not None:
            return self._closed(period, part, part.closed_basis(period))
        basis = part.current(period)
        names = self._names(period)
        settlements = self._settlements(period, names)
        if not basis.sources and not settlements:
            raise _nothing(period)
        inputs = self.inputs(period, basis)
        inputs = replace(
            inputs,
            names={**self._former_names(settlements), **inputs.names},
            members=replace(inputs.members, names=names),
        )
        return self._reckoned(basis, inputs, settlements, closed=False)

    def inputs(self, period: Period, basis: Basis) -> Inputs:
        """What tenants.yaml says of a period."""
        sharing = sharing_of(self._registry)
        rules = sharing.on(period.first)
        if rules is None:
            raise _no_rules(period)
        drivers = drivers_of(self._ledger.store, basis)
        carried = self._carried(period)
        return Inputs(
            rules,
            members_of(self._registry, rules, period, drivers, carried),
            sharing.issuer,
            sharing.instalments,
            {body.code: body.name for body in self._registry.tenants},
            self._registry.federation.fiscal_year_start,
            self._tax_carried(period),
        )

    def with_rules(self, period: Period, rules: RuleSet) -> Reckoned:
        """What a period would come to by other rules; settlements are left out."""
        present = self.reckon(period)
        present = replace(present, inputs=replace(present.inputs, rules=rules))
        inputs = replace(present.inputs, members=self.members(present, self._registry))
        return self._reckoned(present.basis, inputs, (), closed=False)

    def otherwise(
        self,
        present: Reckoned,
        members: Members | None = None,
        invoices: tuple[Invoice, ...] | None = None,
    ) -> Reckoned:
        """A period as it would come out with other members or invoices; settlements are left out."""
        inputs, basis = present.inputs, present.basis
        if members is not None:
            inputs = replace(inputs, members=members)
        if invoices is not None:
            basis = replace(basis, invoices=invoices)
        return self._reckoned(basis, inputs, (), closed=False)

    def members(self, present: Reckoned, registry: Registry) -> Members:
        """Who would share a period by its own rules were the file another."""
        return members_of(
            registry,
            present.inputs.rules,
            present.basis.period,
            drivers_of(self._ledger.store, present.basis),
            present.inputs.members.carried,
        )

    def due_corrections(self, period: Period) -> tuple[tuple[Period, Basis], ...]:
        """Closed periods that an open one settles, with what they rest on since."""
        names = self._names(period)
        return tuple(
            (closed, after)
            for closed, before, after in self._corrected(period)
            if self._settlement(closed, before, after, names) is not None
        )

    def steps(self, closed: Period, period: Period) -> tuple[Reckoned, Reckoned]:
        """A closed period by what it was billed by, and by what it comes to since, as another one settles
        it. Raises `StopIteration` where that one does not."""
        part = self._manifest.part(closed)
        before, after = next(
            (old, new) for one, old, new in self._corrected(period) if one == closed
        )
        return self._closed(closed, part, before), self._closed(closed, part, after)

    def _closed(self, period: Period, part: PeriodPart, basis: Basis) -> Reckoned:
        """A closed period by what its closing froze, with these rows, drivers and invoices."""
        inputs = self._frozen(part)
        assert part.closed is not None
        if basis.state != part.closed.state:
            measured = by_codes(drivers_of(self._ledger.store, basis), inputs.members.names)
            inputs = replace(inputs, members=replace(inputs.members, drivers=measured))
        settlements = self._settlements(period, inputs.members.names)
        return self._reckoned(basis, inputs, settlements, closed=True)

    def _frozen(self, part: PeriodPart) -> Inputs:
        """What the closing of a period kept."""
        assert part.closed is not None
        return decode_inputs(self._ledger.closing(part.closed.inputs))

    def _reckoned(
        self, basis: Basis, inputs: Inputs, settlements: tuple[Settlement, ...], *, closed: bool
    ) -> Reckoned:
        groups = sorted_rows(self._ledger.store, basis, inputs.rules, inputs.members.names)
        converted = in_yen(basis.period, groups, basis.invoices, inputs.rules.tax)
        made = allocate(converted.bill, inputs.rules, inputs.members, settlements)
        return Reckoned(made, converted, inputs, basis, settlements, closed)

    def _carried(self, period: Period) -> Mapping[str, int]:
        """What the last closed period left, where this one takes it."""
        before = self._carrier(period)
        return {} if before is None else before.carried

    def _tax_carried(self, period: Period) -> Mapping[Fraction, int]:
        """What it left of the tax."""
        before = self._carrier(period)
        left = {} if before is None else before.tax_carried
        return {Fraction(rate): yen for rate, yen in left.items()}

    def _carrier(self, period: Period) -> Closed | None:
        """The closed period whose carry one takes. The last one's goes into the one open period that
        bears settlements too; those before it were taken by the closed ones after them."""
        if period != self._bearer():
            return None
        closed = (part.closed for _, part in self._in_order())
        return next((one for one in reversed(list(closed)) if one is not None), None)

    def _in_order(self) -> list[tuple[Period, PeriodPart]]:
        return sorted(self._manifest.periods.items(), key=lambda item: item[0])

    def _settlements(self, period: Period, names: Mapping[str, str]) -> tuple[Settlement, ...]:
        """What closed periods came to differently and this one bears: what no period has settled yet, or
        what it was closed with. `names`: as `Members.names` of this period."""
        found = (self._settlement(*one, names) for one in self._corrected(period))
        return tuple(one for one in found if one is not None)

    def _settlement(
        self, closed: Period, before: Basis, after: Basis, names: Mapping[str, str]
    ) -> Settlement | None:
        part = self._manifest.part(closed)
        return settlement(
            self._closed(closed, part, before).allocation,
            self._closed(closed, part, after).allocation,
            names,
        )

    def _corrected(self, period: Period) -> Iterator[tuple[Period, Basis, Basis]]:
        """Closed periods whose corrections one bears: what they were billed by before, and come to since."""
        is_bearer = period == self._bearer()
        for closed, part in self._in_order():
            if part.closed is None:
                continue
            before = part.closed_basis(closed)
            for correction in part.corrections:
                after = part.basis_of(closed, correction.sources, correction.invoices)
                if correction.into == period:
                    yield closed, before, after
                before = after
            after = part.current(closed)
            if is_bearer and after.state != before.state:
                yield closed, before, after

    def _names(self, period: Period) -> dict[str, str]:
        """What codes mean in an open period: as the file has it, and for bodies of periods that it settles of
        which the file has no code, as closings have it, one merger after the other."""
        names = names_of(self._registry)
        corrected = {closed for closed, _, _ in self._corrected(period)}
        bodies = {
            code
            for closed in sorted(corrected)
            for code in self._frozen(self._manifest.part(closed)).members.bodies
        }
        unknown = sorted(bodies - names.keys())
        frozen = self._frozen_names() if unknown else []
        for code in unknown:
            if (became := successor(code, frozen, names)) != code:
                names[code] = became
        return names

    def _frozen_names(self) -> list[Mapping[str, str]]:
        """What codes meant at each closing, the oldest one first: a month may be closed after a later one."""
        closed = [part.closed for _, part in self._in_order() if part.closed is not None]
        closed.sort(key=lambda one: one.at)
        return [decode_inputs(self._ledger.closing(one.inputs)).members.names for one in closed]

    def _former_names(self, settlements: tuple[Settlement, ...]) -> dict[str, str]:
        """Code → name of bodies that bear settlements, as periods from the settled ones on have them: the
        file may no longer have all."""
        found: dict[str, str] = {}
        payers = {payer for one in settlements for payer in one.borne}
        borne = {payer.name for payer in payers if payer.kind is PayerKind.BODY}
        for closed, part in self._in_order():
            if part.closed is not None and any(one.period <= closed for one in settlements):
                names = self._frozen(part).names
                found |= {code: name for code, name in names.items() if code in borne}
        return found

    def _bearer(self) -> Period | None:
        """The open period that bears settlements: the first with costs after the last closed one, or the
        month after that one while none has any."""
        last = max((other for other, part in self._in_order() if part.closed), default=None)
        if last is None:
            return None
        later = (other for other, part in self._in_order() if other > last)
        costs = (other for other in later if self._manifest.part(other).current(other).sources)
        return next(costs, last.next())


def sharing_of(registry: Registry) -> CostSharing:
    """The rules of the file. Raises `UsageError` where it has none."""
    if registry.cost_sharing is None:
        raise UsageError(
            Text(
                f"{registry.path.name} に cost_sharing（負担金の規則）がありません。",
                f"{registry.path.name} has no cost_sharing, the rules of cost sharing.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return registry.cost_sharing


def verify(made: Reckoned, expected_sha256: str) -> None:
    """Raises `OperationFailed` where a closed period does not come out as it was closed."""
    if made.allocation_sha256 != expected_sha256:
        raise OperationFailed(
            Text(
                f"{made.basis.period} は閉じたときの按分と一致しません（{made.allocation_sha256}）。",
                f"{made.basis.period} does not come out as it was closed ({made.allocation_sha256}).",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "台帳が変えられていないか、控えと比べてください。",
                "Compare the ledger with a backup: it may have been changed.",
            ),
        )


def _nothing(period: Period) -> UsageError:
    return UsageError(
        Text(f"{period} の費用は登録されていません。", f"no costs are on record for {period}."),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "moyai cost import FILE で取り込めます。", "moyai cost import FILE brings them in."
        ),
    )


def _no_rules(period: Period) -> UsageError:
    return UsageError(
        Text(
            f"{period.first} に有効な規則が cost_sharing の rule_sets にありません。",
            f"no rule set of cost_sharing holds on {period.first}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "tenants.yaml の cost_sharing.rule_sets に、from がその日以前の規則を書いてください。",
            "Write one into cost_sharing.rule_sets of tenants.yaml whose from is that day or before.",
        ),
    )
