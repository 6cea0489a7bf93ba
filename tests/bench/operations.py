"""`python -m tests.bench.operations`: what operations cost by themselves, into build/bench/operations.json.

Steps do nothing and are recorded all the same: eight of each body, each with its place in the ledger and
its audit record. Beside them, in turn, as many empty child workflows of plain DBOS on the same server:
seconds say little on a machine that others use, and what they are a multiple of says more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sqlalchemy.engine import make_url
from tests.bench import projects
from tests.bench.operations_kind import STEPS
from tests.bench.operations_office import Server, server
from tests.bench.operations_past import past
from tests.bench.operations_plan import plan_seconds
from tests.bench.operations_takeover import takeovers
from tests.bench.operations_used import Used, counted
from tests.bench.processors import held_to

from moyai.operations.database.hosts import conninfo

RESULT = projects.ROOT / "build" / "bench" / "operations.json"
AT_ONCE = 32
"""Bodies that a worker carries at a time; threads that mostly wait for the server."""
_PLANNED = (200, 800)
"""Bodies of plans that are held against each other."""
_SHARE = 0.35
"""Of a processor, for each worker that is held to one: two processors have room for two and the server."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=1741)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--past", type=int, default=100_000)
    parser.add_argument(
        "--growth", type=int, default=10_000, help="bodies after the first operation"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moyai-bench-") as scratch:
        found = measure(
            Path(scratch), asked.bodies, asked.rounds, asked.kills, asked.past, asked.growth
        )
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for key, value in found.items():
        print(f"{key}: {value}")


def measure(
    scratch: Path, bodies: int, rounds: int, kills: int, operations: int, growth: int
) -> dict[str, object]:
    """All figures. Seconds of rounds are medians; `rounds` has each of them."""
    with server(scratch) as one:
        turns = [turn(one, number, bodies) for number in range(rounds)]
        shares = [held(one, number, bodies) for number in range(rounds)]
        had, grown, objects_a_body, asked_a_body = growth_mb(one, bodies, growth)
        taken = sorted(takeovers(one, kills))
        listed = past(one, scratch / "past-commands", operations)
    few, many = (plan_seconds(scratch / f"plan-{size}", size) for size in _PLANNED)
    medians = {key: statistics.median(turn[key] for turn in turns) for key in _SECONDS}
    return {
        "empty_1741_one_worker_s": round(medians["one_s"], 2),
        "bare_dbos_1741_s": round(medians["bare_s"], 2),
        "two_workers_speedup": _median_speedup(turns),
        "list_100k_seconds": round(
            max(listed.list_command or listed.list_query, listed.watch_command or 0.0), 3
        ),
        "worker_growth_mb": round(grown, 1),
        "worker_mb": round(had, 1),
        "takeover_p50_s": round(at(taken, 0.5), 2),
        "takeover_p99_s": round(at(taken, 0.99), 2),
        "empty_1741_two_workers_s": round(medians["two_s"], 2),
        "bare_vs_one_worker": round(
            statistics.median(turn["bare_s"] / turn["one_s"] for turn in turns), 2
        ),
        "plan_1741_s": round(plan_seconds(scratch / "plan", bodies), 2),
        "plan_grown": round(many / few, 2),
        "list_query_grown": round(listed.list_query_grown, 2),
        "processor_vs_bare": _ratio(turns, "bare_processor_ms", "one_processor_ms"),
        "log_vs_bare": _ratio(turns, "one_log_bytes", "bare_log_bytes"),
        "objects_a_body": round(objects_a_body, 2),
        "asked_a_body": round(asked_a_body, 2),
        "listed_seconds": {
            key: None if value is None else round(value, 3) for key, value in asdict(listed).items()
        },
        "two_workers_speedup_at_a_share": _median_speedup(shares),
        "share_of_a_processor": _SHARE,
        "rounds_at_a_share": shares,
        "rounds": turns,
        "bodies": bodies,
        "steps": STEPS,
        "at_once": AT_ONCE,
        "past_operations": operations,
        "growth_bodies": growth,
        "kills": kills,
        "takeovers_s": [round(seconds, 2) for seconds in taken],
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "commit": commit(),
    }


_SECONDS = ("bare_s", "one_s", "two_s")


def turn(one: Server, number: int, bodies: int) -> dict[str, float]:
    """Plain DBOS, one worker, two workers, each on a database of its own; with the load before each."""
    found: dict[str, float] = {"bare_load": _load()}
    seconds, of_bare = bare(one, f"bare_{number}", bodies)
    found |= {"bare_s": seconds, **_each("bare", of_bare, bodies)}
    for name, workers in (("one", [AT_ONCE]), ("two", [AT_ONCE, AT_ONCE])):
        with one.office(f"{name}_{number}", workers) as office:
            found[f"{name}_load"] = _load()
            before = office.used()
            found[f"{name}_s"] = round(office.carry(bodies)[1], 2)
            found |= _each(name, office.used().since(before), bodies)
    return found


def held(one: Server, number: int, bodies: int) -> dict[str, float] | None:
    """One worker and two, each held to a share of a processor; None where this machine cannot hold them."""
    found: dict[str, float] = {}
    for name, workers in (("one", [AT_ONCE]), ("two", [AT_ONCE, AT_ONCE])):
        with (
            one.office(f"{name}_held_{number}", workers) as office,
            held_to(_SHARE, [pid for _, pid in office.workers()]) as are_held,
        ):
            if not are_held:
                return None
            found[f"{name}_s"] = round(office.carry(bodies)[1], 2)
    return found


def _median_speedup(turns: Sequence[dict[str, float] | None]) -> float | None:
    ratios = [turn["one_s"] / turn["two_s"] for turn in turns if turn]
    return round(statistics.median(ratios), 2) if ratios else None


def _each(name: str, used: Used, bodies: int) -> dict[str, float]:
    """Of one body."""
    return {
        f"{name}_processor_ms": round(1000 * used.processor / bodies, 3),
        f"{name}_log_bytes": round(used.log_bytes / bodies, 1),
    }


def bare(one: Server, name: str, number: int) -> tuple[float, Used]:
    """Seconds that plain DBOS takes for so many empty children, and what they and the server use."""
    places = one.database(name, empty=True)
    url = make_url(places.url).set(drivername="postgresql+psycopg")
    command = [
        *(sys.executable, "-m", "tests.bench.operations_bare"),
        *(url.render_as_string(hide_password=False), str(number), str(AT_ONCE)),
        *(conninfo(places.url), str(one.postmaster)),
    ]
    answer = subprocess.run(
        command,
        cwd=projects.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    seconds, processor, log_bytes = answer.stdout.split()
    return round(float(seconds), 2), Used(float(processor), int(log_bytes))


def _ratio(turns: Sequence[dict[str, float]], above: str, below: str) -> float:
    return round(statistics.median(turn[above] / turn[below] for turn in turns), 2)


def growth_mb(one: Server, bodies: int, more: int) -> tuple[float, float, float, float]:
    """Resident memory of one worker after its first operation, and what it has more after so many more
    bodies by operations of that size: a plan of many bodies is held while they are carried. And how many
    objects its Python has more for each of them, and what each asked of the server."""
    with one.office("growth", [AT_ONCE]) as office:
        [(_, pid)] = office.workers()
        office.carry(min(bodies, more))
        before, had = _resident_mb(pid), counted(pid, office.folder)
        carried = 0
        while carried < more:
            office.carry(min(bodies, more))
            carried += bodies
        assert [found for _, found in office.workers()] == [pid], office.logs()
        grown = _resident_mb(pid) - before
        now = counted(pid, office.folder)
        more_objects, asked = now.objects - had.objects, now.asked - had.asked
        return before, grown, more_objects / carried, asked / carried


def at(ordered: Sequence[float], share: float) -> float:
    """The value below or at which so large a share lies; the last one for few values."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def commit() -> str | None:
    """What was measured, or None outside a checkout."""
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=projects.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or None


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"{pid} has ended")


def _load() -> float:
    return round(os.getloadavg()[0], 1)


if __name__ == "__main__":
    main()
