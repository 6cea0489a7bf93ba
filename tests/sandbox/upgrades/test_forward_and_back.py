"""Upgrades of real bodies: forward, back, held. The tests share bodies and go from release to release."""

from __future__ import annotations

from office import A, B, Office, at, frozen, unchanged
from releases import BROKEN
from tests.sandbox.hands import hold_at_gate

from moyai.operations.database.writing import want


def test_two_bodies_go_forward_whatever_is_deployed_meanwhile(office: Office) -> None:
    operation = office.plan("1.1.0", A, B, service="chat")

    def deploy() -> None:
        office.federation.ok("deploy", "all")
        assert office.image(A, "chat") == "1.1.0"
        assert office.record(A).releases["chat"] == "1.0.0"
        assert not office.is_open(A, "chat")

    assert office.carry(operation, A, at("migrate-expand", deploy)).status == "done"
    assert office.image(B, "chat") == "1.0.0"
    assert office.carry(operation, B).status == "done"
    for code in (A, B):
        record = office.record(code)
        assert (record.releases["chat"], dict(record.moving)) == ("1.1.0", {})
        assert (office.image(code, "chat"), office.schema(code, "chat")) == ("1.1.0", [1, 2])
        assert office.is_open(code, "chat")
        assert office.backups(code, operation, "chat") == ["1"]
    office.federation.target("chat", "1.1.0")
    _held_by_a_gate(office, operation)


def _held_by_a_gate(office: Office, operation: str) -> None:
    """After its soak B is not well: it is looked at again, and nothing else is done."""
    hold_at_gate(office.worker, operation, B)
    office.again(operation, B)
    with office.sql(B, "owner", "chat") as owner:
        owner.execute("ALTER TABLE message RENAME TO hidden")
        body = office.carry(operation, B)
        owner.execute("ALTER TABLE hidden RENAME TO message")
    assert body.status == "held"
    assert body.error is not None
    assert "nothing is taken back" in body.error["what"]["en"]
    office.again(operation, B)
    assert office.carry(operation, B).status == "done"
    assert office.record(B).releases["chat"] == "1.1.0"
    assert office.backups(B, operation, "chat") == ["1"]
    assert office.is_open(B, "chat")


def test_code_goes_back_after_a_migration_that_fails(office: Office) -> None:
    office.bring(A, "1.1.0")
    office.federation.target("eapp-b", "1.1.0")
    office.write(A, "bad")
    operation, other = office.plan("1.2.0", A, B), (office.image(B), office.schema(B))
    with unchanged(office.federation):
        # What was begun before a freeze goes back in it.
        body = office.carry(operation, A, at("migrate-expand", lambda: frozen(office.federation)))
    assert body.error is not None
    assert (body.status, "0004_known_codes" in body.error["what"]["en"]) == ("failed", True)
    assert "Taken back: stack update, close writes." in body.error["touched"]["en"]
    assert "Stays as it is: backup (" in body.error["touched"]["en"]
    assert "そのまま残るもの: バックアップ（" in body.error["touched"]["ja"]
    assert office.told_back(operation, A) == {
        "taken_back": ["stack", "close-writes"],
        "stays": ["backup"],
        "not_known": ["migrate-expand"],
        "nothing_to_take_back": [],
    }
    record = office.record(A)
    assert (record.releases["eapp-b"], dict(record.moving)) == ("1.1.0", {})
    assert (office.image(A), office.schema(A)) == ("1.1.0", [1, 2, 3])
    assert office.is_open(A)
    assert (office.image(B), office.schema(B)) == other
    assert office.federation.statuses()[A]["status"] == "current"
    assert (A, "eapp-b 1.2.0") in office.owed()
    office.delete(A, "bad")
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    assert (office.image(A), office.schema(A)) == ("1.2.0", [1, 2, 3, 4])
    assert office.backups(A, operation) == ["1", "2"]
    assert (A, "eapp-b 1.2.0") not in office.owed()


