"""Backups of bodies, restored by way of trial."""

from __future__ import annotations

from datetime import UTC, datetime

from office import NONE, A, B, Office

from moyai.operations.database.reading import verified_restores
from moyai.planning.fleet.plans import PlannedBody


def test_a_backup_of_each_service_is_restored_by_way_of_trial(office: Office) -> None:
    bodies = tuple(PlannedBody(code, code, 1, "", (), 60, None) for code in (A, NONE))
    operation = office.put("backup", "backup", {"services": {A: ("chat", "eapp-b")}}, bodies)
    begun = datetime.now(UTC)
    assert office.carry(operation, A).status == "done"
    assert office.carry(operation, NONE).status == "done"
    services = ("chat", "eapp-b")
    assert office.steps(operation, A) == [
        (1, f"{step}:{service}", "done")
        for service in services
        for step in ("dump", "restore-test")
    ]
    for service in services:
        assert office.backups(A, operation, service) == ["1"]
        assert office.databases(A, service) == {""}
        with office.operator.connect() as connection:
            found = verified_restores(connection, service)
        assert set(found) == {A}
        assert begun < found[A] <= datetime.now(UTC)
    with office.operator.connect() as connection:
        assert verified_restores(connection, "eapp-a") == {}


def test_a_trial_that_fails_verifies_nothing(office: Office) -> None:
    body = PlannedBody(A, A, 1, "", (), 60, None)
    operation = office.put("backup", "backup", {"services": {A: ("chat",)}}, (body,))
    with office.operator.connect() as connection:
        before = verified_restores(connection, "chat")

    def spoil(ended: str | None, following: str | None) -> None:
        if following == "restore-test:chat":
            s3, bucket = office.aws("s3"), office.all_outputs(A)["backups_bucket"]
            listed = s3.list_objects_v2(Bucket=bucket, Prefix="backups/chat/")["Contents"]
            [key] = [one["Key"] for one in listed if one["Key"].endswith(f"-{operation}-1.dump")]
            s3.put_object(Bucket=bucket, Key=key, Body=b"spoilt")

    failed = office.carry(operation, A, spoil)
    assert failed.status == "failed"
    assert failed.error is not None
    assert "SHA-256" in failed.error["what"]["en"]
    told = office.told_back(operation, A)
    assert (told["taken_back"], told["stays"]) == ([], ["dump:chat"])
    assert told["not_known"] == ["restore-test:chat"]
    assert "Stays as it is: backup of chat (" in failed.error["touched"]["en"]
    assert office.databases(A, "chat") == {""}
    with office.operator.connect() as connection:
        assert verified_restores(connection, "chat") == before


def test_backups_are_listed_with_the_restores_that_were_tried(office: Office) -> None:
    listed = ("backup", "list", f"{A} or {B} or {NONE}", "--output", "json")
    before = {(one["code"], one["service"]): one for one in office.federation.ok(*listed).json()}
    assert set(before) == {(code, service) for code in (A, B) for service in ("chat", "eapp-b")}
    body = PlannedBody(B, B, 1, "", (), 60, None)
    operation = office.put("backup", "chat", {"services": {B: ("chat",)}}, (body,))
    assert office.carry(operation, B).status == "done"
    after = {(one["code"], one["service"]): one for one in office.federation.ok(*listed).json()}
    changed = after.pop((B, "chat"))
    was = before.pop((B, "chat"))
    assert after == before
    assert (changed["operation"], changed["verified"]) == (operation, True)
    assert changed["backups"] == was["backups"] + 1
    assert changed["verified_at"] >= changed["newest_at"]
    every = office.federation.ok(
        *listed[:2], B, "--every", "--service", "chat", "-o", "json"
    ).json()
    assert every[0]["operation"] == operation
    assert every[0]["manifest"] == changed["manifest"]
    assert len(every) == changed["backups"]
