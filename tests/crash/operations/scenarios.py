"""What is done to the processes of a campaign, by name. Every choice is of the campaign's seed."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.operations.bodies import Wish
from tests.crash.operations.crew import Crew
from tests.crash.operations.servers import Server
from tests.crash.operations.trapped import PLACES, granted, places_of
from tests.crash.operations.traps import set_traps

Chance = random.Random


@dataclass
class Arena:
    """What an attack can reach."""

    crew: Crew
    server: Server
    chance: Chance
    wish: Wish
    share: float = 1.0
    """How much of a full campaign there is to be."""
    disks: Sequence[Path] = ()
    """Small disks that may be filled: the server's, the logs'."""
    done: int = 0
    """Attacks so far."""
    _later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something after a while."""
        self._later.append((time.monotonic() + seconds, what))

    def due(self, *, all_now: bool = False) -> None:
        """Do what is due by now."""
        now = time.monotonic()
        due = [one for one in self._later if all_now or one[0] <= now]
        self._later = [one for one in self._later if one not in due]
        for _, what in due:
            what()


def _nothing(_arena: Arena) -> None:
    """What begins attacks has been laid before."""


@dataclass(frozen=True)
class Scenario:
    """One way in which things go wrong."""

    name: str
    act: Callable[[Arena], None] = _nothing
    """One attack."""
    every: tuple[float, float] = (0.6, 2.0)
    """Seconds between two attacks."""
    attacks: int = 25
    """In a full campaign; a small one has a twelfth, but not fewer than `least`."""
    least: int = 1
    before: Callable[[Arena], None] = _nothing
    """Before the first worker starts."""
    windows: bool = False
    clock: str = "true"
    small_disks: bool = False


def _kill_a_worker(arena: Arena) -> None:
    workers = sorted(arena.crew.workers())
    if workers:
        arena.crew.kill(arena.chance.choice(workers))


def _kill_a_supervisor(arena: Arena) -> None:
    """With its worker, alone, or with all workers: a worker without a supervisor is killed later."""
    crew = arena.crew
    supervisors, workers = crew.supervisors(), crew.workers()
    if not supervisors:
        return
    victim = arena.chance.choice(supervisors)
    if arena.chance.random() < 0.25:
        crew.kill(victim)
        return
    crew.kill(
        victim, *(pid for pid in workers if crew.is_below(pid, victim) or crew.is_orphan(pid))
    )


def _freeze(arena: Arena) -> None:
    """A worker, a supervisor or both, for less or more than a lease lasts."""
    crew = arena.crew
    workers, supervisors = sorted(crew.workers()), sorted(crew.supervisors())
    if not workers or not supervisors:
        return
    supervisor = arena.chance.choice(supervisors)
    own = [pid for pid in workers if crew.is_below(pid, supervisor)]
    pids = arena.chance.choice((own, [supervisor], [*own, supervisor]))
    crew.send(signal.SIGSTOP, *pids)
    crew.freezes += len(pids)
    arena.later(arena.chance.uniform(0.3, 12), lambda: crew.send(signal.SIGCONT, *pids))


def _restart_the_server(arena: Arena) -> None:
    """An immediate shutdown and a start, or the crash of one session, from which it recovers itself."""
    arena.crew.restarts += 1
    if arena.chance.random() < 0.4:
        arena.server.crash_a_session(str(arena.crew.places.url.database))
        return
    arena.server.kill_hard()
    time.sleep(arena.chance.uniform(0, 1.5))
    arena.server.start()


def _fill_the_disks(arena: Arena) -> None:
    """To the last byte; room again after some seconds, and a server that gave up is started again."""
    for disk in arena.disks:
        _fill(disk / "filler")

    def room() -> None:
        for disk in arena.disks:
            (disk / "filler").unlink(missing_ok=True)
        arena.server.start()

    arena.crew.restarts += 1
    arena.later(arena.chance.uniform(1, 6), room)


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"x")


def _bring_another_version(arena: Arena) -> None:
    """The next version comes beside the first; then the first goes, one worker after another."""
    crew = arena.crew
    if arena.done == 0:
        crew.post("moyai-2")
        crew.post("moyai-2")
        return
    olds = [post for post in crew.posts if post.version == "moyai-1" and not post.closed]
    if olds and arena.done % 2:
        old = olds[0]
        old.closed = True
        if old.process is not None:
            crew.kill(*(p for p in crew.workers() if crew.is_below(p, old.process.pid)))
            crew.kill(old.process.pid)
        return
    _kill_a_worker(arena)


def _pause(arena: Arena) -> None:
    """For a moment: bodies of which nothing was changed wait again, whose carrying may be dead by then."""
    arena.crew.want("pause")
    arena.later(arena.chance.uniform(0.5, 2), lambda: arena.crew.want("run"))


def _trap(places: Sequence[str], share: float) -> Callable[[Arena], None]:
    """Traps at places, each at so great a share of the passings that a quiet run would have."""

    def lay(arena: Arena) -> None:
        bodies = arena.wish.bodies
        traps = {}
        for place in places:
            passings = bodies * (4 if place.split(":")[0] in ("intended", "done", "effect") else 1)
            many = int(passings * share + arena.chance.random())
            traps[place] = sorted(arena.chance.sample(range(1, passings + 1), many))
        set_traps(arena.crew.folder, traps)

    return lay


_WAITING_AGAIN = tuple(
    f"{name}:{when}"
    for name in ("stands", "look_again", "put_back", "take")
    for when in ("before", "after")
)
_ONCE_A_SECOND = 12
"""So many passings at most of what workers call again and again are trapped: each ends one of them."""


def _trap_functions(arena: Arena) -> None:
    """Traps at each function of the database that workers call, whichever there are."""
    with arena.crew.engine.connect() as connection:
        places = places_of(granted(connection))
    chosen = arena.chance.sample(places, max(4, round(len(places) * arena.share)))
    set_traps(arena.crew.folder, {one: [arena.chance.randint(1, _ONCE_A_SECOND)] for one in chosen})


_ALL: tuple[Scenario, ...] = (
    Scenario("workers", _kill_a_worker, least=2),
    Scenario("supervisors", _kill_a_supervisor, every=(1.0, 3.0), attacks=12),
    Scenario("boundaries", before=_trap(PLACES, 0.05)),
    Scenario(
        "pauses",
        _pause,
        every=(1.5, 4.0),
        attacks=12,
        before=_trap(_WAITING_AGAIN, 0.2),
        windows=True,
    ),
    Scenario("functions", before=_trap_functions),
    Scenario("effects", before=_trap(("effect:after",), 0.25)),
    Scenario(
        "conductor",
        before=_trap(("begin:before", "begin:after", "recover:before", "recover:after"), 0.3),
    ),
    Scenario("freezes", _freeze, every=(1.0, 3.0), attacks=10),
    Scenario("postgres", _restart_the_server, every=(1.0, 4.0), attacks=10),
    Scenario("full-disk", _fill_the_disks, every=(7.0, 10.0), attacks=3, small_disks=True),
    Scenario("versions", _bring_another_version, every=(2.0, 4.0), attacks=8, least=4),
    Scenario("clocks", _kill_a_worker, every=(2.0, 5.0), attacks=6, windows=True, clock="jumps"),
)
SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in _ALL}
