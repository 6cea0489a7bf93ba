"""`python -m tests.crash.operations`: seeded campaigns on real processes, into build/crash/report.json."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.crash.operations.campaign import FULL, SMALL, Outcome, run
from tests.crash.operations.crew import ROOT
from tests.crash.operations.report import report
from tests.crash.operations.scenarios import SCENARIOS
from tests.crash.operations.servers import Server

RESULT = ROOT / "build" / "crash" / "report.json"


def main() -> int:
    """Run; 0 where nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="go on until there were so many")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it")
    parser.add_argument("--only", nargs="*", choices=list(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument(
        "--small", action="store_true", help="small campaigns, one of each scenario"
    )
    parser.add_argument(
        "--minutes", type=float, default=240, help="begin no campaign after so long"
    )
    asked = parser.parse_args()
    # What was started is ended, whichever signal ends this.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="moyai-crash-") as scratch:
        for outcome in _campaigns(asked, Path(scratch)):
            outcomes.append(outcome)
            _tell(outcome)
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(report(outcomes), ensure_ascii=False, indent=2)
            RESULT.write_text(text + "\n", encoding="utf-8")
    return 0 if outcomes and all(one.findings.none for one in outcomes) else 1


def _campaigns(asked: argparse.Namespace, scratch: Path) -> Iterator[Outcome]:
    began, kills, seed = time.monotonic(), 0, asked.seed
    server = Server(scratch / "shared")
    try:
        while True:
            for name in asked.only:
                if time.monotonic() - began > asked.minutes * 60:
                    return
                size = SMALL if asked.small else FULL
                outcome = run(SCENARIOS[name], seed, server, scratch, size)
                kills += outcome.kills
                yield outcome
            if asked.small or kills >= asked.kills:
                return
            seed += 1
    finally:
        server.stop()


def _tell(outcome: Outcome) -> None:
    wrong = {name: many for name, many in outcome.findings.counts().items() if many}
    print(
        f"{outcome.scenario} {outcome.seed}: {outcome.bodies} bodies in {outcome.seconds} s, "
        f"{outcome.kills} kills, {outcome.freezes} freezes, {outcome.restarts} restarts, "
        f"{dict(outcome.statuses)}: {wrong or 'nothing wrong'}",
        flush=True,
    )
    if wrong:
        print(json.dumps(vars(outcome.findings), ensure_ascii=False, indent=1))
        print(outcome.said[-20_000:], flush=True)


if __name__ == "__main__":
    sys.exit(main())
