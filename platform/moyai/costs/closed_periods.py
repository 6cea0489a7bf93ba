"""Closed periods beside one another: which one bears what others were corrected by, what one carries to the
next, whose codes became after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from moyai.costs.apportion.allocation import PayerKind, Settlement
from moyai.costs.apportion.inputs import Carried, TaxCarried
from moyai.costs.frozen import Inputs, decode_inputs
from moyai.costs.ledger.closings import Closed
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Basis, Manifest, PeriodPart
from moyai.costs.membership import successor
from moyai.costs.periods import Period


class ClosedPeriods:
    """The closed periods of one ledger as it is at one moment."""

    def __init__(self, ledger: Ledger, manifest: Manifest) -> None:
        self._ledger = ledger
        self._manifest = manifest

    def bearer(self) -> Period | None:
        """The open period that bears settlements: the first with costs after the last closed one, or the
        month after that one while none has any."""
        last = max((other for other, part in self._in_order() if part.closed), default=None)
        if last is None:
            return None
        later = (other for other, part in self._in_order() if other > last)
        costs = (other for other in later if self._manifest.part(other).current(other).sources)
        return next(costs, last.next())

    def _carrier(self, period: Period) -> Closed | None:
        """The closed period whose carry one takes. The last one's goes into the one open period that
        bears settlements too; those before it were taken by the closed ones after them."""
        if period != self.bearer():
            return None
        closed = (part.closed for _, part in self._in_order())
        return next((one for one in reversed(list(closed)) if one is not None), None)

    def carried(self, period: Period) -> tuple[Carried, ...]:
        """What the last closed period left, where this one takes it."""
        before = self._carrier(period)
        return () if before is None else before.carried

    def tax_carried(self, period: Period) -> TaxCarried:
        """What it left of the tax."""
        before = self._carrier(period)
        return TaxCarried() if before is None else before.tax_carried

    def carried_from(self, period: Period) -> Period | None:
        """The closed period whose carry one took or takes, where there was any: the newest before it that
        left something. One that was closed later than others after it has left nothing."""
        found = (
            other
            for other, part in reversed(self._in_order())
            if other < period
            and part.closed is not None
            and (part.closed.carried or part.closed.tax_carried.rates)
        )
        return next(found, None)

    def of_year_before(self, period: Period, year_start: str) -> tuple[Period, ...]:
        """The months of a period's fiscal year before it that are closed or have costs, in order."""
        year = period.fiscal_year(year_start)
        return tuple(
            other
            for other, part in self._in_order()
            if other < period
            and other.fiscal_year(year_start) == year
            and (part.closed is not None or part.current(other).sources)
        )

    def corrected(self, period: Period) -> Iterator[tuple[Period, Basis, Basis]]:
        """Closed periods whose corrections one bears: what they were billed by before, and come to since."""
        is_bearer = period == self.bearer()
        for closed, part in self._in_order():
            if part.closed is None:
                continue
            before = part.closed_basis(closed)
            for correction in part.corrections:
                after = part.basis_of(closed, correction)
                if correction.into == period:
                    yield closed, before, after
                before = after
            after = part.current(closed)
            if is_bearer and after.state != before.state:
                yield closed, before, after

    def names(self, settled: Iterable[Period], present: Mapping[str, str]) -> dict[str, str]:
        """What codes mean in an open period: as the file has it (`present`), and for bodies of periods that it
        settles of which the file has no code, as closings have it, one merger after the other. Slugs and former
        codes of bodies that the file no longer has mean the same as their codes, where it has them of no other;
        those of the newest month count. `settled`: as `Timeline.moved`."""
        names = dict(present)
        newest = sorted(settled, reverse=True)
        members = [self.frozen(self._manifest.part(closed)).members for closed in newest]
        bodies = {code for one in members for code in one.bodies}
        unknown = sorted(bodies - names.keys())
        frozen = self._frozen_names() if unknown else []
        for code in unknown:
            if (became := successor(code, frozen, names)) != code:
                names[code] = became
        for one in members:
            for word, code in sorted(one.names.items()):
                if names.get(code, code) != code:
                    names.setdefault(word, names[code])
        return names

    def _frozen_names(self) -> list[Mapping[str, str]]:
        """What codes meant at each closing, the oldest one first: a month may be closed after a later one."""
        parts = map(self._manifest.part, self._manifest.closings)
        return [self.frozen(part).members.names for part in parts]

    def former_names(self, settlements: tuple[Settlement, ...]) -> dict[str, str]:
        """Code → name of bodies that bear settlements, as periods from the settled ones on have them: the
        file may no longer have all."""
        found: dict[str, str] = {}
        payers = {payer for one in settlements for payer in one.borne}
        borne = {payer.name for payer in payers if payer.kind is PayerKind.BODY}
        for closed, part in self._in_order():
            if part.closed is not None and any(one.period <= closed for one in settlements):
                names = self.frozen(part).names
                found |= {code: name for code, name in names.items() if code in borne}
        return found

    def frozen(self, part: PeriodPart) -> Inputs:
        """What the closing of a period kept."""
        assert part.closed is not None
        return decode_inputs(self._ledger.closing(part.closed.inputs))

    def _in_order(self) -> list[tuple[Period, PeriodPart]]:
        return sorted(self._manifest.periods.items(), key=lambda item: item[0])
