"""`python -m tests.bench.operations_plan FILE`: an upgrade of all bodies planned, as `moyai upgrade` does it
before it shows anything: from reading tenants.yaml to the forecast and the hash of the plan."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import projects

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.operations.fleet.upgrading import UpgradeWish, plan_upgrade, upgrade_bodies
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import plan_sha256
from moyai.planning.topology import TENANT

_SITE = "sandbox"
_SERVICE, _BEFORE, _AFTER = "eapp-b", "1.0.0", "1.1.0"


def plan_seconds(folder: Path, bodies: int) -> float:
    """Seconds of the processor, in a process of its own, for so many bodies that all run the release before."""
    file = projects.generated(folder / "project", bodies)
    environment = {**os.environ, "MOYAI_HOME": str(folder / "home"), _FILL: "1"}
    command = [sys.executable, "-m", "tests.bench.operations_plan", str(file)]
    for one in (environment, {**environment, _FILL: ""}):
        answer = subprocess.run(
            command, cwd=projects.ROOT, env=one, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
    planned, seconds = answer.stdout.split()
    assert int(planned) == bodies
    return float(seconds)


_FILL = "MOYAI_BENCH_FILL"
"""Set: the bodies' releases are put on record, and nothing is planned."""


def main() -> None:
    """How many bodies were planned, and the seconds."""
    file, began = Path(sys.argv[1]), time.process_time()
    session, now = open_session(file, _SITE), datetime.now(UTC)
    if os.environ.get(_FILL):
        for body in session.workspace.registry.tenants:
            record = StackRecord(StackId(TENANT, body.code), releases={_SERVICE: _BEFORE})
            assert session.state.store.swap(record, None)
        return
    wish = UpgradeWish(_SERVICE, _AFTER, "all", today())
    found = upgrade_bodies(session, wish, {}, now)
    plan = plan_upgrade(session.workspace, found, wish, by="planner@example.jp", now=now)
    foreseen = forecast(plan, now)
    plan_sha256(plan)
    seconds = time.process_time() - began
    assert len(foreseen.begun) == len(plan.bodies)
    print(len(plan.bodies), round(seconds, 3))


if __name__ == "__main__":
    main()
