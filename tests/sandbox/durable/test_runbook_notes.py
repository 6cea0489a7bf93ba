"""Evidence of runbooks in the audit chains: each line once, in order, and no line of anything else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.sandbox.copies import Copies

from moyai.audit.notes import Note
from moyai.audit.records import AuditRecord
from moyai.errors import OperationFailed
from moyai.operations.audit.chains import verify_chains
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.noting import note
from moyai.operations.database.prepare import Logins
from moyai.operations.evidence import chaining
from moyai.operations.evidence.chaining import Chaining
from moyai.operations.evidence.runs import RunFiles
from moyai.operations.runbooks.records import RunRecord, RunStore
from moyai.texts import same

RUN, BODY, OTHER = "r20261126-1", "271004", "272027"
BY = "keikaku@example.jp"


def line(step: str | None, status: str, **more: object) -> dict[str, object]:
    found = {
        "run": RUN,
        "runbook": "trial",
        "content_sha256": "ab" * 32,
        "bodies": [BODY],
        "event": "step" if step else "run",
        "step": step,
        "status": status,
        "operator": BY,
        "argv": ["moyai", "status", OTHER],
    }
    return {**found, **more}


LINES = [line(None, "begun"), line("one", "begun"), line("one", "done", said=f"of {OTHER}")]


@dataclass
class Office:
    """A machine with runs, and an operations database that may be away."""

    engine: sa.Engine
    store: RunStore
    is_away: bool = False
    opened: int = field(default=0)

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.store.folder)

    def chaining(self) -> Chaining:
        return Chaining(self.files, self._open)

    @contextmanager
    def _open(self) -> Iterator[sa.Engine]:
        self.opened += 1
        if self.is_away:
            raise OperationFailed(same("it is away"))
        yield self.engine

    def chain(self, name: str) -> tuple[AuditRecord, ...]:
        with self.engine.connect() as connection:
            return newest(connection, name, 1000)

    def told(self, chain: str) -> list[tuple[str | None, str]]:
        return [(one.step, one.result) for one in self.chain(chain)]


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    engine = open_engine(places.of("moyai_operator"))
    store = RunStore(tmp_path)
    store.save(RunRecord(RUN, "trial", "0" * 64, "sandbox", BY, "2026-11-26T00:00:00+00:00", {}))
    yield Office(engine, store)
    engine.dispose()


ALL = [(one["step"], one["status"]) for one in LINES]


def test_each_line_is_in_the_federation_s_chain_and_in_that_of_the_body(office: Office) -> None:
    kept = office.chaining()
    for one in LINES:
        kept.put(RUN, one)
    chains = ("federation", f"body:{BODY}")
    assert [office.told(chain) for chain in chains] == [ALL, ALL]
    last = office.chain("federation")[-1]
    assert (last.actor, last.action) == (f"operator:{BY}", "runbook.step")
    assert (last.operation, last.plan_sha256) == (RUN, "ab" * 32)
    assert last.details["evidence_sha256"] == kept.files.lines(RUN)[-1].sha256
    assert last.details["argv"] == ("moyai", "status", OTHER)
    assert OTHER not in str(office.chain(f"body:{BODY}")), "a body's own record names no other"
    assert all(not looked.findings for looked in verify_chains(office.engine))
    assert kept.catch_up() == 0


def test_a_runbook_goes_on_without_the_database_and_the_next_command_catches_up(
    office: Office,
) -> None:
    office.is_away = True
    kept = office.chaining()
    for one in LINES:
        kept.put(RUN, one)
    assert office.opened == 1, "it is left alone for a while"
    assert (kept.catch_up(), kept.why) == (3, same("it is away"))
    assert office.told("federation") == []
    office.is_away = False
    later = office.chaining()
    assert (later.catch_up(), later.why) == (0, None)
    assert office.told("federation") == ALL


def test_what_was_put_and_not_noted_down_is_not_put_twice(office: Office) -> None:
    kept = office.chaining()
    for number, one in enumerate(LINES, 1):
        kept.put(RUN, one)
        for before in range(number + 1):  # killed at any moment since
            office.files.put_chained(RUN, before)
            assert office.chaining().catch_up() == 0
    assert office.told("federation") == ALL


def test_a_database_that_never_answers_holds_nobody_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaining, "_PATIENCE_SECONDS", 0.2)

    @contextmanager
    def frozen() -> Iterator[sa.Engine]:
        time.sleep(3)
        yield office.engine

    kept = Chaining(office.files, frozen)
    begun = time.monotonic()
    for one in LINES:
        kept.put(RUN, one)
    assert time.monotonic() - begun < 2
    assert kept.why is not None
    assert kept.files.waiting(RUN) == 3


def test_evidence_that_was_changed_since_is_told(office: Office) -> None:
    kept = office.chaining()
    kept.put(RUN, LINES[0])
    path = office.store.folder / f"{RUN}.evidence.jsonl"
    kept.put(RUN, LINES[1])
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(lines[0] + lines[1].replace("one", "two"), encoding="utf-8")
    office.files.put_chained(RUN, 0)
    again = office.chaining()
    assert again.catch_up() == 1
    assert again.why is not None
    assert "not the line 2" in again.why.en
    path.write_text(lines[0] + "{}\n", encoding="utf-8")
    broken = office.chaining()
    assert broken.catch_up() == 1
    assert broken.why is not None
    assert "line 2 of the evidence" in broken.why.en


@pytest.mark.parametrize("broken", ["{}", '{"status": "done", "said": 1.5}', "another"])
def test_a_run_whose_evidence_is_not_taken_holds_up_no_other(office: Office, broken: str) -> None:
    later = "r20261126-2"
    first, second = (replace(office.store.load(RUN), id=one) for one in (RUN, later))
    office.store.save(second)
    kept = office.chaining()
    kept.put(first.id, LINES[0])
    path = office.store.folder / f"{RUN}.evidence.jsonl"
    if broken == "another":  # than the one that is there
        kept.put(RUN, LINES[1])
        office.files.put_chained(RUN, 1)
        broken = json.dumps({**LINES[1], "status": "failed"})
    path.write_text(f"{json.dumps(LINES[0], sort_keys=True)}\n{broken}\n", encoding="utf-8")
    kept.files.put(later, line("one", "done", run=later))
    assert kept.catch_up() == 1
    assert kept.why is not None
    assert office.chain("federation")[-1].operation == later
    office.store.folder.joinpath(f"{later}.evidence.jsonl").unlink()


SHA256 = "cd" * 32
KEY = f"{RUN}.{'0' * 16}"


def made(chain: str = "federation", **changes: Any) -> dict[str, Any]:
    return {
        "chain": chain,
        "actor": f"operator:{BY}",
        "action": "runbook.step",
        "plan_sha256": None,
        "step": "one",
        "result": "done",
        "details": {"evidence_sha256": SHA256},
        **changes,
    }


@pytest.mark.parametrize(
    ("run", "number", "records"),
    [
        (KEY, 1, [made(action="operation.approve")]),
        (KEY, 1, [made(actor="worker:w1")]),
        (KEY, 1, [made(actor=None)]),
        (KEY, 1, [made(action=None)]),
        (KEY, 1, [made(result="")]),
        (KEY, 1, [made("body:1"), made()]),
        (KEY, 1, [made(details={})]),
        (KEY, 1, [made(f"body:{BODY}")]),
        (KEY, 1, [made(), made(f"body:{BODY}")]),
        (KEY, 1, [made(f"body:{OTHER}"), made(f"body:{BODY}"), made()]),
        (KEY, 1, [made(), made()]),
        (KEY, 1, []),
        (KEY, 2, [made()]),
        (KEY, 0, [made()]),
        ("20261126-1", 1, [made()]),
    ],
)
def test_nothing_else_gets_into_the_chains_that_way(
    office: Office, run: str, number: int, records: list[dict[str, Any]]
) -> None:
    statement = sa.text("SELECT moyai.note_runbook(:r, :n, :s, CAST(:records AS jsonb))")
    given = {"r": run, "n": number, "s": SHA256, "records": json.dumps(records)}
    with pytest.raises(sa.exc.DBAPIError), office.engine.begin() as connection:
        connection.execute(statement, given)
    assert office.told("federation") == []
    assert office.told(f"body:{BODY}") == []


def test_a_number_is_one_line_s_for_good(office: Office) -> None:
    said = Note("moyai", "runbook.step", None, "one", "done", {"evidence_sha256": SHA256})
    notes = {"federation": said}
    assert note(office.engine, KEY, 1, SHA256, notes)
    assert not note(office.engine, KEY, 1, SHA256, notes)
    with pytest.raises(sa.exc.DBAPIError, match="not the line 1"):
        note(office.engine, KEY, 1, "ef" * 32, notes)
    for statement in (
        f"INSERT INTO moyai.line_note VALUES ('{KEY}', 2, '{SHA256}')",
        "UPDATE moyai.line_note SET number = 2",
        "DELETE FROM moyai.line_note",
    ):
        with pytest.raises(sa.exc.DBAPIError), office.engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_lines_that_a_restored_database_has_lost_are_put_there_again(
    office: Office, places: Logins
) -> None:
    copies = Copies(places.folder.parents[1] / "postgres", str(places.url.database))
    kept = office.chaining()
    kept.put(RUN, LINES[0])
    kept.close()
    office.engine.dispose()
    copies.take()
    kept = office.chaining()
    kept.put(RUN, LINES[1])
    office.engine.dispose()
    copies.put_back()
    copies.drop()
    assert office.told("federation") == ALL[:1]
    assert kept.catch_up() == 0, "nothing waits, as far as this machine knows"
    assert office.told("federation") == ALL[:1]
    kept.put(RUN, LINES[2])
    assert (office.told("federation"), kept.why) == (ALL, None)
    office.files.put_chained(RUN, 3)
    with_copy = office.chaining()
    assert with_copy.again() == 0
    assert office.told("federation") == ALL, "each once"


def test_a_run_that_has_ended_is_put_there_again_when_a_person_declares_it(
    office: Office, places: Logins
) -> None:
    copies = Copies(places.folder.parents[1] / "postgres", str(places.url.database))
    office.engine.dispose()
    copies.take()
    kept = office.chaining()
    for one in LINES:
        kept.put(RUN, one)
    office.engine.dispose()
    copies.put_back()
    copies.drop()
    assert office.told("federation") == []
    assert office.chaining().again() == 0
    assert office.told("federation") == ALL
