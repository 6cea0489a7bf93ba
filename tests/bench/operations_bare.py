"""`python -m tests.bench.operations_bare URL NUMBER AT_ONCE ADMIN POSTMASTER`: empty children of plain DBOS.

Prints the seconds from the parent's start to its end, by which all children have ended, and what was used
within them.
"""

from __future__ import annotations

import os
import sys
import time

from dbos import DBOS, DBOSConfig
from tests.bench.operations_used import Used, used

_POLL_SECONDS = 0.2
"""As our own queue's."""


def main(url: str, number: int, at_once: int, admin: str, postmaster: int) -> tuple[float, Used]:
    """Run so many children on one queue; both."""
    config: DBOSConfig = {
        "name": "bare",
        "system_database_url": url,
        "log_level": "WARNING",
        "console_log_level": "WARNING",
    }
    DBOS(config=config)

    @DBOS.workflow()
    def child(_number: int) -> None:
        return None

    @DBOS.workflow()
    def parent(children: int) -> int:
        handles = [DBOS.enqueue_workflow("bare", child, one) for one in range(children)]
        for handle in handles:
            handle.get_result()
        return len(handles)

    DBOS.launch()
    DBOS.register_queue("bare", worker_concurrency=at_once, polling_interval_sec=_POLL_SECONDS)
    before, began = used(admin, postmaster, [os.getpid()]), time.perf_counter()
    assert parent(number) == number
    seconds = time.perf_counter() - began
    found = used(admin, postmaster, [os.getpid()]).since(before)
    DBOS.destroy()
    return seconds, found


if __name__ == "__main__":
    url, number, at_once, admin, postmaster = sys.argv[1:]
    seconds, found = main(url, int(number), int(at_once), admin, int(postmaster))
    print(seconds, found.processor, found.log_bytes)
