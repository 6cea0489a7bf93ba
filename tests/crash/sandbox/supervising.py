"""`python -m tests.crash.sandbox.supervising FILE BODIES FOLDER VERSION CLOCK`: `moyai worker` with traps.

The product's supervisor on the product's login; a killed worker is started again without growing pauses,
which are there for one that dies at once, again and again, by a fault of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from moyai.operations.database.opening import login_url
from moyai.operations.durable.living import supervisor
from moyai.operations.durable.living.supervisor import Supervised, Supervisor
from moyai.operations.durable.worker.process import tell
from moyai.operations.site.workspace import open_workspace

WORKER = "tests.crash.sandbox.worker"

if __name__ == "__main__":
    supervisor._LONGEST_PAUSE = 0.2
    file, bodies, *arguments = sys.argv[1:]
    url = login_url(open_workspace(Path(file), "sandbox"), "moyai_worker")
    given = Supervised(url, int(bodies), (file, "sandbox", *arguments), module=WORKER)
    sys.exit(Supervisor(given, tell).run())
