"""What is done to the processes of a campaign on a sandbox, by name. Every choice is of the campaign's seed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psycopg
from tests.crash.sandbox import hands
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
    is_planning: bool = False
    """Whether an operation is planned or approved just now: only commands are at work then."""
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


_NEVER_WAKE = 0.4
"""The share of what is frozen that is killed before it goes on."""

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
    """In a full campaign, over all of its operations; none: one operation, whatever was laid `before`."""
    before: Callable[[Arena], None] = lambda _arena: None
    """Before the first worker starts."""
    commands: bool = False
    """Whether commands are killed that plan an operation, approve it and write it into the file."""
    beside: bool = False
    """Whether `moyai deploy all` is run beside it, again and again."""
    clock: str = "true"
    quiet: bool = False
    """Whether nothing is done: what the others are held against."""
    kind: str = "upgrade"
    """Of its operations."""
    small_disk: bool = False
    """Whether all that Moyai writes is on a small disk of its own."""
    windows: bool = False
    """Whether the last body's window does not open while the campaign lasts."""


def kill(*kinds: str) -> Act:
    """One process of one of the kinds; a kind that is named twice is as likely as two."""

    def act(arena: Arena) -> bool:
        there = arena.crew.alive(*kinds)
        if arena.is_planning:
            there = [one for one in there if one.kind == "command"]
        found = [kind for kind in kinds if any(one.kind == kind for one in there)]
        if not found:
            return False
        kind = arena.chance.choice(found)
        arena.crew.kill(arena.chance.choice([one for one in there if one.kind == kind]))
        return True

    return act


def while_building(*kinds: str) -> Act:
    """The same, where an engine runs at that moment: of any worker, perhaps the victim's."""
    act = kill(*kinds)
    return lambda arena: bool(arena.crew.alive("engine")) and act(arena)


def kill_a_supervisor(arena: Arena) -> bool:
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


def freeze(arena: Arena) -> bool:
    """Some process, or a worker with its supervisor, for less or more than a lease lasts; some of them
    never wake, as they are killed then."""
    there = arena.crew.alive("worker", "supervisor", "engine", "provider", "driver")
    if not there:
        return False
    victim = arena.chance.choice(there)
    frozen = [victim]
    if victim.kind == "worker" and arena.chance.random() < 0.4:
        frozen += [one for one in there if one.pid == victim.parent]
    pids = [one.pid for one in frozen]
    hands.send(signal.SIGSTOP, pids)
    arena.crew.freezes += len(pids)
    seconds, dies = arena.chance.uniform(0.3, 12), arena.chance.random() < _NEVER_WAKE

    def end() -> None:
        if dies:
            arena.crew.kill(*(one for one in arena.crew.alive() if one in frozen))
        hands.send(signal.SIGCONT, pids)

    arena.later(seconds, end)
    return True


def restart_a_server(arena: Arena) -> bool:
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


def fill_the_disk(arena: Arena) -> bool:
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


def bring_another_version(arena: Arena) -> bool:
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
    return kill("worker", "engine")(arena)
