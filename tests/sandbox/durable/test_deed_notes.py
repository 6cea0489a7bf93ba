"""Lines of deeds by hand in the audit chains: each once, by operators and workers, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.sandbox.copies import Copies

from moyai.operations.audit.chains import verify_chains
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.evidence.catching_up import put_deeds
from moyai.operations.evidence.chaining import Chaining
from moyai.operations.evidence.deeds import DeedFiles, deed_files
from moyai.operations.evidence.doing import About, on_record

ABOUT = About("tenant-edit", "sandbox", "ab" * 32)
BODY, OTHER = "271004", "272027"
KEY, SHA256 = f"d20261127-093015-0a1b2c3d.{'0' * 16}", "cd" * 32


@pytest.fixture
def engine(places: Logins) -> Iterator[sa.Engine]:
    found = open_engine(places.of("moyai_operator"))
    yield found
    found.dispose()


@pytest.fixture
def files(tmp_path: Path) -> DeedFiles:
    with on_record(tmp_path, ABOUT, (BODY, OTHER), {"edits": ("a=1",)}):
        pass
    return deed_files(tmp_path)


def told(engine: sa.Engine, chain: str) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        found = newest(connection, chain, 1000)
    return [(one.action, one.result) for one in found]


BOTH = [("hand.tenant-edit", "begun"), ("hand.tenant-edit", "applied")]


def test_a_worker_puts_what_waits_and_each_body_verifies(
    places: Logins, engine: sa.Engine, files: DeedFiles
) -> None:
    worker = open_engine(places.of("moyai_worker"))
    try:
        assert [put_deeds(files, worker) for _ in range(2)] == [None, None]
    finally:
        worker.dispose()
    for chain in ("federation", f"body:{BODY}", f"body:{OTHER}"):
        assert told(engine, chain) == BOTH
    assert all(not looked.findings for looked in verify_chains(engine))
    assert files.ids() == ()


def test_killed_between_the_chains_and_the_mark_it_is_not_put_twice(
    engine: sa.Engine, files: DeedFiles
) -> None:
    (deed,) = files.ids()
    content = files.place(deed).read_bytes()
    put_deeds(files, engine)
    files.place(deed).unlink()
    for known in (0, 1, 2):
        (files.folder / f"{deed}{files.suffix}").write_bytes(content)
        files.put_chained(deed, known)
        assert put_deeds(files, engine) is None
        files.settled(deed)
        files.place(deed).unlink()
    assert told(engine, f"body:{BODY}") == BOTH


def test_a_damaged_deed_is_told_and_holds_up_no_other(
    engine: sa.Engine, files: DeedFiles, tmp_path: Path
) -> None:
    (deed,) = files.ids()
    files.place(deed).write_text("{}\n")
    with on_record(tmp_path, ABOUT, (BODY,), {}):
        pass
    why = put_deeds(files, engine)
    assert why is not None
    assert "line 1 of the lines of" in why.en
    assert told(engine, f"body:{BODY}") == BOTH


def test_lines_that_a_restored_database_has_lost_are_put_there_again(
    engine: sa.Engine, files: DeedFiles, places: Logins
) -> None:
    copies = Copies(places.folder.parents[1] / "postgres", str(places.url.database))
    engine.dispose()
    copies.take()
    put_deeds(files, engine)
    engine.dispose()
    copies.put_back()
    copies.drop()
    assert told(engine, "federation") == []

    @contextmanager
    def opened() -> Iterator[sa.Engine]:
        yield engine

    for _ in range(2):
        assert Chaining(files, opened).again() == 0
    assert told(engine, f"body:{OTHER}") == BOTH
    assert sorted(path.name for path in files.folder.iterdir()) == ["kept"]


def made(chain: str = "federation", **changes: Any) -> dict[str, Any]:
    return {
        "chain": chain,
        "actor": "person:taro@office",
        "action": "hand.deploy",
        "plan_sha256": None,
        "step": None,
        "result": "applied",
        "details": {"evidence_sha256": SHA256},
        **changes,
    }


def note(engine: sa.Engine, function: str, key: str, records: list[dict[str, Any]]) -> None:
    statement = sa.text(f"SELECT moyai.{function}(:k, 1, :s, CAST(:records AS jsonb))")
    given = {"k": key, "s": SHA256, "records": json.dumps(records)}
    with engine.begin() as connection:
        connection.execute(statement, given)


@pytest.mark.parametrize(
    ("key", "records"),
    [
        (KEY, [made(action="runbook.step")]),
        (KEY, [made(action="operation.approve")]),
        (KEY, [made(actor="operator:keikaku@example.jp")]),
        (KEY, [made(actor="worker:w1")]),
        (KEY, [made(actor="person:")]),
        (KEY, [made(details={})]),
        (KEY, [made(f"body:{BODY}")]),
        (KEY, [made(), made(f"body:{BODY}")]),
        (f"r20261126-1.{'0' * 16}", [made()]),
        ("d20261127-1", [made()]),
    ],
)
def test_nothing_else_gets_into_the_chains_that_way(
    engine: sa.Engine, key: str, records: list[dict[str, Any]]
) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        note(engine, "note_deed", key, records)
    assert told(engine, "federation") == []


def test_a_run_is_no_deed_and_a_deed_no_run(engine: sa.Engine) -> None:
    note(engine, "note_deed", KEY, [made()])
    with pytest.raises(sa.exc.DBAPIError):
        note(engine, "note_runbook", KEY.replace("093015", "093016"), [made()])
    assert told(engine, "federation") == [("hand.deploy", "applied")]
