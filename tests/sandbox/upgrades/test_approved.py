"""What was approved is what is done: files that change between preflight and a step bring nothing along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from office import A, B, Between, Office, at, unchanged

from moyai.engine.stacks import RunResult
from moyai.engine.state.records import StackRecord
from moyai.operations.database.rows import BodyRow
from moyai.operations.deploys.after_run import AfterRun
from moyai.operations.deploys.events import DeployEvent
from moyai.operations.kinds import deploy
from moyai.operations.kinds.deploy import deploy_changes
from moyai.operations.kinds.stacks import Planned
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.planning.conditions import Condition
from moyai.planning.fleet.plans import PlannedBody
from moyai.planning.plans import PlannedStack

SUBSCRIPTION = "- { service: eapp-b, from: 2022-10-01"


@pytest.fixture(scope="module", name="office")
def _of_its_own(own_office: Office) -> Office:
    """Bodies that begin at the first release."""
    return own_office


def _edit(office: Office) -> Callable[[], None]:
    settings = f"{SUBSCRIPTION}, settings: {{ payment: both }} }}"
    return lambda: office.federation.edit(f"{SUBSCRIPTION} }}", settings)


@contextmanager
def _appended(path: Path, words: str) -> Iterator[Callable[[], None]]:
    """A file that is changed when told to, and put back."""
    before = path.read_bytes()
    try:
        yield lambda: path.write_bytes(before + words.encode()) and None
    finally:
        path.write_bytes(before)


def _why(body: BodyRow) -> str:
    assert body.error is not None
    return str(body.error["what"]["en"])


def _rename(office: Office, table: str, name: str) -> None:
    with office.sql(A, "owner") as owner:
        owner.execute(f"ALTER TABLE {table} RENAME TO {name}")


def _as_before(office: Office, code: str) -> tuple[object, ...]:
    record = office.record(code)
    given = (record.releases, dict(record.moving), dict(record.fingerprint))
    return (*given, office.image(code), office.schema(code), office.revisions(code))


def test_an_edit_before_the_stack_is_not_built(office: Office) -> None:
    office.bring(A, "1.1.0")
    before, operation = _as_before(office, A), office.plan("1.2.0", A)
    with unchanged(office.federation):
        body = office.carry(operation, A, at("stack", _edit(office)))
        assert body.status == "failed"
        assert "the subscription changed" in _why(body)
        assert _as_before(office, A) == before
        assert office.is_open(A)


def test_a_migration_edited_after_the_stack_is_not_applied(office: Office) -> None:
    before, operation = _as_before(office, A), office.plan("1.2.0", A)
    folder = office.federation.folder / "stacks" / "services" / "eapp-b" / "migrations"
    with _appended(folder / "0003_note.sql", "CREATE TABLE other (id int);\n") as edit:
        body = office.carry(operation, A, at("migrate-expand", edit))
        assert body.status == "failed"
        assert "a migration, the health check or the manifest" in _why(body)
        assert _as_before(office, A)[:5] == before[:5]
        assert office.is_open(A)


def test_a_health_check_edited_meanwhile_says_nothing(office: Office) -> None:
    before, operation = _as_before(office, A), office.plan("1.2.0", A)
    health = office.federation.folder / "stacks" / "services" / "eapp-b" / "health.sql"
    with _appended(health, "\n-- nothing more\n") as edit:
        body = office.carry(operation, A, at("health", edit))
        assert body.status == "failed"
        assert office.image(A) == before[3]
        assert office.is_open(A)


def test_what_would_go_back_with_an_edit_is_held_until_the_edit_is_taken_back(
    office: Office,
) -> None:
    operation, edit = office.plan("1.2.0", A), _edit(office)

    def edit_and_break() -> None:
        edit()
        _rename(office, "applicant_kind", "hidden")

    with unchanged(office.federation):
        body = office.carry(operation, A, at("health", edit_and_break))
        _rename(office, "hidden", "applicant_kind")
        assert body.status == "held"
        assert "bring what nobody approved" in _why(body)
        assert (office.image(A), office.is_open(A)) == ("1.2.0", False)
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    assert (office.image(A), office.is_open(A)) == ("1.2.0", True)


def test_a_deploy_builds_what_was_approved_or_nothing(office: Office) -> None:
    with unchanged(office.federation):
        office.federation.edit("slug: ikeda", "slug: ikeda\n    tags: { pilot: 'yes' }")
        change = deploy_changes(office.source.session(), (B,), today())[B]
        assert change.stack.runs
        planned = PlannedBody(B, B, 1, change.sha256, change.texts, 60, None)
        before = office.record(B).fingerprint
        operation = office.put("deploy", "", {}, (planned,))
        body = office.carry(
            operation, B, at("deploy", lambda: office.federation.edit("'yes'", "'no'"))
        )
        assert body.status == "failed"
        assert office.record(B).fingerprint == before
        again = deploy_changes(office.source.session(), (B,), today())[B]
        planned = PlannedBody(B, B, 1, again.sha256, again.texts, 60, None)
        assert office.carry(office.put("deploy", "", {}, (planned,)), B).status == "done"
        assert office.record(B).fingerprint != before
    office.federation.ok("deploy", B, "--allow-older")


class _Killed(BaseException):
    """A worker that ends here."""


def _dies(ended: str, edit: Callable[[], None]) -> Between:
    """A worker that dies before the end of a step is on record, whereupon a file is edited."""
    done: list[str] = []

    def between(before: str | None, _: str | None) -> None:
        if before == ended and not done:
            done.append(ended)
            edit()
            raise _Killed

    return between


@contextmanager
def _edited_once_built(edit: Callable[[], None]) -> Iterator[None]:
    """An edit while the stack's end is put on record: its program has read the files, the engine has ended."""
    real, done = AfterRun.engine, list[None]()

    def engine(self: AfterRun, stack: PlannedStack, result: RunResult) -> list[DeployEvent]:
        if not done:
            done.append(None)
            edit()
        return real(self, stack, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AfterRun, "engine", engine)
        yield
    assert done, "the stack was built"


