"""Operations listed and looked at where many are on record."""

from __future__ import annotations

import resource
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from tests.bench.operations_kind import empty_plan
from tests.bench.operations_office import Server
from tests.bench.processes import moyai
from tests.sample import SAMPLE, lay_out

from moyai.canonical_json import canonical
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import listed, shown
from moyai.planning.fleet.plans import plan_sha256, to_document

_BODIES = 3
"""Of each past operation."""
_TIMES = 5
_QUERIES = 25
_SITE = "bench"
"""A site whose operations database is the one that is filled; nothing else of it is there."""
_OPERATIONS = """
INSERT INTO moyai.operation (id, kind, subject, site, plan, plan_sha256, planned_by, status,
  planned_at, began_at, ended_at)
SELECT to_char(day, 'YYYYMMDD') || '-' || which, CASE number %% 3 WHEN 0 THEN 'upgrade' ELSE 'check' END,
  'past ' || number, 'sandbox', %(plan)s, %(sha256)s, 'planner@example.jp',
  CASE number %% 50 WHEN 0 THEN 'failed' ELSE 'done' END, day, day, day + interval '1 hour'
FROM (SELECT number, 1 + number %% 100 AS which,
  timestamptz '2010-01-01 09:00+09' + (number / 100) * interval '1 day' + (number %% 100) * interval '1 s'
  AS day FROM generate_series(%(first)s, %(end)s - 1) AS number) AS past
"""
_BODIES_OF_THEM = """
INSERT INTO moyai.body (operation_id, code, name, wave, position, status, attempts, began_at, ended_at)
SELECT o.id, (100000 + at)::text, 'body', 1, at, CASE WHEN at = 0 THEN o.status ELSE 'done' END, 1,
  o.began_at, o.ended_at
FROM moyai.operation o, generate_series(0, %(bodies)s - 1) AS at
WHERE NOT EXISTS (SELECT FROM moyai.body b WHERE b.operation_id = o.id)
"""
_WAVES_OF_THEM = """
INSERT INTO moyai.wave (operation_id, number, name, status, began_at)
SELECT id, 1, 'all', 'done', began_at FROM moyai.operation o
WHERE NOT EXISTS (SELECT FROM moyai.wave w WHERE w.operation_id = o.id)
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """Seconds, each the median of a few."""

    list_query: float
    show_query: float
    list_command: float | None
    """The whole process; None where the command line has no such command."""
    watch_command: float | None
    list_processor: float | None
    """Processor time of the first of both, which tells more where others use the machine."""
    list_query_grown: float
    """The query with all on record as a multiple of itself with a tenth."""
    version_command: float
    """`moyai --version`: what any command costs."""


def past(server: Server, folder: Path, operations: int) -> Listed:
    """Put so many on record, and ask."""
    places = server.database("past")
    _fill(server, 0, operations // 10)
    file = _project(folder / "project", places)
    home = folder / "home"
    with server.office_of(places, "past") as office:
        engine = office.engine

        def ask(what: Callable[[sa.Connection], object]) -> float:
            with engine.connect() as connection:
                what(connection)  # the connection itself is asked for before
                return _median(lambda: what(connection), _QUERIES)

        of_a_tenth = ask(listed)
        _fill(server, operations // 10, operations)
        with engine.connect() as connection:
            [newest] = listed(connection, limit=1)
        list_query = ask(listed)
        show_query = ask(lambda connection: shown(connection, newest.id))
    _known_logins(home, places)
    list_command = _command(["operation", "list"], file, home)
    before = _children()
    if list_command is not None:
        moyai(["operation", "list", "--file", str(file), "--site", _SITE], home)
    processor = None if list_command is None else _children() - before
    return Listed(
        list_query,
        show_query,
        list_command,
        _command(["operation", "watch", newest.id], file, home),
        processor,
        list_query / of_a_tenth,
        _median(lambda: moyai(["--version"], home)),
    )


def _fill(server: Server, first: int, end: int) -> None:
    """Put the operations of these numbers on record."""
    plan = empty_plan(_BODIES)
    given = {
        "plan": canonical(to_document(plan)).decode(),
        "sha256": plan_sha256(plan),
        "first": first,
        "end": end,
        "bodies": _BODIES,
    }
    owner = conninfo(server.template.url.set(database="past"))
    with psycopg.connect(owner) as connection:
        connection.execute("SET ROLE moyai_owner")
        for statement in (_OPERATIONS, _BODIES_OF_THEM, _WAVES_OF_THEM):
            connection.execute(statement, given)
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE moyai.operation, moyai.body, moyai.wave")


def _project(folder: Path, places: Logins) -> Path:
    """The sample, with this operations database."""
    url = places.url.set(drivername="postgresql").render_as_string(hide_password=False)
    account = "111122223333"
    words = (
        f'sites:\n  {_SITE}:\n    account_id: "{account}"\n    region: ap-northeast-1\n'
        f"    backup_region: ap-northeast-3\n    state_backend: s3://bench-{account}\n"
        f"    secrets_provider: awskms://alias/bench?region=ap-northeast-1\n"
        f"    operations_database: {url}\n\noperators:\n"
    )
    sample = SAMPLE.read_text(encoding="utf-8")
    return lay_out(folder, sample.replace("\noperators:\n", f"\n{words}", 1))


def _known_logins(home: Path, places: Logins) -> None:
    """The password files where commands look for it."""
    known = home / "sites" / _SITE / "operations"
    shutil.copytree(places.folder, known)


def _command(words: list[str], file: Path, home: Path) -> float | None:
    try:
        moyai([*words, "--help"], home)
    except RuntimeError:
        return None
    return _median(lambda: moyai([*words, "--file", str(file), "--site", _SITE], home))


def _median(what: Callable[[], object], times: int = _TIMES) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _children() -> float:
    """Processor seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
