"""Small campaigns of fixed seeds; `make crash` runs the full ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.operations.campaign import SMALL, Outcome, run
from tests.crash.operations.report import report
from tests.crash.operations.scenarios import SCENARIOS
from tests.crash.operations.servers import Server

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


def _is_reported(outcome: Outcome) -> None:
    figures = report([outcome])
    assert figures["kills"] == outcome.kills
    for name in ("duplicates", "lost", "stuck_locks", "out_of_window", "over_concurrency"):
        assert figures[name] == 0
