"""Closings in the order of the ledger: what each closed period rested on after each, and whom that moves. Pure.

A closing bears what closed periods were corrected by since the one before it. What the own rules of a corrected
period leave to nobody is caught by those of the periods that took such costs of it before, then by those of the
one that bears it now: so what goes away again goes back to those who bore it.
"""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.ledger.manifest import Basis, Manifest, PeriodPart
from moyai.costs.periods import Period


class Timeline:
    """Moments are numbered: 0 is the first closing, `now` comes after the last."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._order = manifest.closings
        self._moments = {period: moment for moment, period in enumerate(self._order)}
        self.now = len(self._order)
        self._moved: dict[int, tuple[Period, ...]] = {}

    def moment(self, period: Period) -> int:
        """When a closed period was closed."""
        return self._moments[period]

    def basis(self, period: Period, moment: int) -> Basis:
        """What a closed period rested on after a moment, from its closing on."""
        part = self._part(period)
        if moment == self.now:
            return part.current(period)
        found = part.closed_basis(period)
        for correction in part.corrections:
            if self._moments[correction.into] <= moment:
                found = part.basis_of(period, correction)
        return found

    def changed(self, moment: int) -> list[Period]:
        """Periods closed before whose rows, drivers or invoices a moment found corrected, in order."""
        return [
            period
            for period in self._order[:moment]
            if self.basis(period, moment).state != self.basis(period, moment - 1).state
        ]

    def moved(self, moment: int) -> tuple[Period, ...]:
        """These, and those that took costs of them: all that may come to something else, in order."""
        if moment not in self._moved:
            self._moved[moment] = self._moved_at(moment)
        return self._moved[moment]

    def _moved_at(self, moment: int) -> tuple[Period, ...]:
        found = set(self.changed(moment))
        for period in self._order[:moment]:
            if period in found:
                found.update(self.takers(period, moment - 1))
        return tuple(period for period in self._order if period in found)

    def last_moved(self, period: Period, moment: int) -> int:
        """The last moment up to this one at which a closed period came to something else, or was closed."""
        own = self.moment(period)
        steps = range(moment, own, -1)
        return next((step for step in steps if period in self.moved(step)), own)

    def takers(self, period: Period, moment: int) -> Iterator[Period]:
        """Closed periods that a closed one was settled in up to a moment, in order."""
        into = {one.into for one in self._part(period).corrections}
        return (one for one in self._order[: moment + 1] if one in into)

    def _part(self, period: Period) -> PeriodPart:
        return self._manifest.part(period)
