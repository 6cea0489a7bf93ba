"""What jobs tell, and what they leave, where the server ends at once while they are at it."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from moyai.engine.sites import EmbeddedSite
from moyai.sandbox.postgres.instance import Instance
from moyai.sandbox.processes import wait_until

from .conftest import Body, rows


@pytest.fixture
def server(created: Body, sandbox: EmbeddedSite) -> Instance:
    found = (
        Instance(one.parent) for one in Path(str(sandbox.status()["folder"])).rglob("instance.json")
    )
    return next(one for one in found if one.port == created.cluster.port and one.identity())


def _end(server: Instance) -> None:
    """An immediate shutdown; the cloud starts it again after a second or two."""
    identity = server.identity()
    assert identity is not None
    identity.send(signal.SIGQUIT)
    assert identity.wait_gone(10)


def _until_it_answers(body: Body) -> None:
    def answers() -> bool:
        try:
            body.as_owner().close()
        except psycopg.OperationalError:
            return False
        return True

    assert wait_until(answers, 60)


def test_closed_writes_are_counted_the_same_after_a_crash(created: Body, server: Instance) -> None:
    created.more.update(WRITES_BY="20261126-1")
    created.done("migrate")
    with closing(created.as_app()) as app:
        app.execute("DELETE FROM procedure WHERE false")
    created.done("writes-close")
    before = created.done("writes-count")
    _end(server)
    _until_it_answers(created)
    after = created.done("writes-count")
    assert before["token"]["rows"] is not None
    assert (after["token"], after["closed"]) == (before["token"], True)
    created.done("writes-open")
    with closing(created.as_app()) as app:
        app.execute("DELETE FROM procedure WHERE false")
    assert created.done("writes-count")["token"]["rows"] == before["token"]["rows"] + 1


def test_a_server_that_is_down_is_told_in_words_and_marked(created: Body, server: Instance) -> None:
    created.done("migrate")
    _end(server)
    code, result = created.run("health")
    _until_it_answers(created)
    assert (code, result["away"]) == (4, True), result
    assert "cannot connect to" in result["reason"]["en"]
    assert "moyai sandbox status" in result["remedy"]["en"]


def test_a_service_that_raises_the_code_of_a_lost_connection_has_lost_none(
    created: Body, tmp_path: Path
) -> None:
    created.more.update(SERVICES_DIR=str(tmp_path), SERVICE="small")
    folder = tmp_path / "small" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_base.sql").write_text("-- phase: expand\nCREATE TABLE a (id int)")
    (folder / "0002_more.sql").write_text(
        "-- phase: expand\nDO $$BEGIN RAISE 'no' USING ERRCODE = '57P01'; END$$"
    )
    (tmp_path / "small" / "health.sql").write_text(
        "-- check: read\nDO $$BEGIN RAISE 'no' USING ERRCODE = '08006'; END$$\n"
    )
    created.done("migrate")
    for verb in ("migrate", "health"):
        code, result = created.run(verb, SCHEMA_VERSION="2")
        assert (code, result.get("away")) == (4, None), result
    assert rows(created.as_owner(), "SELECT max(version) FROM moyai_migration") == [(1,)]
