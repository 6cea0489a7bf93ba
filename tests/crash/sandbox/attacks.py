"""What is done to the processes of a campaign on a sandbox, by name. Every choice is of the campaign's seed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psycopg
from tests.crash.operations.traps import set_traps
from tests.crash.sandbox import hands
from tests.crash.sandbox.boundaries import PLACES
from tests.crash.sandbox.crew import Crew

from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import Instance
from moyai.sandbox.postgres.roles import connect


@dataclass
class Arena:
    """What an attack can reach."""

    crew: Crew
    chance: random.Random
    share: float = 1.0
    """How much of an attack's times there is to be."""
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


Act = Callable[[Arena], bool]
"""One attack; False where there was nothing to attack."""


def _nothing(_arena: Arena) -> bool:
    return False


@dataclass(frozen=True)
class Attack:
    """One way in which things go wrong."""

    name: str
    act: Act = _nothing
    every: tuple[float, float] = (0.4, 2.5)
    """Seconds between two attacks."""
    attacks: int = 20
    before: Callable[[Arena], None] = lambda _arena: None
    """Before the first worker starts."""
    commands: bool = False
    """Whether other commands are run beside the upgrade, and killed with those that steer it."""
    clock: str = "true"
    quiet: bool = False
    """Whether nothing is done: what the others are held against."""
    kind: str = "upgrade"
    """Of the operation: `backup` changes nothing of a service, `deploy` brings another edition."""
    small_disk: bool = False
    """Whether all that Moyai writes is on a small disk of its own."""
    windows: bool = False
    """Whether the last body's window does not open while the campaign lasts."""


def _kill(*kinds: str) -> Act:
    """One process of one of the kinds; a kind that is named twice is as likely as two."""

    def act(arena: Arena) -> bool:
        there = arena.crew.alive(*kinds)
        found = [kind for kind in kinds if any(one.kind == kind for one in there)]
        if not found:
            return False
        kind = arena.chance.choice(found)
        arena.crew.kill(arena.chance.choice([one for one in there if one.kind == kind]))
        return True

    return act


def _while_building(*kinds: str) -> Act:
    """The same, where an engine runs at that moment: of any worker, perhaps the victim's."""
    act = _kill(*kinds)
    return lambda arena: bool(arena.crew.alive("engine")) and act(arena)


def _kill_a_supervisor(arena: Arena) -> bool:
    """With its worker, with its worker's guardian, or alone: a worker without a supervisor ends by itself."""
    there = arena.crew.alive("supervisor", "worker", "guardian")
    supervisors = [one for one in there if one.kind == "supervisor"]
    if not supervisors:
        return False
    victim = arena.chance.choice(supervisors)
    kinds = arena.chance.choice((("worker",), ("worker", "guardian"), ("guardian",), ()))
    own = [one for one in there if one.parent == victim.pid and one.kind in kinds]
    arena.crew.kill(victim, *own)
    return True


def _freeze(arena: Arena) -> bool:
    """Some process, or a worker with its supervisor, for less or more than a lease lasts."""
    there = arena.crew.alive("worker", "supervisor", "engine", "provider", "driver")
    if not there:
        return False
    victim = arena.chance.choice(there)
    pids = [victim.pid]
    if victim.kind == "worker" and arena.chance.random() < 0.4:
        pids.append(victim.parent)
    hands.send(signal.SIGSTOP, pids)
    arena.crew.freezes += len(pids)
    arena.later(arena.chance.uniform(0.3, 12), lambda: hands.send(signal.SIGCONT, pids))
    return True


def _restart_a_server(arena: Arena) -> bool:
    """An immediate shutdown, after which the cloud starts it, or the crash of one of its sessions."""
    servers = Fleet(arena.crew.place.witness.folder).all()
    server = arena.chance.choice(servers)
    arena.crew.restarts += 1
    if arena.chance.random() < 0.4:
        return _crash_a_session(server, arena.chance)
    identity = server.identity()
    if identity is None:
        return False
    identity.send(signal.SIGQUIT)
    return True


