"""What becomes of one wave at one look. Pure.

A wave is *finished* when all its bodies have ended, no more of them failed than may, and it has soaked.
The first wave that is not finished is the current one: it alone begins bodies. After `retry` of a body of an
earlier wave that one is current again, until it has finished and soaked anew; later waves that had
begun keep what runs, and begin nothing until it is their turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.plans import PlannedWave
from moyai.planning.fleet.states import OperationState, WaveState
from moyai.planning.fleet.tallies import Tally
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Observed:
    """An operation as one look finds it."""

    state: OperationState
    now: datetime
    stopped: Text | None
    """Why nothing of it may begin at all, or None."""


def step(look: Observed, wave: PlannedWave, tally: Tally) -> WaveState:
    """The state of a wave whose turn it is: every wave before has finished. `done` means finished."""
    before = look.state.wave(wave.number)
    over = tally.failures > wave.limits.tolerance
    if over:
        return _held(before, wave, tally)
    if tally.has_ended:
        return before if before.status == "done" else _ended(look, wave, tally, before)
    if before.status != "waiting":
        return replace(before, status="running", soak_until=None, reason=None)
    gate = gate_of(look, wave)
    if gate is not None:
        return replace(before, reason=gate)
    return replace(before, status="running", began_at=look.now, soak_until=None, reason=None)


def later_step(look: Observed, wave: PlannedWave, tally: Tally) -> WaveState:
    """The state of a wave while an earlier one has not finished: it does not begin; where it had
    begun, its status says how its bodies stand."""
    before = look.state.wave(wave.number)
    if before.status == "waiting":
        return replace(before, reason=None)
    if tally.failures > wave.limits.tolerance:
        return _held(before, wave, tally)
    if tally.has_ended:
        return before
    return replace(before, status="running", soak_until=None, reason=None)


def gate_of(look: Observed, wave: PlannedWave) -> Text | None:
    """Why a wave whose turn it is begins nothing, or None."""
    if look.stopped is not None:
        return look.stopped
    if wanted.lacking(wanted.of_wave(wave), look.state.approved) is not None:
        return said.wave_approval(wave.name)
    return None


def later(moment: datetime, seconds: int) -> datetime:
    """A moment so many seconds later; the last one there is where that is beyond the calendar."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def awaits_health(look: Observed, wave: PlannedWave, after: WaveState) -> bool:
    """Whether a soaking wave's time is over, and its bodies' health is what is missing."""
    if after.status != "soaking" or after.soak_until is None or look.now < after.soak_until:
        return False
    return _health_is_missing(look, wave, after, after.soak_until)


def _held(before: WaveState, wave: PlannedWave, tally: Tally) -> WaveState:
    reason = said.too_many_failures(tally.failures, wave.limits.tolerance)
    return replace(before, status="held", soak_until=None, reason=reason)


def _ended(look: Observed, wave: PlannedWave, tally: Tally, before: WaveState) -> WaveState:
    """All its bodies have ended, well enough."""
    if not tally.worked_on:
        return replace(before, status="done", soak_until=None, reason=None)
    until = _soak_until(look, wave, tally, before)
    soaking = replace(before, status="soaking", soak_until=until, reason=None)
    if look.now < until:
        return soaking
    if _health_is_missing(look, wave, before, until):
        return replace(soaking, reason=said.HEALTH_AWAITED)
    return replace(soaking, status="done")


def _soak_until(look: Observed, wave: PlannedWave, tally: Tally, before: WaveState) -> datetime:
    if tally.last_end is not None:
        return later(tally.last_end, wave.soak_seconds)
    if before.status == "soaking" and before.soak_until is not None:
        return before.soak_until
    return later(look.now, wave.soak_seconds)


def _health_is_missing(
    look: Observed, wave: PlannedWave, state: WaveState, until: datetime
) -> bool:
    if not look.state.health_gates or not wave.soak_seconds:
        return False
    return state.healthy_at is None or state.healthy_at < until
