"""`python -m tests.bench.usual FILE ENGINE`: seconds that the usual way takes for a whole registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.naive import naive_up

from moyai.engine.stacks import StackRun
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.deploys.stack_runs import stack_run
from moyai.operations.site.places import today
from moyai.operations.site.session import Session, open_session


def runs(session: Session) -> Iterator[StackRun]:
    """Foundation first, then every body, as a first deploy would run them.

    Migrations and health checks, which a deploy does as well, are left out.
    """
    workspace = session.workspace
    plan = plan_of(session, Wish("all", today()))
    for stack in plan.stacks:
        yield stack_run(workspace, stack, plan.day, "up")


def main() -> None:
    """Print `{"seconds": …}`."""
    file, engine = map(Path, sys.argv[1:3])
    session = open_session(file, "sandbox")
    seconds = naive_up(session.workspace.runtime, engine, runs(session))
    print(json.dumps({"seconds": sum(seconds)}))


if __name__ == "__main__":
    main()
