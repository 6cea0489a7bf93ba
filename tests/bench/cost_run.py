"""One measured piece of work in a process of its own: `python -m tests.bench.cost_run ours|bare …`.

Prints one line of JSON. Starting Python and importing modules is in neither figure; connecting to
DuckDB is in both. Each has two threads.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from unittest.mock import patch

import duckdb

from moyai.costs import duck
from moyai.costs.periods import period_of
from moyai.costs.record import canonical, document
from moyai.operations.costs.periods import open_costs, reckoned

THREADS = 2
BARE = (
    "SELECT ServiceName, map_extract_value(Tags, 'moyai:tenant') AS tenant, sum(BilledCost) "
    "FROM read_parquet(?) GROUP BY ALL"
)
"""What our seconds are held against: no rules, no invoices, no yen, no bodies."""
BY_COLUMN = BARE.replace("map_extract_value(Tags, 'moyai:tenant')", '"Tags.moyai:tenant"')
"""The same by the column that the ledger's file has of the tag beside the map."""


def ours(file: Path, period: str) -> dict[str, object]:
    """A period allocated as the command does it, from the opened ledger to the canonical document.

    tenants.yaml is read and checked before: that is so with every command, whatever the rows.
    """
    opened = open_costs(file, "sandbox")
    with patch.object(duck, "_MOST_THREADS", THREADS):
        begun = time.perf_counter()
        made = reckoned(opened, period_of(period))
        content = canonical(document(made.allocation))
        seconds = time.perf_counter() - begun
    allocation = made.allocation
    return {
        "seconds": seconds,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bill_jpy": allocation.bill_jpy,
        "difference_jpy": allocation.difference_jpy,
        "unallocated_jpy": allocation.unallocated_jpy,
        "bodies": {code: sum(one.jpy for one in borne) for code, borne in allocation.bodies()},
    }


def bare(rows: Path, query: str = BARE) -> dict[str, object]:
    """DuckDB's own `GROUP BY` of the ledger's file, its groups fetched."""
    begun = time.perf_counter()
    with duckdb.connect(config={"threads": THREADS}) as connection:
        groups = connection.execute(query, [str(rows)]).fetchall()
    return {"seconds": time.perf_counter() - begun, "groups": len(groups)}


def main() -> None:
    """`ours FILE PERIOD`, `bare PARQUET` or `by_column PARQUET`."""
    what, path, *more = sys.argv[1:]
    if what == "ours":
        found = ours(Path(path), *more)
    else:
        found = bare(Path(path), BARE if what == "bare" else BY_COLUMN)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
