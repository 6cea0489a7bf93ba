"""What a secretariat does with a period of costs: allocate, compare, close."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from moyai.costs.analysis.compare import Changes, compare
from moyai.costs.ledger.closings import Closed, Correction
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.ledger import Ledger, now, user
from moyai.costs.ledger.manifest import Manifest, PeriodPart
from moyai.costs.ledger.query import columns_of, group_rows
from moyai.costs.membership import names_of
from moyai.costs.periods import Period, period_of
from moyai.costs.reckoned import Reckoned, verify
from moyai.costs.reckoning import Reckoner
from moyai.costs.record import canonical, document
from moyai.costs.rules_of_file import sharing_of
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.costs.corrections import Settling, unsettled
from moyai.operations.costs.records import open_ledger
from moyai.operations.site.workspace import Workspace, open_workspace
from moyai.registry.cost_rules import Treatment
from moyai.registry.words import not_known
from moyai.texts import Text, counted

_SELDOM = 100_000
"""New values after which Python looks for garbage: an allocation is hundreds of thousands of values that stay,
and to look through them at every 700 takes a quarter of its time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One period by two rule sets."""

    period: Period
    before: str
    """The name of the rule set that holds."""
    after: str
    changes: Changes
    names: dict[str, str]
    """Code → name."""
    treatments: tuple[Treatment, Treatment]
    """How either has contributions under the consumption tax."""
    is_taxed: bool
    """Whether there is tax beside net amounts, either way: then all are with it."""


def comparison(file: Path | None, site: str, period: str, rules: str) -> Compared:
    """A period by the rules that hold, and by another rule set or a proposal of the file, for the bodies
    that there are today; settlements are left out."""
    opened = open_costs(file, site)
    sharing = sharing_of(opened.workspace.registry)
    other = next((one for one in sharing.all_rules if one.name == rules), None)
    if other is None:
        known = ", ".join(one.name for one in sharing.all_rules)
        raise UsageError(
            Text(
                f"規則「{rules}」はありません。あるもの: {known}",
                f"there is no rule set '{rules}'; there are: {known}",
            ),
            touched=NOTHING_TOUCHED,
        )
    reckoner = opened.reckoner()
    when = period_of(period)
    before = reckoner.otherwise(reckoner.reckon(when))
    after = reckoner.with_rules(when, other)
    return Compared(
        when,
        before.inputs.rules.name,
        other.name,
        compare(before.sums, after.sums, names_of(opened.workspace.registry)),
        {**before.inputs.names, **after.inputs.names},
        (before.inputs.rules.tax.treatment, other.tax.treatment),
        before.is_taxed or after.is_taxed,
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """A closed period, reckoned again from what its closing froze."""

    period: Period
    same: bool
    at: str
    by: str
    allocation_sha256: str
    """As it was closed."""
    asked_sha256: str
    """Of what was asked then, as papers have it."""
    settling: Settling | None
    """How what it comes to since is settled; None where all is."""


def verification(file: Path | None, site: str) -> tuple[Verified, ...]:
    """Every closed period, the oldest first. Raises `OperationFailed` where rows of one, or what its closing
    kept, are missing or changed."""
    opened = open_costs(file, site)
    reckoner = opened.reckoner()
    bearers = unsettled(opened.ledger, opened.manifest, reckoner)
    found: list[Verified] = []
    for period, part in sorted(opened.manifest.periods.items()):
        closed = part.closed
        if closed is not None:
            for sha256 in closed.documents:
                opened.ledger.closing(sha256)
            same = _is_as_closed(reckoner.reckon(period), closed)
            found.append(
                Verified(
                    period,
                    same,
                    closed.at,
                    closed.by,
                    closed.allocation,
                    closed.asked,
                    bearers.get(period),
                )
            )
    return tuple(found)


def _is_as_closed(made: Reckoned, closed: Closed) -> bool:
    carried = (made.carried, made.tax_carried) == (closed.carried, closed.tax_carried)
    allocated = made.allocation_sha256 == closed.allocation
    return carried and allocated and made.asked_sha256 == closed.asked


def rows(file: Path | None, site: str, period: str, columns: Sequence[str]) -> tuple[RowGroup, ...]:
    """What a period's rows come to by columns, for whoever writes rules. Raises `UsageError` for a column
    that no file of the period has."""
    opened = open_costs(file, site)
    basis = opened.manifest.part(period_of(period)).current(period_of(period))
    known = columns_of(basis)
    for column in columns:
        if column not in known:
            raise UsageError(not_known(column, known, "列", "column"), touched=NOTHING_TOUCHED)
    return group_rows(opened.ledger.store, basis, columns)


@dataclass(frozen=True, slots=True)
class Closing:
    """A period that is closed."""

    reckoned: Reckoned
    already: Closed | None
    """As what it was closed before; None: it is closed now."""
    settling: Settling | None = None
    """How what it comes to since is settled."""


def close(file: Path | None, site: str, period: str, wait_seconds: float) -> Closing:
    """Close a period: from here on it is what it is, and corrections are settled in an open one.

    A period that is closed already is verified, and stays. Raises `Refused` over cost that nobody bears,
    while a period before it is open, and where it would carry something to one that is closed.
    """
    opened = open_costs(file, site)
    when = period_of(period)
    with opened.ledger.writing(f"moyai cost close {when}", wait_seconds) as writer:
        manifest = writer.manifest
        reckoner = Reckoner(opened.ledger, manifest, opened.workspace.registry)
        made = reckoner.reckon(when)
        part = manifest.part(when)
        if part.closed is not None:
            verify(made, part.closed)
            settling = unsettled(opened.ledger, manifest, reckoner).get(when)
            return Closing(made, part.closed, settling)
        _refuse_open_before(manifest, when)
        _refuse_unallocated(made)
        _refuse_what_none_would_take(manifest, made)
        inputs = writer.put_bytes("closings", ".json", made.inputs.encoded())
        allocated = writer.put_bytes("closings", ".json", canonical(document(made.allocation)))
        at, by = now(), user()
        made = replace(made, closed_at=at)
        asked = writer.put_bytes("closings", ".json", canonical(made.asked))
        closed = Closed(
            made.basis.rows,
            made.basis.invoices,
            made.basis.state,
            inputs,
            allocated,
            asked,
            made.carried,
            made.tax_carried,
            at,
            by,
            made.basis.numbers,
            len(manifest.closings) + 1,
        )
        manifest = manifest.with_part(when, part.as_closed(closed))
        for other, basis in reckoner.due_corrections(when):
            correction = Correction(
                when, basis.rows, basis.invoices, basis.state, at, by, basis.numbers
            )
            manifest = manifest.with_part(other, manifest.part(other).corrected(correction))
        # As it will be reckoned from here on: nobody may be asked for what does not come out again.
        made = Reckoner(opened.ledger, manifest, opened.workspace.registry).reckon(when)
        verify(made, closed)
        writer.commit(manifest)
        return Closing(made, None)


@dataclass(frozen=True, slots=True)
class Opened:
    """A site's ledger at one moment, with the file that says the rules."""

    workspace: Workspace
    ledger: Ledger
    manifest: Manifest

    def reckoner(self) -> Reckoner:
        """Reckons its periods."""
        return Reckoner(self.ledger, self.manifest, self.workspace.registry)


