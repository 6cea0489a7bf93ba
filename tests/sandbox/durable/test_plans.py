"""A worker reads a plan once, and keeps no room for it in its connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import sqlalchemy as sa
from counting import make_plan
from tests.planned import create

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.conducting.plans import KnownPlan, Plans


def test_bodies_that_begin_together_read_their_plan_once(places: Logins, tmp_path: Path) -> None:
    operator = open_engine(places.of("moyai_operator"))
    with operator.begin() as connection:
        operation = create(connection, make_plan(tmp_path, 8), None)
    engine = open_engine(places.of("moyai_worker"), pool_size=8)
    read: list[str] = []

    def seen(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        read.append(statement)

    sa.event.listen(engine, "before_cursor_execute", seen)
    closed: list[object] = []
    sa.event.listen(engine, "close_detached", closed.append)
    plans, began = Plans(engine), Barrier(8)

    def one(_number: int) -> KnownPlan:
        began.wait(20)
        return plans.of(operation)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))
    assert len({id(plan) for plan in found}) == 1
    assert len([words for words in read if "SELECT plan" in words]) == 1
    assert len(closed) == 1, "the connection that read it"
    for one_engine in (engine, operator):
        one_engine.dispose()