def test_an_edit_after_the_engine_began_is_the_next_ones(office: Office) -> None:
    office.bring(A, "1.2.0")
    operation = office.plan("1.3.0", A)
    with unchanged(office.federation), _edited_once_built(_edit(office)):
        assert office.carry(operation, A).status == "done"
        assert (office.image(A), office.is_open(A)) == ("1.3.0", True)
        status = office.federation.statuses()[A]
        assert status["status"] == "outdated"
        assert any("subscription" in reason for reason in status["reasons"]), status
    assert "-stack" not in [name for _, name, _ in office.steps(operation, A)]


def test_code_edited_after_the_engine_began_is_the_next_ones(office: Office) -> None:
    operation = office.plan("1.5.0", A)
    program = office.federation.folder / "stacks" / "tenant" / "__main__.py"
    with _appended(program, "\n# edited\n") as edit, _edited_once_built(edit):
        assert office.carry(operation, A).status == "done"
        assert office.image(A) == "1.5.0"


def test_what_was_built_by_a_worker_that_died_stands_whatever_is_edited_since(
    office: Office,
) -> None:
    operation = office.plan("1.1.0", A, service="chat")
    revisions = office.revisions(A, "chat")
    with unchanged(office.federation):
        with pytest.raises(_Killed):
            office.carry(operation, A, _dies("stack", _edit(office)))
        assert office.carry(operation, A).status == "done"
    assert (office.image(A, "chat"), office.revisions(A, "chat")) == ("1.1.0", revisions + 1)
    assert office.is_open(A, "chat")


@contextmanager
def _dies_once_built(edit: Callable[[], None]) -> Iterator[None]:
    """A worker that dies between the engine's end and its record, whereupon a file is edited."""

    def engine(*_: object) -> list[DeployEvent]:
        edit()
        raise _Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AfterRun, "engine", engine)
        with pytest.raises(_Killed):
            yield


