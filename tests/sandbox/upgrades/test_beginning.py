"""Bodies that an upgrade does not begin with, and what is owed to them then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from office import NONE, A, B, Office, frozen, unchanged

from moyai.operations.kinds.upgrade.verified import UNVERIFIED
from moyai.planning import quotas
from moyai.texts import Text


def refused(office: Office, operation: str, code: str, status: str) -> str:
    """Carry a body that is left as it was; why, in English."""
    record, revisions = office.record(code), office.revisions(code)
    body = office.carry(operation, code)
    assert body.status == status
    assert [one[1] for one in office.steps(operation, code)] == ["preflight"]
    assert (office.record(code), office.revisions(code)) == (record, revisions)
    assert body.error is not None
    assert all(body.error["what"][lang] for lang in ("ja", "en"))
    return str(body.error["what"]["en"])


def test_a_body_whose_settings_were_edited_has_moved(office: Office) -> None:
    operation = office.plan("1.1.0", A)
    with unchanged(office.federation):
        service = "- { service: eapp-b, from: 2022-10-01"
        office.federation.edit(f"{service} }}", f"{service}, settings: {{ payment: both }} }}")
        why = refused(office, operation, A, "moved")
    assert why.endswith("not in the plan: eapp-b: the subscription changed.")


def test_a_body_whose_migration_was_edited_has_moved_and_says_what_and_what_to_do(
    office: Office,
) -> None:
    operation = office.plan("1.1.0", A)
    folder = office.federation.folder / "stacks" / "services" / "eapp-b" / "migrations"
    migration = folder / "0002_reception_section.sql"
    before = migration.read_bytes()
    migration.write_bytes(before + b"-- looked at again\n")
    try:
        why = refused(office, operation, A, "moved")
    finally:
        migration.write_bytes(before)
    assert why.endswith("the same in words, and another in content: the text of migrations.")
    error = office.body(operation, A).error
    assert error is not None
    assert f"moyai upgrade eapp-b 1.1.0 {A} --any-time" in error["remedy"]["en"]
    assert f"moyai operation retry {operation} {A}" in error["remedy"]["ja"]


def test_a_body_of_which_the_plan_tells_otherwise_is_not_begun(office: Office) -> None:
    made = office.planned(office.plan("1.1.0", A))
    lying = replace(made.bodies[0], change=(Text("無害", "harmless"),))
    operation = office.put(made.kind, made.subject, dict(made.parameters), (lying,))
    assert "What would be done: eapp-b 1.0.0 → 1.1.0" in refused(office, operation, A, "moved")


def test_what_was_deployed_meanwhile_moves_nothing_where_the_change_is_the_one_approved(
    office: Office,
) -> None:
    operation = office.plan("1.1.0", A)
    service = "- { service: eapp-b, from: 2022-10-01"
    office.federation.edit(f"{service} }}", f"{service}, settings: {{ payment: both }} }}")
    office.federation.ok("deploy", A)
    assert office.carry(operation, A).status == "done"


def test_a_body_that_another_upgrade_went_on_with_has_moved(office: Office) -> None:
    operation = office.plan("1.3.0", B)
    office.bring(B, "1.1.0")
    assert "eapp-b 1.1.0 → 1.3.0" in refused(office, operation, B, "moved")


def test_a_body_without_the_service_is_skipped(office: Office) -> None:
    with unchanged(office.federation):
        text = office.federation.file.read_text(encoding="utf-8")
        head, mark, tail = text.partition(f'  - code: "{NONE}"')
        assert "services:" not in tail
        entry = "    services: [{ service: eapp-b, from: 2022-10-01 }]\n"
        office.federation.file.write_text(head + mark + tail.rstrip() + "\n" + entry)
        operation = office.plan("1.1.0", NONE)
        why = refused(office, operation, NONE, "skipped")
    assert "not as it was applied" in why
    assert (NONE, "eapp-b 1.1.0") in office.owed()


def test_a_body_that_is_not_well_is_skipped_and_stays_a_debt_until_done(office: Office) -> None:
    office.bring(B, "1.1.0")
    operation = office.plan("1.2.0", B)
    with office.sql(B, "owner") as owner:
        owner.execute("ALTER TABLE applicant_kind RENAME TO hidden")
        assert "applicant-kinds" in refused(office, operation, B, "skipped")
        assert (B, "eapp-b 1.2.0") in office.owed()
        owner.execute("ALTER TABLE hidden RENAME TO applicant_kind")
    following = office.plan("1.2.0", B)
    assert office.carry(following, B).status == "done"
    assert (B, "eapp-b 1.2.0") not in office.owed()


def test_writes_that_another_has_closed_are_left_closed(office: Office) -> None:
    operation = office.plan("1.5.0", B)
    one, inside = "20260101-1", office.inside()
    given = (office.source.session().workspace.registry, office.all_outputs(B), "eapp-b", "1.1.0")
    inside.writes_close(*given, one)
    try:
        assert f"writes were closed by {one}" in refused(office, operation, B, "skipped")
        assert not office.is_open(B)
    finally:
        inside.writes_open(*given, one)


def _foundation(office: Office) -> Callable[[], int]:
    program = office.federation.folder / "stacks" / "foundation" / "__main__.py"
    before = program.read_bytes()
    program.write_bytes(before + b"# changed\n")
    return lambda: program.write_bytes(before)


def test_a_foundation_that_waits_is_deployed_first(office: Office) -> None:
    operation = office.plan("1.5.0", B)
    put_back = _foundation(office)
    try:
        why = refused(office, operation, B, "skipped")
    finally:
        put_back()
    assert "the foundation has to be deployed first: shared, cell-a" in why


def test_a_frozen_body_is_skipped(office: Office) -> None:
    operation = office.plan("1.5.0", B)
    with unchanged(office.federation):
        frozen(office.federation)
        assert "frozen from" in refused(office, operation, B, "skipped")


def test_a_quota_that_is_passed_skips(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = office.plan("1.5.0", B)
    low = {name: replace(quota, default=0, raised=None) for name, quota in quotas.QUOTAS.items()}
    monkeypatch.setattr(quotas, "QUOTAS", low)
    assert "quota" in refused(office, operation, B, "skipped")


def test_a_risk_that_nobody_took_on_skips(office: Office) -> None:
    operation = office.plan("1.5.0", B, risks=(UNVERIFIED,))
    assert UNVERIFIED in refused(office, operation, B, "skipped")
