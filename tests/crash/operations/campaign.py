"""One campaign: an operation carried out by real processes while one scenario goes on, and what came of it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.operations.bodies import Wish, make_plan
from tests.crash.operations.check import Findings, check_database, check_marks, takeovers
from tests.crash.operations.crew import Crew, Kill
from tests.crash.operations.scenarios import Arena, Scenario
from tests.crash.operations.servers import Server, small_disk
from tests.crash.operations.traps import deaths

from moyai.operations.database.prepare import Logins
from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.plans import OperationPlan

_LOCKS_SECONDS = 12.0
"""In which the server sees that sessions of killed processes are gone."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Size:
    """How big campaigns are, and how long one may take."""

    bodies: tuple[int, int]
    share: float
    """Of a scenario's attacks."""
    seconds: float
    """From the last attack to the operation's end, at most."""


FULL = Size((10, 40), 1.0, 180.0)
SMALL = Size((4, 6), 1 / 12, 120.0)


@dataclass(frozen=True)
class Outcome:
    """What came of one campaign."""

    scenario: str
    seed: int
    bodies: int
    seconds: float
    kills: int
    freezes: int
    restarts: int
    takeovers: Sequence[float]
    findings: Findings
    statuses: Mapping[str, int] = field(default_factory=dict)
    said: str = ""
    killed: Mapping[str, int] = field(default_factory=dict)
    """Kind of process → how many of `kills`."""
    phases: Mapping[str, float] = field(default_factory=dict)
    """What its seconds went by with, those of a place's set-up too, which are not in `seconds`."""


def run(scenario: Scenario, seed: int, server: Server | None, scratch: Path, size: Size) -> Outcome:
    """Run one. `server` None, or a scenario with small disks: one is started for it alone."""
    chance = random.Random(f"{scenario.name}-{seed}")
    folder = scratch / f"{scenario.name}-{seed}"
    (folder / "marks").mkdir(parents=True)
    with ExitStack() as stack:
        disks = _disks(stack, folder) if scenario.small_disks else ()
        own = server is None or bool(disks)
        used = Server(disks[0] if disks else folder) if own or server is None else server
        if own:
            stack.callback(used.stop)
        logs = disks[1] if disks else folder
        places = used.database()
        crew = Crew(places, folder / "marks", logs)
        wish = Wish(
            chance.randint(*size.bodies),
            chance.choice((2, 3)),
            chance.randint(3, 6),
            chance.choice((0.05, 0.1, 0.2)),
            windows=scenario.windows,
        )
        arena = Arena(crew, used, chance, wish, size.share, disks)
        try:
            return _carried(scenario, seed, arena, size)
        finally:
            crew.close()
            used.drop(places)


def _carried(scenario: Scenario, seed: int, arena: Arena, size: Size) -> Outcome:
    crew, chance = arena.crew, arena.chance
    plan = make_plan(crew.folder, arena.wish, chance)
    scenario.before(arena)
    for _ in range(chance.choice((2, 3))):
        crew.post(clock=scenario.clock)
    crew.begin(plan)
    began = time.monotonic()
    view = _attacked(scenario, arena, size, plan)
    arena.due(all_now=True)
    seconds = time.monotonic() - began
    left = crew.close()
    found = Findings()
    found.left_processes.extend(map(str, left))
    if view is None:
        found.unfinished.append("the operation's end was never seen")
    else:
        if view.row.ended_at is None:
            found.unfinished.append(f"it is {view.row.status}: {_open(view)}")
        check_marks(crew.folder, plan, view, found)
    _check_database(arena.server, crew.places, found)
    trapped = [Kill(one["worker"], one["at"]) for one in deaths(crew.folder)]
    codes = [body.code for body in plan.bodies]
    return Outcome(
        scenario.name,
        seed,
        len(codes),
        round(seconds, 1),
        crew.killed + len(trapped),
        crew.freezes,
        crew.restarts,
        takeovers(crew.folder, codes, [*crew.kills, *trapped]),
        found,
        {} if view is None else dict(view.row.counts),
        "" if found.none else crew.said(),
        _by_kind(crew, len(trapped)),
    )


def _by_kind(crew: Crew, trapped: int) -> dict[str, int]:
    """Workers and supervisors that were killed."""
    workers = len(crew.kills) + trapped
    found = {"worker": workers, "supervisor": crew.killed + trapped - workers}
    return {kind: many for kind, many in found.items() if many}


def _attacked(
    scenario: Scenario, arena: Arena, size: Size, plan: OperationPlan
) -> OperationView | None:
    """Go on with attacks until the operation has ended, or they have and the time is over."""
    attacks = max(scenario.least, round(scenario.attacks * size.share))
    following = _first(arena)
    deadline = time.monotonic() + size.seconds
    view: OperationView | None = None
    while time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        arena.crew.tend()
        arena.due()
        if arena.done < attacks and time.monotonic() >= following and _is_under_way(arena.crew):
            scenario.act(arena)
            arena.done += 1
            following = time.monotonic() + arena.chance.uniform(*scenario.every)
            deadline = time.monotonic() + size.seconds
        view = arena.crew.view() or view
        if view is not None and view.row.ended_at is not None:
            return view
        if view is not None and scenario.windows and _only_closed(view, plan):
            arena.crew.want("cancel")
    return view


def _first(arena: Arena) -> float:
    return time.monotonic() + arena.chance.uniform(0, 1)


def _is_under_way(crew: Crew) -> bool:
    """Whether anything was done yet: attacks before that are wasted."""
    return next(iter(crew.folder.glob("1*.jsonl")), None) is not None


def _only_closed(view: OperationView, plan: OperationPlan) -> bool:
    """Whether only the body waits whose window does not open."""
    return all(
        body.code == plan.bodies[-1].code or body.status not in ("waiting", "running")
        for body in view.bodies
    )


def _open(view: OperationView) -> list[str]:
    return [
        f"{body.code} {body.status} {body.step} {body.worker}"
        for body in view.bodies
        if body.status in ("waiting", "running")
    ]


def _check_database(server: Server, places: Logins, found: Findings) -> None:
    deadline = time.monotonic() + _LOCKS_SECONDS
    while True:
        looked = Findings()
        with server.auditor(places) as auditor:
            check_database(auditor, looked)
        if not looked.stuck_locks or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    found.stuck_locks.extend(looked.stuck_locks)
    found.broken_chains.extend(looked.broken_chains)


def _disks(stack: ExitStack, folder: Path) -> tuple[Path, ...]:
    """The server's and the logs', where disks may be mounted."""
    disks = [stack.enter_context(_disk(folder / name, size)) for name, size in _SIZES.items()]
    return tuple(one for one in disks if one is not None) if all(disks) else ()


_SIZES = {"server": 256, "logs": 8}
"""Megabytes."""


@contextmanager
def _disk(place: Path, megabytes: int) -> Iterator[Path | None]:
    with small_disk(place, megabytes) as disk:
        yield disk
