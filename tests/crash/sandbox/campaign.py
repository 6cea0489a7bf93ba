"""One campaign on a sandbox: one life of workers, in which operation follows operation while an attack goes on.

Each operation is held against what is outside as soon as it has ended; locks and processes once all have ended.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.crash.operations.campaign import Outcome
from tests.crash.operations.check import Findings
from tests.crash.operations.crew import Kill
from tests.crash.operations.traps import deaths
from tests.crash.sandbox import askers
from tests.crash.sandbox.attacks import Arena, Attack
from tests.crash.sandbox.check import Case, check_locks, check_undisturbed
from tests.crash.sandbox.crew import Crew
from tests.crash.sandbox.ground import FULL, SMALL, Ground, Size, ground
from tests.crash.sandbox.kinds import KINDS, Known
from tests.crash.sandbox.pace import Pace
from tests.crash.sandbox.person import Person
from tests.crash.sandbox.place import Place

from moyai.operations.database.rows import OperationView

__all__ = ["FULL", "SMALL", "Ground", "Size", "ground", "run"]

_POLL_SECONDS = 0.2
_WITNESS_SECONDS = 1.0
_PLANNING_SHARE = 0.2
"""Of the attacks, while one operation is planned: that takes seconds, and there is nothing but its command."""


@dataclass
class _Campaign:
    """One life of workers."""

    attack: Attack
    on: Ground
    place: Place
    arena: Arena
    attacks: int
    pace: Pace = field(default_factory=Pace)
    following: float = float("inf")
    """When the next attack may be, by the host's clock."""
    until: int = 0
    """So many attacks there may have been while an operation is planned."""
    looks_at: float = 0.0
    found: Findings = field(default_factory=Findings)
    phases: Counter[str] = field(default_factory=Counter)
    """Seconds, by what they went by with."""
    statuses: Counter[str] = field(default_factory=Counter)
    bodies: int = 0
    operations: int = 0

    @property
    def crew(self) -> Crew:
        return self.arena.crew

    @property
    def is_over(self) -> bool:
        """Whether there is no reason for another operation, or no room."""
        attack, size = self.attack, self.on.size
        return (
            (attack.windows or attack.small_disk or self.arena.done >= self.attacks)
            or (self.operations >= size.operations or not self.found.none)
            or (KINDS[attack.kind].brings_releases and not self.on.has_more)
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Its seconds are counted."""
        began = _now()
        try:
            yield
        finally:
            self.phases[name] += _now() - began

    def between(self) -> None:
        """What goes on at any time: supervisors started again, the witness, attacks."""
        self.crew.tend()
        self.arena.due()
        now = time.monotonic()
        if now >= self.looks_at:
            self.place.witness.look()
            self.looks_at = now + _WITNESS_SECONDS
        attacks = self.until if self.arena.is_planning else self.attacks
        if self.arena.done >= attacks or now < self.following:
            return
        if not self.arena.is_planning and self.pace.holds(now):
            return
        if self.attack.act(self.arena):
            self.arena.done += 1
            self.pace.attacked(now)
            self.following = now + self.arena.chance.uniform(*self.attack.every)
        else:
            self.following = now + 0.1  # nothing of the kind is there: it is looked for again


def run(attack: Attack, seed: int, on: Ground) -> Outcome:
    """Run one on the next releases of a place."""
    began = _now()
    place = on.next(attack)
    chance = random.Random(f"{attack.name}-{seed}")
    folder = place.base / f"{attack.name}-{seed}-{on.number}"
    folder.mkdir()
    arena = Arena(Crew(place, folder), chance, on.size.share)
    attacks = max(2, round(attack.attacks * on.size.share)) if attack.attacks else 0
    one = _Campaign(attack, on, place, arena, attacks)
    one.phases["set-up"] = _now() - began
    attack.before(arena)
    try:
        while not one.operations or not one.is_over:
            person = _operation(one)
    finally:
        arena.due(all_now=True)
        with one.phase("closing"):
            left = one.crew.close()
    one.crew.count(askers.ended(place.base))
    trapped = [Kill(each["worker"], each["at"]) for each in deaths(folder)]
    takeovers = person.takeovers([*one.crew.kills, *trapped])
    person.close()
    found = one.found
    found.left_processes.extend(f"{process.kind} {process.pid}" for process in left)
    with one.phase("checking"):
        check_locks(place, found)
    if attack.windows or attack.small_disk or not found.none:
        on.leave()  # bodies are not at one release any more
    return _outcome(one, seed, takeovers, len(trapped))


def _outcome(one: _Campaign, seed: int, takeovers: list[float], trapped: int) -> Outcome:
    crew, found = one.crew, one.found
    killed = Counter(crew.by_kind) + Counter({"worker": trapped})
    phases = {name: round(seconds, 1) for name, seconds in one.phases.items()}
    return Outcome(
        one.attack.name,
        seed,
        one.bodies,
        round(sum(one.phases.values()) - one.phases["set-up"], 1),
        killed.total(),
        crew.freezes,
        crew.restarts,
        takeovers,
        found,
        dict(one.statuses),
        "" if found.none else crew.said(),
        dict(killed),
        phases,
    )


def _operation(one: _Campaign) -> Person:
    """One operation of a campaign from its plan to its check; who handled it."""
    on, place, attack = one.on, one.place, one.attack
    moments = _now(), time.time()
    on.since = moments[0]
    known = KINDS[attack.kind].known(place)
    command = _command(one, known)
    shut = tuple(place.codes[-1:]) if attack.windows else ()
    person = Person(place, attack.kind, command, one.between, shut)
    view = _carried(one, person)
    one.operations += 1
    one.arena.due(all_now=True)
    one.following = float("inf")
    person.mend()
    askers.forget(place.base)
    ends = "cancelled" if attack.windows else "done"
    if view is None or view.row.status != ends:
        one.found.unfinished.append(_unfinished(view))
    place.witness.look()
    many = person.planned()
    if len(many) != 1:
        one.found.duplicates.append(f"operations on record: {many}")
    if view is not None:
        one.bodies += len(view.bodies)
        one.statuses.update(view.row.counts)
        look = check_undisturbed if attack.quiet else KINDS[attack.kind].check
        with one.phase("checking"):
            look(Case(place, on.number, view, moments, shut, known), one.found)
    if not one.is_over:
        person.close()
    return person


def _command(one: _Campaign, known: Known) -> list[str]:
    """What plans the next operation: of an upgrade to the next release, of others to what there is."""
    place, attack, kind = one.place, one.attack, KINDS[one.attack.kind]
    one.on.number += kind.brings_releases
    command = kind.command(place, one.on.number, known)
    if attack.windows:
        place.set_windows()
        command.remove("--any-time")
    return command


def _carried(one: _Campaign, person: Person) -> OperationView | None:
    """From the plan to the end, or as far as it comes in time."""
    arena, crew = one.arena, one.crew
    one.until = min(one.attacks, arena.done + round(one.attacks * _PLANNING_SHARE))
    arena.is_planning = True
    one.following = _from_now(arena, 0, 1) if one.attack.commands else float("inf")
    with one.phase("planning"):
        person.plan()
    for _ in range(0 if crew.posts else 2):
        crew.post(clock=one.attack.clock)
    with one.phase("approving"):
        if KINDS[one.attack.kind].needs_approval:
            person.approve()
        if KINDS[one.attack.kind].is_written:
            person.write()
    arena.is_planning = False
    one.following = _from_now(arena, 0.5, 3)
    with one.phase("carrying"):
        return _ended(one, person)


def _ended(one: _Campaign, person: Person) -> OperationView | None:
    deadline = time.monotonic() + one.on.size.seconds
    view: OperationView | None = None
    while time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        done = one.arena.done
        one.between()
        if one.arena.done > done:
            deadline = time.monotonic() + one.on.size.seconds
        view = person.view() or view
        if view is None:
            continue
        one.pace.saw([(body.code, body.status, body.step, body.attempts) for body in view.bodies])
        beside = one.attack.beside and one.arena.done < one.attacks
        if person.tend(view, beside=beside):
            return view
    return view


def _from_now(arena: Arena, least: float, most: float) -> float:
    return time.monotonic() + arena.chance.uniform(least, most)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def _unfinished(view: OperationView | None) -> str:
    if view is None:
        return "the operation was never seen"
    bodies = [f"{one.code} {one.status} {one.step} {one.error}" for one in view.bodies]
    return f"it is {view.row.status}: {bodies}"
