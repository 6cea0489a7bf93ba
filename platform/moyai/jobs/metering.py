"""`meter`: how much a body used of a service in a period, read as the service's own role."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL

from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.connections import Connection, connect, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.meters import read_meters
from moyai.jobs.results import Fields, JobError
from moyai.jobs.settings import MeterJob
from moyai.service_meters import Meter
from moyai.texts import Text

_SESSION: Mapping[str, str] = {
    "client_min_messages": "error",
    "default_transaction_read_only": "on",
    # Days are compared with moments: they begin at midnight in Japan.
    "TimeZone": "Asia/Tokyo",
}


def measure(job: MeterJob, cloud: Cloud) -> Fields:
    """Read every meter of the service, and what is stored now.

    `meters`: name → decimal text; `database_bytes`; `object_bytes` and `objects` of the newest versions
    below the prefix. Raises `JobError` where one cannot be read.
    """
    meters = read_meters(job.folder)
    login = SecretStore(cloud).read(job.app_secret)
    with closing(connect(job.server, login, job.name, _SESSION)) as connection:
        found = {meter.name: _read(connection, meter, job) for meter in meters}
        database_bytes = _database_bytes(connection)
    object_bytes, objects = _stored(job, cloud)
    return {
        "service": job.service,
        "meters": found,
        "database_bytes": database_bytes,
        "object_bytes": object_bytes,
        "objects": objects,
    }


def _read(connection: Connection, meter: Meter, job: MeterJob) -> str:
    """One number, as a decimal text."""
    try:
        # The service's own file, as migrations are.
        cursor = connection.execute(SQL(meter.sql), {"first": job.first, "next": job.next})
        rows = cursor.fetchmany(2)
    except psycopg.Error as error:
        doing = Text(f"{meter.name} を計量", f"read {meter.name}")
        raise statement_failed(error, doing, connection) from None
    if len(rows) == 1 and len(rows[0]) == 1:
        (value,) = rows[0]
        # Not `float`: its sums differ from machine to machine. Not `bool`, which is an `int`.
        if type(value) in (int, Decimal) and Decimal(value).is_finite() and value >= 0:
            return format(Decimal(value), "f")
    raise JobError(
        "no-number",
        Text(
            f"計量 {meter.name} の結果が、0 以上の正確な数（integer、numeric）1つではありません。",
            f"the meter {meter.name} does not answer one exact number (integer, numeric) from 0 up.",
        ),
    )


def _database_bytes(connection: Connection) -> int:
    try:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    except psycopg.Error as error:
        doing = Text("データベースの大きさを確認", "look up the database's size")
        raise statement_failed(error, doing) from None
    assert row is not None
    return int(row[0])


def _stored(job: MeterJob, cloud: Cloud) -> tuple[int, int]:
    """Bytes and number of the objects below the prefix."""
    total, count = 0, 0
    try:
        pages = cloud.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=job.bucket, Prefix=job.prefix):
            for one in page.get("Contents", ()):
                total, count = total + one["Size"], count + 1
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text("オブジェクトを一覧することが", "list the objects")) from None
    return total, count
