"""What a settlement is made of: what a body was billed and what that comes to since, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moyai.costs.apportion.allocation import Allocation, Payer, PayerKind, RuleMoved
from moyai.costs.apportion.inputs import Caught
from moyai.costs.apportion.late import Taker
from moyai.costs.apportion.settling import bearer
from moyai.costs.frozen import Inputs
from moyai.costs.ledger.changes import Catching, Changed, Own, changed_rows
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.ledger.manifest import Basis, PeriodPart, Version
from moyai.costs.ledger.store import Store
from moyai.costs.periods import Period
from moyai.costs.reckoned import Reckoned
from moyai.registry.cost_rules import ShareBy


@dataclass(frozen=True, slots=True)
class FileMoved:
    """A file of which another version counts. Versions are numbered from 1."""

    file: str
    before: tuple[int, Version] | None
    """None: it was not on record."""
    after: tuple[int, Version]
    """Without rows where it was withdrawn."""


@dataclass(frozen=True, slots=True)
class InvoiceMoved:
    """An invoice that was changed, added (no `before`) or removed (no `after`)."""

    before: Invoice | None
    after: Invoice | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement of one payer."""

    period: Period
    """That is settled."""
    rules: tuple[RuleMoved, ...]
    """All of the payer's, in order of names; bodies that merged into one are in them."""
    files: tuple[FileMoved, ...]
    invoices: tuple[InvoiceMoved, ...]
    rows: Changed
    """Those that the payer's rules catch, and how many others there are."""
    late: tuple[Settled, ...] = ()
    """What moved it besides its own: periods of which it had taken late costs, with what became of these."""


def settled(
    store: Store,
    part: PeriodPart,
    steps: tuple[Reckoned, Reckoned],
    payer: Payer,
    names: Mapping[str, str],
    moved: Sequence[RuleMoved],
) -> Settled:
    """What a body's settlement is made of, or what is carried of one.

    `part`: of the settled period; `steps`: what it was billed by, and what it comes to since; `names`:
    `Members.names` of the period that bears the settlement; `moved`: what the payer bears of the settled one.
    """
    before, after = steps
    inputs = after.inputs
    payers = {one for made in steps for one in _payers(made.allocation, payer, names)}
    codes = {one.name for one in payers if one.kind is PayerKind.BODY}
    rules = sorted(moved, key=lambda one: one.rule)
    own, drivers = _concerning(inputs, (one.rule for one in rules), codes)
    return Settled(
        before.basis.period,
        tuple(rules),
        tuple(_files(part, before.basis, after.basis)),
        tuple(_invoices(before.basis, after.basis)),
        changed_rows(store, before.basis, after.basis, own, drivers),
    )


def late(
    store: Store,
    part: PeriodPart,
    steps: tuple[Reckoned, Reckoned],
    bearing: Inputs,
    caught: Sequence[Caught],
    before_it: Sequence[Taker],
) -> Settled:
    """What of a settled period its own rules leave to nobody, which another period's pools take, or its direct
    rules. `part` and `steps` as of `settled`; `bearing`: of that period, `caught`: by its rules; `before_it`:
    whose rules take what they catch first."""
    before, after = (one.basis for one in steps)
    inputs = steps[1].inputs
    others = (Catching(one.rules, one.names, None) for one in before_it)
    nobody = (_catching(inputs, None), *others)
    uncaught = tuple((*nobody, _catching(bearing, one)) for one in caught)
    own: Own = uncaught
    drivers = frozenset[str]()
    without = {one.pool for made in steps for one in made.allocation.unallocated}
    pools = [one.rule for one in caught if one.body is None and one.rule in without]
    if pools:
        left, drivers = _concerning(inputs, pools, set())
        own = None if left is None else (*uncaught, *left)
    return Settled(
        before.period,
        (),
        tuple(_files(part, before, after)),
        tuple(_invoices(before, after)),
        changed_rows(store, before, after, own, drivers),
    )


def _payers(made: Allocation, payer: Payer, names: Mapping[str, str]) -> set[Payer]:
    return {one.payer for one in made.borne if bearer(one.payer, names) == payer}


def _concerning(
    inputs: Inputs, borne: Iterable[str], codes: set[str]
) -> tuple[Own, frozenset[str]]:
    """What catches the rows that a body's rules share, those of pools that flow into its own among them,
    and the drivers that they are shared by. None where any row may: direct costs of all are weights."""
    rules = inputs.rules
    names = set(borne)
    while (
        more := {pool.name for pool in rules.pools for flow in pool.flows if flow.pool in names}
        - names
    ):
        names |= more
    pools = [pool for pool in rules.pools if pool.name in names]
    parts = [part for pool in pools for part in pool.parts]
    drivers = frozenset(part.driver for part in parts if part.driver is not None)
    if any(part.by is ShareBy.DIRECT for part in parts):
        return None, drivers
    direct = [
        Caught(rule.name, code)
        for rule in rules.direct
        if rule.name in names
        for code in sorted(codes)
    ]
    caught = [*direct, *(Caught(pool.name, None) for pool in pools)]
    return tuple((_catching(inputs, one),) for one in caught), drivers


def _catching(inputs: Inputs, caught: Caught | None) -> Catching:
    return Catching(inputs.rules, inputs.members.names, caught)


def _files(part: PeriodPart, before: Basis, after: Basis) -> Iterable[FileMoved]:
    for name in sorted({*before.sources, *after.sources}):
        old, new = before.sources.get(name), after.sources.get(name)
        if old is not None and new is not None and old.rows == new.rows:
            continue
        number = before.numbers.get(name, 0)
        yield FileMoved(
            name,
            None if old is None else (number, old),
            _last(part.sources[name], number, after.numbers.get(name)),
        )


def _last(versions: Sequence[Version], before: int, number: int | None) -> tuple[int, Version]:
    """The last version of a file; without its number, the first withdrawal after the one before."""
    if number is None:
        number = next(at for at, one in enumerate(versions, 1) if at > before and one.rows is None)
    return number, versions[number - 1]


def _invoices(before: Basis, after: Basis) -> Iterable[InvoiceMoved]:
    old, new = (
        {(one.issuer, one.number): one for one in basis.invoices} for basis in (before, after)
    )
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield InvoiceMoved(old.get(key), new.get(key))
