"""All attacks of campaigns on a sandbox in one table, with the traps that are laid for some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.crash.operations.trapped import granted
from tests.crash.operations.trapped import places_of as places_of_functions
from tests.crash.operations.traps import set_traps
from tests.crash.sandbox import askers
from tests.crash.sandbox.attacks import (
    Arena,
    Attack,
    bring_another_version,
    fill_the_disk,
    freeze,
    kill,
    kill_a_supervisor,
    restart_a_server,
    while_building,
)
from tests.crash.sandbox.place import SERVICE
from tests.crash.sandbox.steps import places_of


def _traps(places: Sequence[str], bodies: int) -> Callable[[Arena], None]:
    """At each of the places, at one of so many bodies that come there; in a smaller campaign at some."""

    def lay(arena: Arena) -> None:
        many = max(3, round(len(places) * arena.share))
        chosen = arena.chance.sample(list(places), many)
        passing = range(1, (bodies if arena.share == 1 else 1) + 1)
        set_traps(arena.crew.folder, {one: [arena.chance.choice(passing)] for one in chosen})

    return lay


_PASSINGS = 12
"""Most of what workers call of the database they call again and again: one of so many is trapped."""


def _trap_functions(arena: Arena) -> None:
    """At each function of the operations database that workers may call, whichever there are."""
    engine = arena.crew.place.engine()
    with engine.connect() as connection:
        places = places_of_functions(granted(connection))
    engine.dispose()
    chosen = arena.chance.sample(places, max(3, round(len(places) * arena.share)))
    passing = {one: [arena.chance.randint(1, _PASSINGS)] for one in chosen}
    set_traps(arena.crew.folder, passing)


def _end_askers(arena: Arena) -> None:
    """Of some of the requests that change something at AWS, whoever asks."""
    many = max(3, round(_ASKERS * arena.share))
    askers.choose(arena.crew.place.base, arena.chance.sample(range(1, 5 * many), many))


_ASKERS = 25


_ALL: tuple[Attack, ...] = (
    Attack("sandbox-quiet", quiet=True, attacks=0),
    Attack("sandbox-workers", kill("worker"), every=(0.5, 4.0), attacks=40),
    Attack("sandbox-supervisors", kill_a_supervisor, every=(1.0, 6.0), attacks=20),
    Attack("sandbox-boundaries", before=_traps(places_of("upgrade", SERVICE), 3), attacks=0),
    Attack("sandbox-effects", before=_end_askers, attacks=0),
    Attack("sandbox-functions", before=_trap_functions, attacks=0),
    Attack(
        "sandbox-engines",
        while_building("engine", "engine", "provider", "driver"),
        every=(0.2, 3.0),
        attacks=25,
    ),
    Attack("sandbox-jobs", kill("job"), every=(0.3, 2.0), attacks=25),
    Attack(
        "sandbox-all",
        kill(
            *("worker", "supervisor", "guardian", "command", "job", "job"),
            *("engine", "provider", "driver") * 3,
        ),
        attacks=60,
        commands=True,
        beside=True,
    ),
    Attack(
        "sandbox-commands",
        kill("command"),
        every=(0.2, 1.5),
        attacks=40,
        commands=True,
        beside=True,
    ),
    Attack("sandbox-freezes", freeze, every=(1.0, 4.0), attacks=20),
    Attack("sandbox-postgres", restart_a_server, every=(2.0, 6.0), attacks=10),
    Attack("sandbox-versions", bring_another_version, every=(1.0, 5.0), attacks=25),
    Attack(
        "sandbox-backups",
        kill("worker", "supervisor", "job", "job"),
        every=(0.5, 3.0),
        attacks=40,
        before=_traps(places_of("backup", SERVICE), 3),
        kind="backup",
    ),
    Attack(
        "sandbox-deploys",
        while_building("worker", "supervisor", "engine", "provider", "driver"),
        every=(0.5, 3.0),
        attacks=30,
        before=_traps(places_of("deploy", SERVICE), 3),
        kind="deploy",
    ),
    Attack(
        "sandbox-rotations",
        kill("worker", "worker", "supervisor", "job", "command"),
        every=(0.5, 3.0),
        attacks=25,
        before=_traps(places_of("rotate", SERVICE), 3),
        kind="rotate",
    ),
    Attack(
        "sandbox-rotation-jobs",
        kill("job"),
        every=(0.1, 2.0),
        attacks=15,
        before=_end_askers,
        kind="rotate",
    ),
    Attack(
        "sandbox-edits",
        kill("command", "command", "worker", "engine", "provider", "driver"),
        every=(0.3, 2.5),
        attacks=25,
        commands=True,
        kind="edit",
    ),
    Attack("sandbox-clocks", kill("worker", "engine"), every=(1.0, 5.0), attacks=25, clock="jumps"),
    # Those that end a place are the last: what comes after begins anew.
    Attack(
        "sandbox-windows",
        kill("worker", "supervisor"),
        every=(1.0, 5.0),
        attacks=15,
        windows=True,
        clock="jumps",
    ),
    Attack("sandbox-full-disk", fill_the_disk, every=(8, 12), attacks=3, small_disk=True),
)
ATTACKS: Mapping[str, Attack] = {one.name: one for one in _ALL}
