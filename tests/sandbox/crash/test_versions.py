"""Two versions of the code beside one another: neither takes nor strands what is the other's."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.operations.bodies import Wish, make_plan
from tests.crash.operations.check import Findings, check_marks
from tests.crash.operations.crew import Crew
from tests.crash.operations.marks import marks
from tests.crash.operations.servers import Server

PLAN = Wish(bodies=6, waves=1, at_once=6, seconds=0.5, failing=0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("server"))
    yield found
    found.stop()


@pytest.fixture
def crew(server: Server, tmp_path: Path) -> Iterator[Crew]:
    (tmp_path / "marks").mkdir()
    found = Crew(server.database(), tmp_path / "marks", tmp_path)
    yield found
    found.close()


def _until_three_began(crew: Crew) -> None:
    deadline = time.monotonic() + 40
    while len(list(crew.folder.glob("1*.jsonl"))) < 3:
        assert time.monotonic() < deadline, crew.said()
        time.sleep(0.05)


def _until_done(crew: Crew) -> None:
    deadline = time.monotonic() + 40
    while (view := crew.view()) is None or view.row.ended_at is None:
        assert time.monotonic() < deadline, (view, crew.said())
        time.sleep(0.1)


def test_the_next_version_goes_on_with_what_the_last_worker_of_the_old_one_left(crew: Crew) -> None:
    plan = make_plan(crew.folder, PLAN, random.Random(1))
    crew.post()
    crew.begin(plan)
    _until_three_began(crew)
    crew.post("moyai-2")
    crew.posts[0].closed = True
    crew.kill(*crew.supervisors()[:1], *crew.workers())
    _until_done(crew)
    found, view = Findings(), crew.view()
    assert view is not None
    check_marks(crew.folder, plan, view, found)
    assert found.none, found


def test_the_next_version_takes_nothing_while_workers_of_the_old_one_live(crew: Crew) -> None:
    plan = make_plan(crew.folder, PLAN, random.Random(1))
    crew.post()
    crew.begin(plan)
    _until_three_began(crew)
    [old] = crew.workers().values()
    crew.post("moyai-2")
    _until_done(crew)
    assert {one.worker for body in plan.bodies for one in marks(crew.folder, body.code)} == {old}
