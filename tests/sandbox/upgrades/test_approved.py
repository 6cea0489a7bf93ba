"""What was approved is what is done: files that change between preflight and a step bring nothing along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from office import A, B, Office, at, unchanged

from moyai.operations.database.rows import BodyRow
from moyai.operations.kinds.deploy import deploy_changes
from moyai.operations.site.places import today
from moyai.planning.fleet.plans import PlannedBody

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
