"""`python -m tests.crash.operations`: seeded campaigns on real processes, into build/crash/report.json.

Campaigns whose steps are stand-ins try many bodies in little time; those named `sandbox-…` are upgrades by the
real engine, its providers and jobs. Each campaign is in the file as soon as it has ended: `--resume` goes on
with those that are not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.crash.operations import campaign
from tests.crash.operations.campaign import Outcome
from tests.crash.operations.crew import ROOT
from tests.crash.operations.report import outcomes_of, report
from tests.crash.operations.scenarios import SCENARIOS
from tests.crash.operations.servers import Server
from tests.crash.sandbox import campaign as upgrading
from tests.crash.sandbox.table import ATTACKS

RESULT = ROOT / "build" / "crash" / "report.json"
_NAMES = (*SCENARIOS, *ATTACKS)


def main() -> int:
    """Run; 0 where nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="go on until there were so many")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it")
    parser.add_argument("--only", nargs="*", choices=list(_NAMES), default=list(_NAMES))
    parser.add_argument("--small", action="store_true", help="small campaigns, one of each name")
    parser.add_argument(
        "--minutes", type=float, default=600, help="begin no campaign after so long"
    )
    parser.add_argument("--resume", action="store_true", help="go on with those not in the file")
    parser.add_argument("--result", type=Path, default=RESULT)
    asked = parser.parse_args()
    # What was started is ended, whichever signal ends this.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcomes = outcomes_of(asked.result) if asked.resume else []
    with tempfile.TemporaryDirectory(prefix="moyai-crash-") as scratch:
        # Nothing is read or written of who runs this.
        os.environ["MOYAI_HOME"] = str(Path(scratch) / "nobody")
        for outcome in _campaigns(asked, Path(scratch), list(outcomes)):
            outcomes.append(outcome)
            _tell(outcome)
            _save(asked.result, report(outcomes))
    return 0 if outcomes and all(one.findings.none for one in outcomes) else 1


def _campaigns(asked: argparse.Namespace, scratch: Path, known: list[Outcome]) -> Iterator[Outcome]:
    began, seed = time.monotonic(), asked.seed
    kills = sum(one.kills for one in known)
    there = {(one.scenario, one.seed) for one in known}
    with ExitStack() as stack:
        fight = _fighter(asked, scratch, stack)
        while asked.small or kills < asked.kills:
            for name in asked.only:
                if time.monotonic() - began > asked.minutes * 60:
                    return
                if (name, seed) not in there:
                    outcome = fight(name, seed)
                    kills += outcome.kills
                    yield outcome
            if asked.small:
                return
            seed += 1


def _fighter(
    asked: argparse.Namespace, scratch: Path, stack: ExitStack
) -> Callable[[str, int], Outcome]:
    """What runs one campaign; a server or a sandbox is made for the first that needs it."""
    size = campaign.SMALL if asked.small else campaign.FULL
    upgrade = upgrading.SMALL if asked.small else upgrading.FULL
    servers: list[Server] = []
    grounds: list[upgrading.Ground] = []

    def fight(name: str, seed: int) -> Outcome:
        if name in SCENARIOS:
            if not servers:
                servers.append(Server(scratch / "shared"))
                stack.callback(servers[0].stop)
            return campaign.run(SCENARIOS[name], seed, servers[0], scratch, size)
        if not grounds:
            grounds.append(stack.enter_context(upgrading.ground(scratch, upgrade)))
        return upgrading.run(ATTACKS[name], seed, grounds[0])

    return fight


def _save(path: Path, document: dict[str, object]) -> None:
    """Whole or not at all: the file is what `--resume` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _tell(outcome: Outcome) -> None:
    wrong = {name: many for name, many in outcome.findings.counts().items() if many}
    print(
        f"{outcome.scenario} {outcome.seed}: {outcome.bodies} bodies in {outcome.seconds} s, "
        f"{outcome.kills} kills {dict(outcome.killed) or ''}, {outcome.freezes} freezes, "
        f"{outcome.restarts} restarts, {dict(outcome.statuses)}: {wrong or 'nothing wrong'}",
        flush=True,
    )
    if wrong:
        print(json.dumps(vars(outcome.findings), ensure_ascii=False, indent=1))
        print(outcome.said[-20_000:], flush=True)


if __name__ == "__main__":
    sys.exit(main())