def test_code_goes_back_after_a_stack_that_cannot_be_built(office: Office) -> None:
    before = (office.image(B), office.schema(B), office.record(B).releases)
    operation = office.plan(BROKEN, B)
    body = office.carry(operation, B)
    assert body.status == "failed"
    assert body.error is not None
    assert "broken" in body.error["what"]["en"]
    assert "1 updated" in body.error["touched"]["en"]
    assert "Stays as it is: backup (" in body.error["touched"]["en"]
    told = office.told_back(operation, B)
    assert (told["stays"], told["taken_back"][-1]) == (["backup"], "close-writes")
    assert office.steps(operation, B)[-3:] == [
        (1, "-stack", "done"),
        (1, "-backup", "done"),
        (1, "-close-writes", "done"),
    ]
    assert (office.image(B), office.schema(B), office.record(B).releases) == before
    assert dict(office.record(B).moving) == {}
    assert office.is_open(B)
    plan = office.federation.ok("plan", B, "--output", "json").json()
    assert plan[0]["action"] == "none"


def test_a_stop_before_writes_are_opened_takes_all_back(office: Office) -> None:
    office.bring(A, "1.2.0")
    operation = office.plan("1.3.0", A)

    def stop() -> None:
        assert office.record(A).releases["eapp-b"] == "1.3.0"
        with office.operator.begin() as connection:
            want(connection, operation, "stop", "operator:keikaku@jimukyoku.example.jp")

    assert office.carry(operation, A, at("open-writes", stop)).status == "cancelled"
    told = office.told_back(operation, A)
    assert {"release", "migrate-contract", "stack", "close-writes"} <= set(told["taken_back"])
    assert (told["stays"], told["not_known"]) == (["backup"], [])
    assert "open-writes" in told["nothing_to_take_back"]
    record = office.record(A)
    assert (record.releases["eapp-b"], dict(record.moving)) == ("1.2.0", {})
    assert (office.image(A), office.schema(A)) == ("1.2.0", [1, 2, 3, 4])
    assert office.databases(A) == {""}
    assert office.is_open(A)


def test_data_go_back_where_nothing_was_written(office: Office) -> None:
    office.bring(A, "1.2.0")
    office.write(A, "fragile")
    before = office.procedures(A)
    operation = office.plan("1.3.0", A)
    body = office.carry(operation, A)
    assert body.status == "failed"
    assert body.error is not None
    told = office.told_back(operation, A)
    assert (told["taken_back"][0], told["stays"]) == ("migrate-contract", ["backup"])
    assert "applicant-kinds" in body.error["what"]["en"]
    assert (office.image(A), office.schema(A)) == ("1.2.0", [1, 2, 3, 4])
    assert office.procedures(A) == before
    assert office.is_open(A)
    assert office.databases(A) == {""}, "what the restore replaced is forgotten: the body is well"


def test_data_stay_where_an_object_was_written(office: Office) -> None:
    operation = office.plan("1.3.0", A)
    body = office.carry(operation, A, at("stack", lambda: office.put_object(A)))
    assert body.status == "held"
    assert body.error is not None
    assert "applicant-kinds" in body.error["what"]["en"]
    assert "Something was written since the backup" in body.error["what"]["en"]
    assert office.steps(operation, A)[-1][1] == "-migrate-contract"
    assert (office.image(A), office.schema(A)) == ("1.3.0", [1, 2, 3, 4, 5, 6])
    assert not office.is_open(A)
    office.federation.ok("deploy", "all")
    record = office.record(A)
    assert (record.releases["eapp-b"], record.moving["eapp-b"]) == ("1.2.0", "1.3.0")
    assert office.image(A) == "1.3.0"
    # Not mended: held again, and nothing is opened or taken back.
    office.again(operation, A)
    assert office.carry(operation, A).status == "held"
    assert (office.image(A), office.is_open(A)) == ("1.3.0", False)
    # Another upgrade does not go over it.
    other = office.plan("1.5.0", A)
    assert office.carry(other, A).status in ("skipped", "moved")
    assert not office.is_open(A)
    with office.sql(A, "owner") as owner:
        owner.execute("INSERT INTO applicant_kind (code, title) VALUES ('individual', '個人')")
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    record = office.record(A)
    assert (record.releases["eapp-b"], dict(record.moving)) == ("1.3.0", {})
    assert office.is_open(A)
    assert office.backups(A, operation) == ["1", "2", "3"]
    office.delete(A, "fragile")
