"""DuckDB as this platform uses it: local files only, bounded memory, nothing loaded from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from moyai.costs.disk import telling_of_disk

MEMORY = "1GB"
"""What DuckDB may take; beyond it, it writes into its temporary folder."""
_MOST_THREADS = 8


@contextmanager
def connected(temporary: Path, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection without a database file. `temporary`: where it puts what memory cannot hold.

    Raises `OperationFailed` for a disk that is full or fails, and for want of memory, in its body too.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads or min(os.cpu_count() or 1, _MOST_THREADS),
        "memory_limit": MEMORY,
        "temp_directory": str(temporary),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_persistent_secrets": False,
        "enable_external_file_cache": False,
    }
    with telling_of_disk():
        connection = duckdb.connect(config=settings)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    """A text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