def test_what_the_engine_built_stands_though_its_worker_died_before_the_record(
    office: Office,
) -> None:
    operation = office.plan("1.1.0", B)
    with unchanged(office.federation):
        tags = "slug: ikeda\n    tags: { pilot: 'died' }"
        with _dies_once_built(lambda: office.federation.edit("slug: ikeda", tags)):
            office.carry(operation, B)
        assert office.record(B).running_since is not None
        revisions = office.revisions(B)
        assert office.carry(operation, B).status == "done"
    assert (office.image(B), office.revisions(B)) == ("1.1.0", revisions)
    assert "-stack" not in [name for _, name, _ in office.steps(operation, B)]
    recorded = office.source.session().state.recorded(office.record(B).stack)
    assert recorded.condition is Condition.APPLIED, recorded.doubt


def test_what_a_deploys_engine_built_stands_though_its_worker_died_before_the_record(
    office: Office,
) -> None:
    with unchanged(office.federation):
        office.federation.edit("slug: ikeda", "slug: ikeda\n    tags: { pilot: 'three' }")
        change = deploy_changes(office.source.session(), (B,), today())[B]
        planned = PlannedBody(B, B, 1, change.sha256, change.texts, 60, None)
        operation = office.put("deploy", "", {}, (planned,))
        with _dies_once_built(lambda: office.federation.edit("'three'", "'four'")):
            office.carry(operation, B)
        assert office.carry(operation, B).status == "done"
        assert office.record(B).fingerprint == dict(change.stack.fingerprint)
    office.federation.ok("deploy", B, "--allow-older")


def test_what_a_deploys_worker_built_before_it_died_stands_too(office: Office) -> None:
    with unchanged(office.federation):
        office.federation.edit("slug: ikeda", "slug: ikeda\n    tags: { pilot: 'one' }")
        change = deploy_changes(office.source.session(), (B,), today())[B]
        planned = PlannedBody(B, B, 1, change.sha256, change.texts, 60, None)
        operation = office.put("deploy", "", {}, (planned,))
        with pytest.raises(_Killed):
            office.carry(
                operation, B, _dies("deploy", lambda: office.federation.edit("'one'", "'two'"))
            )
        built = office.record(B).fingerprint
        assert office.carry(operation, B).status == "done"
        assert office.record(B).fingerprint == built
    office.federation.ok("deploy", B, "--allow-older")


@pytest.mark.parametrize("what", ["file", "program", "component"])
def test_what_is_edited_while_the_engine_starts_is_refused_and_leaves_the_record_as_it_was(
    office: Office, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = office.federation.folder / "stacks"
    place = {
        "file": office.federation.file,
        "program": stacks / "tenant" / "__main__.py",
        "component": stacks / "services" / "eapp-b" / "component.py",
    }[what]
    before = place.read_bytes() if place.is_file() else None
    edited: list[StackRecord] = []
    real = deploy.build

    def editing(session: Session, code: str, planned: Planned, *rest: Any) -> dict[str, int]:
        def then(now: Session) -> Sequence[PlannedStack]:
            found = planned(now)
            if not edited:
                edited.append(office.record(B))
                place.write_bytes((before or b"") + b"\n# edited\n")
            return found

        return real(session, code, then, *rest)

    monkeypatch.setattr(deploy, "build", editing)
    with unchanged(office.federation):
        office.federation.edit("slug: ikeda", f"slug: ikeda\n    tags: {{ pilot: '{what}' }}")
        before = place.read_bytes() if place.is_file() else None
        change = deploy_changes(office.source.session(), (B,), today())[B]
        planned = PlannedBody(B, B, 1, change.sha256, change.texts, 60, None)
        operation = office.put("deploy", "", {}, (planned,))
        try:
            body = office.carry(operation, B)
        finally:
            place.write_bytes(before) if before is not None else place.unlink()
    if what == "file":  # a comment alone changes nothing of the body: it is built once that is seen
        assert body.status == "done"
        office.federation.ok("deploy", B, "--allow-older")
        return
    assert body.status == "failed"
    record = office.record(B)
    assert replace(record, checkpoint_sha256="") == replace(edited[0], checkpoint_sha256="")
    recorded = office.source.session().state.recorded(record.stack)
    assert recorded.condition is Condition.APPLIED, recorded.doubt
