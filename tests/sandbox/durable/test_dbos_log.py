"""The operations database stopped under a worker: its log says so in lines, not in tracebacks of a library."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from counting import make_plan
from workers import Fleet

from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import logins, prepare
from moyai.sandbox.postgres.fleet import Fleet as Servers
from moyai.sandbox.postgres.instance import OPERATIONS


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """A server of this test's own, to be stopped."""
    found = Servers(tmp_path / "postgres")
    found.ensure_operations()
    yield found
    found.stop_all()


def test_a_server_that_is_away_leaves_lines_in_a_worker_s_log(
    servers: Servers, tmp_path: Path
) -> None:
    places = logins(database_url(servers.operations_url()), tmp_path)
    prepare(places)
    (folder := tmp_path / "fleet").mkdir()
    fleet = Fleet(places, open_engine(places.of("moyai_operator")), folder)
    try:
        fleet.start(bodies=2)
        operation = fleet.plan(make_plan(folder, 6, at_once=2, seconds="0.5"))
        fleet.until(operation, lambda one: one.row.counts.get("done", 0) >= 1, 60)
        instance = servers.instance(OPERATIONS)
        instance.stop()
        time.sleep(8)
        instance.start()
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(conninfo(places.url), connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        fleet.engine.dispose()
        view = fleet.ended(operation, 120)
        assert view.row.status == "done"
        fleet.counted_once(view)
        said = fleet.logs()
        assert "Traceback" not in said, said
        assert "[SQL:" not in said, said
        away = [line for line in said.splitlines() if "the operations database is away" in line]
        by_dbos = [line for line in away if "(dbos:" in line]
        assert len(by_dbos) > 0, "DBOS's own words pass"
        places_of_dbos = {line.partition("(dbos:")[2].partition(")")[0] for line in by_dbos}
        assert len(by_dbos) <= 2 * len(places_of_dbos), "each place says it once in a process"
    finally:
        for one in fleet.supervisors:
            one.terminate()
            one.wait(30)
        fleet.engine.dispose()
