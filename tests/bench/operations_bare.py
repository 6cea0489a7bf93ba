"""`python -m tests.bench.operations_bare URL NUMBER AT_ONCE`: empty child workflows of plain DBOS.

Prints the seconds from the parent's start to its end, by which all children have ended.
"""

from __future__ import annotations

import sys
import time

from dbos import DBOS, DBOSConfig

_POLL_SECONDS = 0.2
"""As our own queue's."""


def main(url: str, number: int, at_once: int) -> float:
    """Run so many children on one queue; the seconds."""
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
    began = time.perf_counter()
    assert parent(number) == number
    seconds = time.perf_counter() - began
    DBOS.destroy()
    return seconds


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
