"""What a period comes to: from the ledger, by the rules of the file, or by those it was closed with.

A closed period is reckoned from what its closing froze: rows, invoices, rules, members. The same bytes come
out, whatever tenants.yaml says by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from moyai.costs.apportion.allocate import allocate
from moyai.costs.apportion.allocation import Settlement, Unallocated
from moyai.costs.apportion.inputs import Caught, Members
from moyai.costs.apportion.late import Late, Taker, late
from moyai.costs.apportion.settling import settlement, verify_borne
from moyai.costs.asked import Settles
from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.fees import FeeDue, fees_due
from moyai.costs.frozen import Inputs
from moyai.costs.invoice_rows import Corrected, corrected
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Basis, Manifest
from moyai.costs.ledger.query import drivers_of
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.membership import by_codes, members_of, names_of
from moyai.costs.periods import Period
from moyai.costs.reckoned import Reckoned
from moyai.costs.rules_of_file import rules_of, sharing_of
from moyai.costs.statements.titles import own_titles, with_settlements
from moyai.costs.timeline import Timeline
from moyai.costs.yen import in_yen
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.cost_rules import RuleSet
from moyai.registry.models import Registry
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class _Correction:
    """What a closed period came to since it was billed."""

    settles: Settles
    settlement: Settlement | None
    """None: nobody bears anything else than before."""
    invoices: tuple[Corrected, ...]


@dataclass(frozen=True, slots=True)
class LateMoved:
    """Late costs that a closed period took and that are others by now, or may be."""

    of: tuple[Period, ...]
    """Whose they are."""
    unknown: UsageError | None = None
    """Why it is not known whether they are."""


_Moment = tuple[Period, int]
"""A closed period after a moment of the timeline: the last one up to then at which it moved."""


class Reckoner:
    """Reckons the periods of one ledger as it is at one moment."""

    def __init__(self, ledger: Ledger, manifest: Manifest, registry: Registry) -> None:
        self._ledger = ledger
        self._manifest = manifest
        self._registry = registry
        self._periods = ClosedPeriods(ledger, manifest)
        self._timeline = Timeline(manifest)
        self._closed_ones: dict[_Moment, Reckoned] = {}
        self._refused: dict[_Moment, UsageError] = {}
        self._late: dict[_Moment, Late] = {}
        self._names_in: dict[Period, Mapping[str, str]] = {}

    def reckon(self, period: Period) -> Reckoned:
        """A period as it stands: what it was closed with, or what it comes to now.

        Raises `UsageError` where nothing is on record of it, no rule set holds, or rows have no invoice.
        """
        part = self._manifest.part(period)
        if part.closed is not None:
            return self._at(period, self._timeline.moment(period))
        basis = part.current(period)
        names = self._names(period)
        corrections = self._due(period, names)
        settlements = _settlements(corrections)
        if not basis.sources and not settlements:
            raise _nothing(period, tuple(fees_due(self._registry, period)))
        inputs = self.inputs(period, basis)
        inputs = replace(
            inputs,
            names={**self._periods.former_names(settlements), **inputs.names},
            members=replace(inputs.members, names=names),
        )
        return self._reckoned(basis, inputs, corrections, closed=False)

    def inputs(self, period: Period, basis: Basis) -> Inputs:
        """What tenants.yaml says of a period. Raises as `rules_of`."""
        sharing = sharing_of(self._registry)
        rules = rules_of(sharing, period)
        drivers = drivers_of(self._ledger.store, basis)
        carried = self._periods.carried(period)
        year_start = self._registry.federation.fiscal_year_start
        year = period.fiscal_year(year_start)
        return Inputs(
            rules,
            members_of(self._registry, rules, period, drivers, carried),
            sharing.issuer,
            sharing.instalments,
            {body.code: body.name for body in self._registry.tenants},
            year_start,
            self._periods.tax_carried(period),
            tuple(one for one in sharing.budgets if one.fiscal_year == year),
            self._periods.of_year_before(period, year_start),
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
        """Closed periods that an open one settles, with what they rest on since; they may come to the same.
        Those that only took late costs of others are among them: it takes what they leave of these."""
        if period != self._periods.bearer():
            return ()
        now = self._timeline.now
        moved = self._timeline.moved(now)
        return tuple((closed, self._timeline.basis(closed, now)) for closed in moved)

    def steps(self, closed: Period, period: Period) -> tuple[Reckoned, Reckoned]:
        """A closed period by what it was billed by, and by what it comes to since, as another one settles
        it. Raises `LookupError` where that one does not."""
        moment = self._moment(period)
        if closed not in self._timeline.moved(moment):
            raise LookupError(f"{period} does not settle {closed}")
        return self._at(closed, moment - 1), self._at(closed, moment)

    def late_moved(self, closed: Period, period: Period) -> dict[Period, tuple[Caught, ...]]:
        """Of which periods a closed one, which another settles, took late costs that are others since; by which
        of its rules."""
        moment = self._moment(period)
        found = {
            one: self._moved_late(one, closed, moment) for one in self._taken_from(closed, moment)
        }
        return {one: caught for one, caught in found.items() if caught}

    def _taken_from(self, closed: Period, moment: int) -> Iterator[Period]:
        """Periods that a moment finds moved, and of which a closed one took late costs before it."""
        return (
            one
            for one in self._timeline.moved(moment)
            if closed in self._timeline.takers(one, moment - 1)
        )

    def _moved_late(self, one: Period, taker: Period, moment: int) -> tuple[Caught, ...]:
        """By which of a taker's rules it takes other late costs of a period from a moment on."""
        old, new = (self._late_of(one, at).taken.get(taker, {}) for at in (moment - 1, moment))
        return tuple(caught for caught in {**old, **new} if old.get(caught) != new.get(caught))

    def takers_before(self, closed: Period, taker: Period) -> tuple[Taker, ...]:
        """Whose rules catch late costs of a closed period before those of one that settles it."""
        return self._closed_takers(closed, self._moment(taker) - 1)

    def late_moved_now(self) -> dict[Period, LateMoved]:
        """Closed periods that an open one settles since late costs that they took are others by now, or may be:
        of what came in since there may be no invoice yet."""
        moved = self._timeline.moved(self._timeline.now)
        found = {closed: self._late_moved_now(closed) for closed in moved}
        return {closed: one for closed, one in found.items() if one.of}

    def _late_moved_now(self, closed: Period) -> LateMoved:
        now = self._timeline.now
        known: list[Period] = []
        unknown: list[Period] = []
        why: UsageError | None = None
        for one in self._taken_from(closed, now):
            try:
                known += [one] if self._moved_late(one, closed, now) else []
            except UsageError as error:
                unknown.append(one)
                why = why or error
        return LateMoved(tuple(known)) if known else LateMoved(tuple(unknown), why)

    def late_rows(self, period: Period) -> tuple[Unallocated, ...]:
        """What a period that settles others takes of their late costs, and what none does. Raises as
        `reckon`."""
        moment = self._moment(period)
        found = [self._late_of(closed, moment) for closed in self._timeline.moved(moment)]
        return tuple(
            one for late_ones in found for one in (*late_ones.rows.get(period, ()), *late_ones.left)
        )

    def _names(self, period: Period) -> Mapping[str, str]:
        """What codes mean in an open period, those of bodies of all periods that it settles among them."""
        if period not in self._names_in:
            is_bearer = period == self._periods.bearer()
            settled = self._timeline.moved(self._timeline.now) if is_bearer else ()
            self._names_in[period] = self._periods.names(settled, names_of(self._registry))
        return self._names_in[period]

    def _moment(self, period: Period) -> int:
        """When a period bears what others are corrected by: its closing, or now."""
        is_closed = self._manifest.part(period).closed is not None
        return self._timeline.moment(period) if is_closed else self._timeline.now

    def _at(self, closed: Period, moment: int) -> Reckoned:
        """A closed period as it was after a moment, by what its closing froze, with the rows, drivers and
        invoices of then.

        Each is worked out once: in a chain of corrections each settles the one before it, in both of what it
        came to before and since; and those that it rests on first, so that a long chain makes no deep stack.
        Raises `UsageError` where what came in since cannot be reckoned.
        """
        key = (closed, self._timeline.last_moved(closed, moment))
        due = [key]
        while due:
            if missing := [one for one in self._rests_on(*due[-1]) if not self._is_known(one)]:
                due += missing
            elif not self._is_known(last := due.pop()):
                try:
                    self._closed_ones[last] = self._by_closing(*last)
                except UsageError as error:
                    self._refused[last] = error
        if key in self._refused:
            raise self._refused[key]
        return self._closed_ones[key]

    def _is_known(self, key: _Moment) -> bool:
        return key in self._closed_ones or key in self._refused

    def _rests_on(self, period: Period, moment: int) -> set[_Moment]:
        """Closed periods that a closed one settles, before and since, and as they are after a moment."""
        own = self._timeline.moment(period)
        return {
            (closed, self._timeline.last_moved(closed, at))
            for closed in self._timeline.moved(own)
            for at in (own - 1, own, moment)
        }

    def _by_closing(self, period: Period, moment: int) -> Reckoned:
        part = self._manifest.part(period)
        assert part.closed is not None
        inputs, basis = self._periods.frozen(part), self._timeline.basis(period, moment)
        if basis.state != part.closed.state:
            measured = by_codes(drivers_of(self._ledger.store, basis), inputs.members.names)
            inputs = replace(inputs, members=replace(inputs.members, drivers=measured))
        corrections = self._corrections(period, inputs.members.names, moment)
        takers = self._takers(period, moment)
        besides = {column for taker in takers for column in taker.rules.columns()}
        made = self._reckoned(basis, inputs, corrections, besides, closed=True)
        return replace(made, closed_at=part.closed.at)

    def _reckoned(
        self,
        basis: Basis,
        inputs: Inputs,
        corrections: tuple[_Correction, ...],
        besides: Collection[str] = (),
        *,
        closed: bool,
    ) -> Reckoned:
        settlements = _settlements(corrections)
        names = inputs.members.names
        groups = sorted_rows(self._ledger.store, basis, inputs.rules, names, besides)
        converted = in_yen(basis.period, groups, basis.invoices, inputs.rules.tax)
        made = allocate(converted.bill, inputs.rules, inputs.members, settlements)
        differ = tuple(invoice for one in corrections for invoice in one.invoices)
        settles = tuple(one.settles for one in corrections)
        return Reckoned(made, converted, inputs, basis, settlements, closed, differ, settles)

    def _due(self, period: Period, names: Mapping[str, str]) -> tuple[_Correction, ...]:
        """Corrections that an open period bears: what no period has settled yet."""
        if period != self._periods.bearer():
            return ()
        return self._corrections(period, names, self._timeline.now)

    def _corrections(
        self, period: Period, names: Mapping[str, str], moment: int
    ) -> tuple[_Correction, ...]:
        """Corrections of closed periods that this one bears, and late costs of them as they are after a
        moment. `names`: as `Members.names` of this period."""
        own = self._moment(period)
        return tuple(
            self._correction(closed, period, names, own, moment)
            for closed in self._timeline.moved(own)
        )

    def _correction(
        self, closed: Period, bearer: Period, names: Mapping[str, str], own: int, moment: int
    ) -> _Correction:
        old, new = self._at(closed, own - 1), self._at(closed, own)
        if self._timeline.last_moved(closed, own - 1) == self._timeline.moment(closed):
            verify_borne(old.allocation)
        rules = {one.rule for one in (*old.allocation.borne, *new.allocation.borne)}
        titles = with_settlements(own_titles(old.inputs.rules), rules)
        found = self._late_of(closed, moment)
        taken, left = found.taken.get(bearer, {}), found.left if moment == own else ()
        frozen = self._manifest.part(closed).closed
        assert frozen is not None
        return _Correction(
            Settles(
                closed,
                frozen.inputs,
                old.basis.state,
                new.basis.state,
                old.allocation_sha256,
                new.allocation_sha256,
            ),
            settlement(
                old.allocation,
                new.allocation,
                names,
                titles,
                taken,
                left,
                old.inputs.rules.services,
            ),
            corrected(closed, old.converted.differing, new.converted.differing),
        )

    def _late_of(self, closed: Period, moment: int) -> Late:
        """What a closed period's own rules leave to nobody after a moment, by who takes it."""
        moment = self._timeline.last_moved(closed, moment)
        key = (closed, moment)
        if key not in self._late:
            made = self._at(closed, moment)
            takers = self._takers(closed, moment)
            self._late[key] = late(made.allocation, made.converted.bill.buckets, takers)
        return self._late[key]

    def _takers(self, closed: Period, moment: int) -> tuple[Taker, ...]:
        """Whose rules catch late costs of a closed period after a moment: in order, the one that bears them
        last."""
        takers = self._closed_takers(closed, moment)
        bearer = self._periods.bearer()
        if moment == self._timeline.now and bearer is not None:
            sharing = self._registry.cost_sharing
            rules = None if sharing is None else sharing.on(bearer.first)
            takers += () if rules is None else (Taker(bearer, rules, self._names(bearer)),)
        return takers

    def _closed_takers(self, closed: Period, moment: int) -> tuple[Taker, ...]:
        return tuple(
            Taker(one, inputs.rules, inputs.members.names)
            for one in self._timeline.takers(closed, moment)
            for inputs in (self._periods.frozen(self._manifest.part(one)),)
        )


def _settlements(corrections: tuple[_Correction, ...]) -> tuple[Settlement, ...]:
    return tuple(one.settlement for one in corrections if one.settlement is not None)


def _nothing(period: Period, fees: tuple[FeeDue, ...]) -> UsageError:
    due = [one.words for one in fees]
    ja = "".join(f"\n{one.ja}がこの月にあります。" for one in due)
    en = "".join(f"\nDue in it: {one.en}." for one in due)
    zero = Text(
        "0 円の行を取り込めば、それだけを請求できます。",
        " A row of ¥0 lets it ask for the fees alone.",
    )
    return UsageError(
        Text(
            f"{period} の費用は登録されていません。{ja}",
            f"no costs are on record for {period}.{en}",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai cost import FILE で取り込めます。{zero.ja if due else ''}",
            f"moyai cost import FILE brings them in.{zero.en if due else ''}",
        ),
    )