def _crash_a_session(server: Instance, chance: random.Random) -> bool:
    """kill -9 of one session's process: the server cuts all others and recovers by itself."""
    with suppress(psycopg.Error, OSError), closing(connect(server)) as admin:
        rows = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid() ORDER BY pid"
        ).fetchall()
        if rows:
            os.kill(chance.choice(rows)[0], signal.SIGKILL)
            return True
    return False


def _fill_the_disk(arena: Arena) -> bool:
    """To the last byte; room again after some seconds."""
    filler = arena.crew.place.home.parent / "filler"
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"x")
    arena.crew.restarts += 1
    arena.later(arena.chance.uniform(1, 6), lambda: filler.unlink(missing_ok=True))
    return True


def _bring_another_version(arena: Arena) -> bool:
    """The next version comes beside the first; then the first goes, one worker after another."""
    crew = arena.crew
    if arena.done == 0:
        crew.post("moyai-2")
        return True
    olds = [post for post in crew.posts if post.version == "moyai-1" and not post.closed]
    if olds and arena.done % 3 == 2:
        old = olds[0]
        old.closed = True
        if old.process is not None:
            own = [one for one in crew.alive("worker") if one.parent == old.process.pid]
            supervisor = [one for one in crew.alive("supervisor") if one.pid == old.process.pid]
            crew.kill(*own, *supervisor)
        return True
    return _kill("worker", "engine")(arena)


def _traps(places: Sequence[str], share: float) -> Callable[[Arena], None]:
    """At so great a share of the places, at the first or second body that comes there."""

    def lay(arena: Arena) -> None:
        many = max(3, round(len(places) * share * arena.share))
        chosen = arena.chance.sample(list(places), many)
        set_traps(arena.crew.folder, {one: [arena.chance.choice((1, 2))] for one in chosen})

    return lay


_ALL: tuple[Attack, ...] = (
    Attack("sandbox-quiet", quiet=True),
    Attack("sandbox-workers", _kill("worker"), every=(2.0, 6.0), attacks=12),
    Attack("sandbox-supervisors", _kill_a_supervisor, every=(3.0, 8.0), attacks=8),
    Attack("sandbox-boundaries", before=_traps(PLACES, 0.3)),
    Attack(
        "sandbox-engines",
        _while_building("engine", "engine", "provider", "driver"),
        every=(0.2, 3.0),
        attacks=8,
    ),
    Attack("sandbox-jobs", _kill("job"), every=(0.3, 2.0), attacks=8),
    Attack(
        "sandbox-all",
        _kill(
            *("worker", "supervisor", "guardian", "command", "job", "job"),
            *("engine", "provider", "driver") * 3,
        ),
        attacks=25,
        commands=True,
    ),
    Attack("sandbox-commands", _kill("command"), every=(0.2, 1.5), attacks=15, commands=True),
    Attack("sandbox-freezes", _freeze, every=(1.0, 4.0), attacks=8),
    Attack("sandbox-postgres", _restart_a_server, every=(2.0, 6.0), attacks=6),
    Attack("sandbox-versions", _bring_another_version, every=(2.0, 6.0), attacks=8),
    Attack(
        "sandbox-backups",
        _kill("worker", "supervisor", "job", "job"),
        every=(0.5, 3.0),
        attacks=12,
        kind="backup",
    ),
    Attack(
        "sandbox-deploys",
        _while_building("worker", "supervisor", "engine", "provider", "driver"),
        every=(0.5, 3.0),
        attacks=10,
        kind="deploy",
    ),
    Attack("sandbox-full-disk", _fill_the_disk, every=(8, 12), attacks=3, small_disk=True),
    Attack(
        "sandbox-windows",
        _kill("worker", "supervisor"),
        every=(2.0, 6.0),
        attacks=6,
        windows=True,
        clock="jumps",
    ),
    Attack("sandbox-clocks", _kill("worker", "engine"), every=(2.0, 6.0), attacks=6, clock="jumps"),
)
ATTACKS: Mapping[str, Attack] = {one.name: one for one in _ALL}
