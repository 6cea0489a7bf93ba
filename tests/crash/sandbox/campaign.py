"""One campaign on a sandbox: a service upgraded by real workers, engines and jobs, while one attack goes on."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.operations.campaign import Outcome
from tests.crash.operations.check import Findings
from tests.crash.operations.crew import Kill
from tests.crash.operations.servers import small_disk
from tests.crash.operations.traps import deaths
from tests.crash.sandbox.attacks import Arena, Attack
from tests.crash.sandbox.check import check, check_backup, check_deploy, check_undisturbed
from tests.crash.sandbox.crew import Crew
from tests.crash.sandbox.person import Person
from tests.crash.sandbox.place import RELEASES, SERVICE, Place, make_place, release

from moyai.operations.database.rows import OperationView

_POLL_SECONDS = 0.2
_WITNESS_SECONDS = 1.0
_DISK_MEGABYTES = 400
_CHECKS = {"upgrade": check, "backup": check_backup, "deploy": check_deploy}
_PLANNING_SHARE = 0.2
"""Of the attacks, before there are workers: a plan takes seconds, and there is nothing but its command."""


@dataclass(frozen=True)
class Size:
    """How big campaigns are, and how long one may take."""

    bodies: int
    at_once: int
    share: float
    """Of an attack's times."""
    seconds: float
    """From the last attack to the operation's end, at most."""


FULL = Size(3, 2, 1.0, 420.0)
SMALL = Size(2, 2, 0.25, 240.0)


@dataclass
class Ground:
    """A place that campaigns share, one release after another; another one where something was wrong."""

    scratch: Path
    size: Size
    place: Place | None = None
    number: int = 1
    """The release that the last campaign brought."""
    since: float = 0.0
    """When it began, by the host's clock that nobody sets."""
    _places: int = 0
    _disk: ExitStack = field(default_factory=ExitStack)

    def next(self, attack: Attack) -> tuple[Place, int]:
        """A place whose bodies run the release before, and the release to go to; of what is no
        upgrade the one that they run."""
        if attack.small_disk or self.number + 1 >= RELEASES:
            self.leave()
        if self.place is None:
            self._make(attack)
        assert self.place is not None
        self.number += attack.kind == "upgrade"
        return self.place, self.number

    def leave(self) -> None:
        """Give it up: what comes after begins anew."""
        if self.place is not None:
            self.place.reset()
            self._disk.close()
            shutil.rmtree(self.place.base, ignore_errors=True)
            self.place = None

    def _make(self, attack: Attack) -> None:
        self._places += 1
        base = self.scratch / f"place-{self._places}"
        base.mkdir(parents=True)
        disk = None
        if attack.small_disk:
            disk = self._disk.enter_context(small_disk(base / "disk", _DISK_MEGABYTES))
            assert disk is not None, "no disk may be mounted here"
        self.number = 1
        self.place = make_place(base, self.size.bodies, self.size.at_once, disk)


@contextmanager
def ground(scratch: Path, size: Size) -> Iterator[Ground]:
    """Where campaigns are fought; reset at the end."""
    made = Ground(scratch, size)
    try:
        yield made
    finally:
        made.leave()


@dataclass
class _Campaign:
    attack: Attack
    crew: Crew
    person: Person
    arena: Arena
    attacks: int
    following: float = 0.0
    looks_at: float = 0.0
    found: Findings = field(default_factory=Findings)

    def between(self) -> None:
        """What goes on at any time: supervisors started again, the witness, attacks."""
        self.crew.tend()
        self.arena.due()
        now = time.monotonic()
        if now >= self.looks_at:
            self.crew.place.witness.look()
            self.looks_at = now + _WITNESS_SECONDS
        attacks = self.attacks if self.crew.posts else round(self.attacks * _PLANNING_SHARE)
        if self.arena.done < attacks and now >= self.following:
            if self.attack.act(self.arena):
                self.arena.done += 1
                self.following = now + self.arena.chance.uniform(*self.attack.every)
            else:
                self.following = now + 0.1  # nothing of the kind is there: it is looked for again


def run(attack: Attack, seed: int, on: Ground) -> Outcome:
    """Run one on the next release of a place."""
    place, number = on.next(attack)
    size = on.size
    chance = random.Random(f"{attack.name}-{seed}")
    folder = place.base / f"{attack.name}-{seed}-{number}"
    folder.mkdir()
    crew = Crew(place, folder)
    arena = Arena(crew, chance, size.share)
    moments = time.clock_gettime(time.CLOCK_MONOTONIC), time.time()
    on.since = moments[0]
    if attack.kind == "upgrade":
        place.federation.target(SERVICE, release(number))
        command = place.upgrade(release(number), any_time=not attack.windows)
    else:
        command = {"backup": place.backup, "deploy": place.deploy}[attack.kind]()
    if attack.windows:
        place.set_windows()
    person = Person(place, attack.kind, command, lambda: None, waits=attack.windows)
    one = _Campaign(attack, crew, person, arena, max(2, round(attack.attacks * size.share)))
    person.between = one.between
    attack.before(arena)
    try:
        view = _carried(one, size)
    finally:
        arena.due(all_now=True)
        left = crew.close()
    seconds = time.clock_gettime(time.CLOCK_MONOTONIC) - moments[0]
    found = one.found
    found.left_processes.extend(f"{process.kind} {process.pid}" for process in left)
    ends = "cancelled" if attack.windows else "done"
    if view is None or view.row.status != ends:
        found.unfinished.append(_unfinished(view))
    place.witness.look()
    if view is not None:
        shut = place.codes[-1:] if attack.windows else ()
        look = check_undisturbed if attack.quiet else _CHECKS[attack.kind]
        look(place, number, view, moments, found, shut)
    many = person.planned()
    if len(many) != 1:
        found.duplicates.append(f"operations on record: {many}")
    trapped = [Kill(each["worker"], each["at"]) for each in deaths(folder)]
    killed = Counter(crew.by_kind) + Counter({"worker": len(trapped)})
    seconds_each = person.takeovers([*crew.kills, *trapped])
    person.close()
    outcome = Outcome(
        attack.name,
        seed,
        len(place.codes),
        round(seconds, 1),
        killed.total(),
        crew.freezes,
        crew.restarts,
        seconds_each,
        found,
        {} if view is None else dict(view.row.counts),
        "" if found.none else crew.said(),
        dict(killed),
    )
    if attack.windows or attack.small_disk or not found.none:
        on.leave()  # bodies are not at one release any more
    return outcome


def _carried(one: _Campaign, size: Size) -> OperationView | None:
    """From the plan to the end, or as far as it comes in time."""
    if one.attack.commands:
        one.following = time.monotonic() + one.arena.chance.uniform(0, 1)
    else:
        one.following = float("inf")
    one.person.plan()
    for _ in range(2):
        one.crew.post(clock=one.attack.clock)
    if one.attack.kind != "backup":
        one.person.approve()
    one.following = time.monotonic() + one.arena.chance.uniform(0.5, 3)
    deadline = time.monotonic() + size.seconds
    view: OperationView | None = None
    while time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        done = one.arena.done
        one.between()
        if one.arena.done > done:
            deadline = time.monotonic() + size.seconds
        view = one.person.view() or view
        beside = one.attack.commands and one.arena.done < one.attacks
        if view is not None and one.person.tend(view, beside=beside):
            return view
    return view


def _unfinished(view: OperationView | None) -> str:
    if view is None:
        return "the operation was never seen"
    bodies = [f"{one.code} {one.status} {one.step} {one.error}" for one in view.bodies]
    return f"it is {view.row.status}: {bodies}"
