"""Where one yen of a body comes from, down to the line of a file; or why it bears nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.apportion.inputs import Caught
from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.explain.lines import Place, StatementLine, lines_of, place_of
from moyai.costs.explain.way import Way, carried_way, way_of
from moyai.costs.ledger.query import CostRow
from moyai.costs.ledger.tracing import row_at
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.settled import Settled, late, settled
from moyai.costs.statements.taxes import Taxes
from moyai.costs.statements.titles import settled_by
from moyai.operations.costs.periods import Opened, open_costs, reckoned
from moyai.planning.selectors import only
from moyai.registry.models import Registry


@dataclass(frozen=True, slots=True)
class Passed:
    """A period through which a yen came, and its way there."""

    reckoned: Reckoned
    way: Way


@dataclass(frozen=True, slots=True)
class Explained:
    """The way of one yen, down to the line of a file where it comes from one."""

    reckoned: Reckoned
    taxes: Taxes
    code: str
    lines: tuple[StatementLine, ...]
    """All of the body's."""
    place: Place | None
    """None: no line is above zero, and none was asked for."""
    passed: tuple[Passed, ...]
    """The period's own way first, then those of periods that carried the yen on, newest first. Empty where
    it comes of no yen of the rules: a difference of tax, a line of ¥0."""
    row: CostRow | None
    settled: Settled | None
    """What a settlement is made of, where the yen is of one."""


def explanation(
    file: Path | None, site: str, period: str, body: str, yen: int, line: int | None = None
) -> Explained:
    """Where a body's `yen`-th yen of a period comes from, or that of one of its lines (from 1), which may
    be below zero. Raises as `reckoned` and `place_of` do; a body that bears nothing is told why."""
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(period))
    code = _code_of(opened.workspace.registry, made, body)
    taxes = made.taxes
    lines = lines_of(made.allocation, made.inputs.rules, taxes, code)
    if line is None and not any(one.jpy > 0 for one in lines):
        return Explained(made, taxes, code, lines, None, (), None, None)
    place = place_of(made.basis.period, code, lines, yen, line)
    way = way_of(made.allocation, made.converted, place)
    if way is None:
        return Explained(made, taxes, code, lines, place, (), None, None)
    passed = tuple(_passed(opened, made, way))
    row = _row(opened, passed[-1])
    last = _late(opened, passed[-1]) or _settled(opened, passed[-1])
    return Explained(made, taxes, code, lines, place, passed, row, last)


def _passed(opened: Opened, made: Reckoned, way: Way) -> Iterator[Passed]:
    """The period, and those before it that carried the yen on."""
    yield Passed(made, way)
    closed = ClosedPeriods(opened.ledger, opened.manifest)
    while way.carried is not None:
        before = closed.carried_from(made.basis.period)
        assert before is not None, made.basis.period
        made = reckoned(opened, before)
        way = carried_way(made.allocation, made.converted, way)
        yield Passed(made, way)


def _row(opened: Opened, last: Passed) -> CostRow | None:
    made, way = last.reckoned, last.way
    if way.origin is None:
        return None
    return row_at(
        opened.ledger.store,
        made.basis,
        made.inputs.rules,
        made.inputs.members.names,
        way.origin.group,
        way.position,
        is_credit=way.is_credit,
    )


def _late(opened: Opened, last: Passed) -> Settled | None:
    """Of a yen that a closed period's own rules left to nobody."""
    way = last.way
    if (closed := way.late_of) is None:
        return None
    reckoner, period = opened.reckoner(), last.reckoned.basis.period
    steps = reckoner.steps(closed, period)
    caught = (
        Caught(way.pools[-1].account.name, None)
        if way.pools
        else Caught(way.borne.rule, way.borne.payer.name)
    )
    part = opened.manifest.part(closed)
    first = reckoner.takers_before(closed, period)
    return late(opened.ledger.store, part, steps, last.reckoned.inputs, [caught], first)


def _settled(opened: Opened, last: Passed) -> Settled | None:
    """Of a yen of a settlement, the body's own or one that the period carried on."""
    made, way = last.reckoned, last.way
    if way.line.kind is not LineKind.SETTLEMENT:
        return None
    closed = settled_by(way.borne.rule)
    reckoner, period = opened.reckoner(), made.basis.period
    steps = reckoner.steps(closed, period)
    found = settled(
        opened.ledger.store,
        opened.manifest.part(closed),
        steps,
        way.borne.payer,
        made.inputs.members.names,
        way.borne.moved,
    )
    assert sum(one.difference for one in found.rules) == way.line.jpy, closed
    late_ones = (
        late(
            opened.ledger.store,
            opened.manifest.part(one),
            reckoner.steps(one, period),
            steps[1].inputs,
            caught,
            reckoner.takers_before(one, closed),
        )
        for one, caught in reckoner.late_moved(closed, period).items()
    )
    return replace(found, late=tuple(late_ones))


def _code_of(registry: Registry, made: Reckoned, body: str) -> str:
    """Which body of a period words mean: as it was called in the period, then as the file calls it."""
    found = made.inputs.members.names.get(body)
    if found is not None:
        return found
    bearing = [
        code
        for code, _ in made.allocation.bodies()
        if body in (code, made.inputs.names.get(code, code))
    ]
    return bearing[0] if len(bearing) == 1 else only(registry, body).code
