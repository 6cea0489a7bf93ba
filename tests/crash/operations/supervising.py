"""A supervisor of a campaign: the product's, which starts a killed worker again without growing pauses.

The pauses are there for a worker that dies at once, again and again, by a fault of its own.
"""

from __future__ import annotations

import sys

from sqlalchemy.engine import make_url

from moyai.operations.durable.living import supervisor
from moyai.operations.durable.living.supervisor import Supervised, Supervisor
from moyai.operations.durable.worker.process import tell

WORKER = "tests.crash.operations.worker"

if __name__ == "__main__":
    supervisor._LONGEST_PAUSE = 0.2
    url, bodies, *arguments = sys.argv[1:]
    given = Supervised(make_url(url), int(bodies), tuple(arguments), module=WORKER)
    sys.exit(Supervisor(given, tell).run())
