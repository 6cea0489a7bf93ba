"""Small campaigns of fixed seeds; `make crash` runs the full ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.operations.campaign import SMALL, Outcome, run
from tests.crash.operations.crew import ROOT
from tests.crash.operations.report import report
from tests.crash.operations.scenarios import SCENARIOS
from tests.crash.operations.servers import Server
from tests.crash.operations.trapped import functions_in, granted
from tests.crash.operations.traps import passed

import moyai.operations
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.hosts import conninfo

SEED = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("server"))
    yield found
    found.stop()


@pytest.mark.parametrize("name", ["workers", "boundaries", "postgres"])
def test_every_body_is_carried_once_whatever_happens(
    server: Server, tmp_path: Path, name: str
) -> None:
    outcome = run(SCENARIOS[name], SEED, server, tmp_path, SMALL)
    assert outcome.findings.none, (vars(outcome.findings), outcome.said)
    assert outcome.kills + outcome.restarts > 0
    _is_reported(outcome)


_CALL = """
import os, sys
from pathlib import Path
import psycopg
from tests.crash.operations import trapped, traps
traps.arm(Path(sys.argv[1]))
trapped.trap_statements()
with psycopg.connect(sys.argv[2], autocommit=True) as connection:
    connection.execute("SELECT moyai.found_free('nobody')")
with psycopg.connect(sys.argv[2]) as connection:
    connection.execute("SELECT moyai.worker_ended('nobody')")
"""


def test_every_function_that_workers_may_call_is_called_by_a_statement_with_traps(
    server: Server, tmp_path: Path
) -> None:
    places = server.database()
    engine = open_engine(places.of("moyai_operator"))
    with engine.connect() as connection:
        functions = granted(connection)
    engine.dispose()
    assert {"take", "go_on", "finish", "put_back", "hand_over", "conduct"} <= {*functions}
    source = Path(str(moyai.operations.__path__[0])).rglob("*.py")
    called = {name for path in source for name in functions_in(path.read_text(encoding="utf-8"))}
    assert {*functions} <= called, "called otherwise than by its name in a statement"
    given = conninfo(places.of("moyai_worker"))
    subprocess.run(
        [sys.executable, "-c", _CALL, str(tmp_path), given],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}"},
        check=True,
        timeout=60,
    )
    assert passed(tmp_path) == {
        *(f"moyai.found_free:{when}" for when in ("before", "after")),
        *(f"moyai.worker_ended:{when}" for when in ("before", "after", "kept")),
    }
    server.drop(places)


def _is_reported(outcome: Outcome) -> None:
    figures = report([outcome])
    assert figures["kills"] == outcome.kills
    for name in ("duplicates", "lost", "stuck_locks", "out_of_window", "over_concurrency"):
        assert figures[name] == 0
