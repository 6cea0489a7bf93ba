"""`python -m tests.bench.deploy`: every figure of deploying, in one run, into build/bench/deploy.json.

Ratios are what counts; seconds are kept so that a reader can see what they are ratios of.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import projects
from tests.bench.floor import Floor, replay
from tests.bench.processes import Measured, moyai
from tests.bench.recording import recorded

from moyai.engine import toolchain
from moyai.operations.site.embedded import embedded_site

RESULT = projects.ROOT / "build" / "bench" / "deploy.json"
REPEATS = 5
ROUNDS = 3
"""Of a cold deploy and the floor, one after another: what a shared machine does meanwhile differs by
a fifth from minute to minute, so each deploy is held against the floor of its own minute."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10,43,200", help="generated bodies for the growth")
    parser.add_argument("--no-naive", action="store_true", help="leave out the usual way")
    asked = parser.parse_args()
    engine = toolchain.ensure().path
    with tempfile.TemporaryDirectory(prefix="moyai-bench-") as scratch:
        found = measure(Path(scratch), engine, asked.sizes, naive=not asked.no_naive)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for key, value in found.items():
        if key != "floor_calls":
            print(f"{key}: {value}")


def measure(scratch: Path, engine: Path, sizes: str, *, naive: bool) -> dict[str, object]:
    """All figures; sandboxes are started before, and stopped after, what is timed."""
    path = projects.sample(scratch / "sample")
    rounds = _against_floor(path, scratch)
    cold, floor = sorted(rounds, key=lambda one: one[0].seconds / one[1].seconds)[ROUNDS // 2]
    watched = _cold(path, scratch / "watched", watch=True)
    _stop(path, scratch / "watched")
    noop = [_seconds([verb, "--file", str(path)], scratch / "cold") for verb in ("deploy", "plan")]
    changed, single = _one_changed(path, scratch / "cold")
    _stop(path, scratch / "cold")
    found: dict[str, object] = {
        "cold_vs_bare": round(cold.seconds / floor.seconds, 2),
        "naive_vs_cold": None,
        "noop_seconds": round(max(noop), 3),
        "one_changed_vs_single": round(changed / single, 2),
        "help_seconds": round(_seconds(["--help"], scratch / "cold"), 3),
        "validate_seconds": round(_seconds(["validate", "--file", str(path)], scratch / "cold"), 3),
        "validate_country_seconds": round(_country(scratch), 3),
        "peak_mb": round(watched.peak_mb),
        "cold_seconds": round(cold.seconds, 1),
        "floor_seconds": round(floor.seconds, 1),
        "rounds": [
            {"cold_seconds": round(one.seconds, 1), "floor_seconds": round(bare.seconds, 1)}
            for one, bare in rounds
        ],
        "one_changed_seconds": round(changed, 2),
        "single_seconds": round(single, 2),
    }
    if naive:
        seconds = _naive(path, scratch, engine)
        found["naive_seconds"] = round(seconds, 1)
        found["naive_vs_cold"] = round(seconds / cold.seconds, 2)
    found["by_bodies"] = {
        size: _grown(scratch / f"grown-{size}", int(size)) for size in sizes.split(",") if size
    }
    found["floor_calls"] = floor.calls
    found["floor_failed"] = floor.failed
    found["processors"] = os.cpu_count()
    return found


def _cold(
    path: Path, home: Path, *, recording: Path | None = None, watch: bool = False
) -> Measured:
    """A first deploy of everything, the sandbox running but empty.

    `watch`: measure its memory, which takes processor time; so it is not done where time counts.
    """
    more = recorded(recording) if recording else {}
    moyai(["sandbox", "start", "--file", str(path)], home, more=more)
    return moyai(["deploy", "--file", str(path)], home, more=more, watch=watch)


def _stop(path: Path, home: Path) -> None:
    moyai(["sandbox", "stop", "--file", str(path)], home)


def _seconds(arguments: list[str], home: Path) -> float:
    return statistics.median(moyai(arguments, home).seconds for _ in range(REPEATS))


def _country(scratch: Path) -> float:
    """`moyai validate` of a file with all municipalities of Japan, 1,741."""
    path = projects.generated(scratch / "country", 1741)
    return _seconds(["validate", "--file", str(path)], scratch / "cold")


def _one_changed(path: Path, home: Path) -> tuple[float, float]:
    """Deploying all with one body changed, and deploying that body alone; medians, in turn."""
    every, alone = [], []
    for number in range(REPEATS):
        _retag(path, f"{number}a")
        every.append(moyai(["deploy", "--file", str(path)], home).seconds)
        _retag(path, f"{number}b")
        alone.append(moyai(["deploy", "272027", "--file", str(path)], home).seconds)
    return statistics.median(every), statistics.median(alone)


def _retag(path: Path, value: str) -> None:
    """Give 岸和田市 another tag, which changes its resources and nobody else's."""
    text = path.read_text(encoding="utf-8")
    head, mark, rest = text.partition('  - code: "272027"\n')
    rest = re.sub(r"\A    tags: \{ bench: \w+ \}\n", "", rest)
    path.write_text(f"{head}{mark}    tags: {{ bench: v{value} }}\n{rest}", encoding="utf-8")


def _against_floor(path: Path, scratch: Path) -> list[tuple[Measured, Floor]]:
    """Cold deploys, each with the replay of a recorded one's calls; the last one's sandbox runs."""
    recording = record(path, scratch)
    rounds = []
    for left in reversed(range(ROUNDS)):
        home = scratch / (f"cold-{left}" if left else "cold")
        cold = _cold(path, home)
        if left:
            _stop(path, home)
        rounds.append((cold, floor_of(path, scratch / f"floor-{left}", recording)))
    return rounds


def record(path: Path, scratch: Path) -> Path:
    """The calls of a first deploy, as `recording` writes them."""
    recording = scratch / "calls.jsonl"
    _cold(path, scratch / "recorded", recording=recording)
    _stop(path, scratch / "recorded")
    return recording


def floor_of(path: Path, home: Path, recording: Path) -> Floor:
    """Replay a deploy's changing calls on an empty sandbox."""
    moyai(["sandbox", "start", "--file", str(path)], home)
    before = os.environ.get("MOYAI_HOME")
    os.environ["MOYAI_HOME"] = str(home)
    try:
        floor = replay(recording, embedded_site(path).environment())
    finally:
        if before is None:
            del os.environ["MOYAI_HOME"]
        else:
            os.environ["MOYAI_HOME"] = before
    _stop(path, home)
    return floor


def _naive(path: Path, scratch: Path, engine: Path) -> float:
    home = scratch / "naive"
    moyai(["sandbox", "start", "--file", str(path)], home)
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.usual", str(path), str(engine)],
        cwd=projects.ROOT,
        env={**os.environ, "MOYAI_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    _stop(path, home)
    return float(json.loads(answer.stdout.splitlines()[-1])["seconds"])


def _grown(folder: Path, bodies: int) -> dict[str, float]:
    path = projects.generated(folder / "project", bodies)
    cold = _cold(path, folder / "home", watch=True)
    _stop(path, folder / "home")
    return {"seconds": round(cold.seconds, 1), "peak_mb": round(cold.peak_mb)}


if __name__ == "__main__":
    main()
