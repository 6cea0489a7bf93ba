"""`python -m moyai.operations.durable URL BODIES HEARTBEAT FILE SITE`: one worker process.

Started by `moyai.operations.durable.living.supervisor`, with the worker's id in `MOYAI_WORKER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from moyai.operations.audit.vault import vault_of
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.worker.process import work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import kind_of
from moyai.operations.kinds.upgrade.behind import releases_of
from moyai.planning.fleet.exceptions import bounded


def main(arguments: list[str]) -> int:
    """Run it; the exit code."""
    url, bodies, heartbeat, file, site = arguments
    source = SiteSource(Path(file), site)
    knowledge = Knowledge(
        site=site,
        kind=lambda name: kind_of(name, source),
        registry=lambda: source.session().workspace.registry,
        bounded=bounded,
        history=lambda: source.session().history.entries(),
        releases=lambda codes: releases_of(source.session(), codes),
        environment=lambda: source.session().workspace.runtime.environment(),
        vault=lambda: vault_of(source.session().workspace),
        home=lambda: source.session().workspace.runtime.home,
    )
    return work(url, int(bodies), int(heartbeat), knowledge)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