def open_costs(file: Path | None, site: str) -> Opened:
    """The file's rules and a site's ledger. Raises `RegistryError`, `UsageError`, `OperationFailed`."""
    workspace = open_workspace(file, site)
    gc.freeze()  # the file's values stay: to look through them for garbage takes a tenth of the time
    gc.set_threshold(_SELDOM)
    ledger = open_ledger(workspace)
    return Opened(workspace, ledger, ledger.manifest())


def reckoned(opened: Opened, period: Period) -> Reckoned:
    """A period divided: as it was closed, or as it stands.

    Raises `UsageError`, and `OperationFailed` where a closed one does not come out the same.
    """
    made = opened.reckoner().reckon(period)
    closed = opened.manifest.part(period).closed
    if closed is not None:
        verify(made, closed)
    return made


def _refuse_open_before(manifest: Manifest, period: Period) -> None:
    """Periods are closed in order: what one carries and settles goes to the next."""
    still_open = [
        other
        for other in sorted(manifest.periods)
        if other < period and _is_open(manifest.part(other), other)
    ]
    if still_open:
        names = ", ".join(str(one) for one in still_open)
        raise Refused(
            Text(
                f"{period} より前の {names} がまだ閉じていません。",
                f"{names} before {period} {'is' if len(still_open) == 1 else 'are'} still open.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"先に moyai cost close {still_open[0]} を実行してください。",
                f"Run moyai cost close {still_open[0]} first.",
            ),
        )


def _refuse_what_none_would_take(manifest: Manifest, made: Reckoned) -> None:
    """What a period carries goes to the next one, which must not be closed yet."""
    period = made.basis.period
    later = [one for one, part in sorted(manifest.periods.items()) if one > period and part.closed]
    if not later or not (made.carried or made.tax_carried.rates):
        return
    raise Refused(
        Text(
            f"{period} より後の {later[0]} が閉じているため、{period} の端数を繰り越せません。",
            f"{later[0]} after {period} is closed, so what {period} carries would be lost.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"{period} のファイルを moyai cost withdraw で外し、開いている期間の費用として取り込んでください。",
            "Take its files out with moyai cost withdraw, and import them as costs of an open period.",
        ),
    )


def _is_open(part: PeriodPart, period: Period) -> bool:
    """Whether there is something to close."""
    return part.closed is None and bool(part.current(period).sources)


def _refuse_unallocated(made: Reckoned) -> None:
    left = made.allocation.unallocated
    if not left:
        return
    period, jpy = made.basis.period, made.allocation.unallocated_jpy
    raise Refused(
        Text(
            f"{period} には、だれも負担しない費用が {len(left)} 件、合計 {jpy:,} 円あります。",
            f"{period} has {counted(len(left), 'cost', 'costs')} that nobody bears, {jpy:,} yen in all.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai cost allocate {period} で確かめ、{period} に有効な cost_sharing の規則を直してください。",
            f"Look with moyai cost allocate {period}, and mend the rules of cost_sharing that hold then.",
        ),
    )
