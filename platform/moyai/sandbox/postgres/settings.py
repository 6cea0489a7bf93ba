"""Server settings of the embedded instances, and why."""

from __future__ import annotations

from collections.abc import Mapping

MAX_CONNECTIONS = 200

_COMMON: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": str(MAX_CONNECTIONS),
    # Memory: an idle instance should cost little, and there may be one for each body.
    "shared_buffers": "16MB",
    "io_method": "sync",
    "file_copy_method": "clone",
    "max_worker_processes": "1",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_worker_slots": "2",
    "autovacuum_max_workers": "1",
    "max_wal_senders": "2",
    "jit": "off",
    "min_wal_size": "16MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A statement that fails may hold a password (ALTER ROLE … PASSWORD): it is not written down.
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

_STAND_IN: Mapping[str, str] = {
    # What is committed is handed to the kernel at once and survives the end of any process. It
    # does not wait for the disk, as no environment of a sandbox is worth that wait: hundreds of
    # CREATE DATABASE are made in one deploy. After a power cut everything is looked at again.
    # full_page_writes stays on: a write killed half-way can leave half a page.
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

_DURABLE: Mapping[str, str] = {
    # Operations data are the secretariat's own records, in the sandbox too.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


def arguments(port: int, *, durable: bool) -> list[str]:
    """Settings as options of `postgres`. `durable` also waits for the disk at each commit."""
    settings = {**_COMMON, **(_DURABLE if durable else _STAND_IN), "port": str(port)}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
