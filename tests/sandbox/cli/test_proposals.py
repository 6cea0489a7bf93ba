"""An edit of a body's entry as a secretariat makes it: proposed, approved by another, written, deployed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from federations import Federation
from secretariat import APPROVER, PLANNER, make_keys, two_waves, working

from moyai.approvals.signing import find_signer
from moyai.errors import Refused
from moyai.operations.database.writing import want
from moyai.operations.deploys.tenants import would_change
from moyai.operations.fleet import applying
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.proposing import plan_proposal, propose
from moyai.operations.fleet.putting import put_on_record
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai.registry.change import EntryEdit, TenantChanged

_TRAPPED = """
import os, signal
from moyai.operations.fleet import applying
write = applying.write_change
def killed(*given):
    if {writes}:
        write(*given)
    os.kill(os.getpid(), signal.SIGKILL)
applying.write_change = killed
from moyai_cli.main import main
main()
"""
"""A command that is killed over the file, before its transaction commits."""
CODE, PAYMENT = "272043", "services.eapp-b.settings.payment"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of the planner and the approver."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def office(federation: Federation, keys: Path) -> Federation:
    """The federation, where edits need approval, as another person can give it."""
    two_waves(federation, keys)
    federation.ok("deploy")
    return federation


@pytest.fixture
def unchanged(office: Federation) -> Iterator[bytes]:
    """The file, which is put back afterwards; somebody says that this is meant."""
    before = office.file.read_bytes()
    yield before
    office.file.write_bytes(before)
    office.ok("operation", "newest", "--operator", PLANNER)


def proposed(office: Federation, keys: Path, *more: str) -> str:
    """Propose an edit; its id."""
    answer = office.ok(
        *("tenant", "edit", "ikeda", "--propose", "--any-time", "--operator", PLANNER),
        *("--key", str(keys / "keikaku"), "--output", "json", *more),
    )
    return str(answer.json()["id"])


def approve(office: Federation, keys: Path, operation: str) -> None:
    given = ("--operator", APPROVER, "--key", str(keys / "shonin"))
    office.ok("operation", "approve", operation, "--everything", *given)


def apply(office: Federation, operation: str, *more: str) -> tuple[int, str]:
    answer = office.moyai("tenant", "apply", operation, "--operator", PLANNER, *more)
    return answer.code, answer.out + answer.err


def test_an_edit_without_a_proposal_is_refused_where_edits_need_approval(
    office: Federation, unchanged: bytes
) -> None:
    answer = office.moyai("tenant", "edit", CODE, "--set", f"{PAYMENT}=both")
    assert (answer.code, "--propose" in answer.err) == (5, True)
    shown = office.ok("tenant", "edit", CODE, "--set", f"{PAYMENT}=both", "--dry-run").out
    assert "+      - { service: eapp-b, from: 2022-10-01, settings: { payment: both } }" in shown
    assert office.file.read_bytes() == unchanged


def test_a_proposal_is_written_only_once_approved_and_deployed_by_workers(
    office: Federation, keys: Path, tmp_path: Path
) -> None:
    before = office.file.read_bytes()
    operation = proposed(office, keys, "--set", f"{PAYMENT}=both")
    assert office.file.read_bytes() == before
    shown = office.ok("operation", "show", operation).out
    assert "payment: both } }" in shown
    assert apply(office, operation)[0] == 5
    assert office.file.read_bytes() == before
    with working(office, tmp_path / "log.txt"):
        approve(office, keys, operation)
        waits = office.ok("operation", "show", operation).out
        assert f"moyai tenant apply {operation}" in waits
        code, said = apply(office, operation)
        assert (code, "tenants.yaml is written" in said) == (0, True)
        assert "in hand" not in said, "its own operation is not told of"
        office.ok("operation", "watch", operation)
    after = office.file.read_bytes()
    assert after == before.replace(b"payment: pay-easy } }", b"payment: both } }", 1)
    done = office.ok("operation", "show", operation, "--output", "json").json()
    assert [(body["code"], body["status"]) for body in done["bodies"]] == [(CODE, "done")]
    told = office.ok("audit", "show", CODE, "--output", "json").json()
    actions = [one["action"] for one in told if one["operation"] == operation]
    words = ("plan", "approve", "approve", "apply", "run", "begin")
    assert actions[: len(words)] == [f"operation.{word}" for word in words]
    variables = office.ok("plan", CODE, "--output", "json").json()
    assert {one["action"] for one in variables} == {"none"}
    code, said = apply(office, operation)
    assert (code, "cannot be applied any more" in said) == (5, True)


def test_a_file_that_was_changed_since_is_not_written(
    office: Federation, keys: Path, unchanged: bytes
) -> None:
    operation = proposed(office, keys, "--set", f"{PAYMENT}=none")
    approve(office, keys, operation)
    office.file.write_bytes(unchanged + b"# another edit\n")
    code, said = apply(office, operation)
    assert (code, "is not what it was when" in said) == (5, True)
    assert office.file.read_bytes() == unchanged + b"# another edit\n"
    office.file.write_bytes(unchanged)
    code, said = apply(office, operation, "--hold")
    assert (code, "Workers do not begin yet" in said) == (0, True)
    written = office.file.read_bytes()
    assert b"payment: none } }" in written
    again, said = apply(office, operation, "--hold")
    assert (again, "has it already" in said) == (0, True)
    assert office.file.read_bytes() == written
    status = office.ok("operation", "show", operation, "--output", "json").json()["status"]
    assert status in ("planned", "paused")
    office.ok("operation", "cancel", operation, "--operator", PLANNER)
    office.file.write_bytes(unchanged)
    code, said = apply(office, operation)
    assert (code, "cannot be applied any more" in said) == (5, True)
    assert office.file.read_bytes() == unchanged


def test_a_worker_without_the_edit_does_nothing(
    office: Federation, keys: Path, unchanged: bytes, tmp_path: Path
) -> None:
    operation = proposed(
        office, keys, "--set", "contacts=[{ section: 総務課, email: soumu@ikeda.example.jp }]"
    )
    approve(office, keys, operation)
    key = ("--key", str(keys / "keikaku"))
    office.ok("operation", "resume", operation, "--operator", PLANNER, *key)
    with working(office, tmp_path / "log.txt"):
        office.moyai("operation", "watch", operation)
    [body] = office.ok("operation", "show", operation, "--output", "json").json()["bodies"]
    assert (body["code"], body["status"]) == (CODE, "skipped")
    assert "not in this worker's tenants.yaml" in body["error"]
    assert office.file.read_bytes() == unchanged


def told(office: Federation, *body: str) -> list[dict[str, Any]]:
    found = office.ok("audit", "show", *body, "--last", "1000", "--output", "json").json()
    return [dict(one) for one in found]


def unsigned(office: Federation, patch: pytest.MonkeyPatch, operation: str) -> None:
    """Somebody with the operators' login has it go on in the approver's name."""
    patch.setenv("MOYAI_HOME", str(office.home))
    with open_office(office.file, "sandbox") as opened, opened.engine.begin() as connection:
        want(connection, operation, "run", f"operator:{APPROVER}")


def wholly_true(office: Federation) -> bool:
    return office.moyai("audit", "verify", "--no-anchors").code == 0


@pytest.mark.parametrize("writes", [False, True])
def test_killed_over_the_file_the_chains_tell_of_it_by_the_next_command(
    office: Federation, keys: Path, unchanged: bytes, writes: bool
) -> None:
    operation = proposed(office, keys, "--set", f"{PAYMENT}=none")
    approve(office, keys, operation)
    given = ("tenant", "apply", operation, "--hold", "--operator", PLANNER)
    killed = subprocess.run(
        [sys.executable, "-c", _TRAPPED.format(writes=writes), *given],
        cwd=office.folder,
        env=office.environment(),
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (office.file.read_bytes() != unchanged) == writes
    for chain in ((), (CODE,)):
        begun, lost = told(office, *chain)[-2:]
        assert {one["action"] for one in (begun, lost)} == {"hand.tenant-apply"}
        assert (begun["result"], lost["result"], lost["actor"]) == ("begun", "lost", "moyai")
        assert begun["details"]["proposal"] == operation
        assert begun["details"]["source_sha256"] == sha256(unchanged).hexdigest()
    code, said = apply(office, operation, "--hold")
    assert (code, "has it already" in said) == (0, writes)
    after = sha256(office.file.read_bytes()).hexdigest()
    assert begun["details"]["after_sha256"] == after
    records = told(office, CODE)
    [applied] = [
        one
        for one in records
        if one["action"] == "operation.apply" and one["operation"] == operation
    ]
    assert applied["details"] == {"written": not writes, "after_sha256": after}
    deeds = [one["result"] for one in records if one["details"].get("proposal") == operation]
    assert deeds == (["begun"] if writes else ["begun", "begun"])
    assert [one["result"] for one in records if one["action"] == "hand.tenant-apply"][-1] == (
        "lost" if writes else "applied"
    )
    assert wholly_true(office)
    office.ok("operation", "cancel", operation, "--operator", PLANNER)


def test_a_pause_that_comes_while_it_is_written_is_kept_to(
    office: Federation, keys: Path, unchanged: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = proposed(office, keys, "--set", f"{PAYMENT}=none")
    approve(office, keys, operation)
    monkeypatch.setenv("MOYAI_HOME", str(office.home))
    with open_office(office.file, "sandbox") as opened:

        def paused(*given: Any) -> TenantChanged:
            with opened.engine.begin() as connection:
                want(connection, operation, "pause", f"operator:{PLANNER}")
            return would_change(*given)

        monkeypatch.setattr(applying, "would_change", paused)
        with pytest.raises(Refused, match="is paused by"):
            applying.apply(opened, operation, PLANNER, today())
    assert office.file.read_bytes() == unchanged
    actions = [one["action"] for one in told(office) if one["operation"] == operation]
    assert actions[-1] == "operation.pause"
    assert not [one for one in told(office) if one["details"].get("proposal") == operation]
    office.ok("operation", "cancel", operation, "--operator", PLANNER)


def test_what_a_deploy_would_refuse_is_not_proposed(
    office: Federation, keys: Path, unchanged: bytes
) -> None:
    answer = office.moyai(
        *("tenant", "edit", CODE, "--propose", "--operator", PLANNER),
        *("--set", "isolation=network", "--set", "cidr=10.64.64.0/20"),
        *("--key", str(keys / "keikaku")),
    )
    assert answer.code == 5, answer.out + answer.err
    assert office.file.read_bytes() == unchanged


def test_only_a_proposal_is_applied(office: Federation) -> None:
    check = office.ok("check", CODE, "--operator", PLANNER, "--output", "json").json()["id"]
    code, said = apply(office, check)
    assert (code, "no proposal" in said) == (2, True)


@pytest.mark.parametrize("how", ["another difference", "another body"])
def test_a_plan_that_says_another_than_it_makes_is_not_applied(
    office: Federation, keys: Path, unchanged: bytes, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("MOYAI_HOME", str(office.home))
    with open_office(office.file, "sandbox") as opened:
        session = open_session(office.file, "sandbox")
        found = propose(session, CODE, [EntryEdit(PAYMENT, "none")], today())
        plan = plan_proposal(session, found, by=PLANNER, now=datetime.now(UTC))
        shown = tuple(str(one).replace("none", "credit-card") for one in found.changed.diff)
        if how == "another body":
            lying = replace(plan, bodies=(replace(plan.bodies[0], code="272027"),))
        else:
            lying = replace(plan, parameters={**plan.parameters, "diff": shown})
        by = next(one for one in session.workspace.registry.operators if one.email == PLANNER)
        signer = find_signer(by.ssh_key, keys / "keikaku", {})
        operation = put_on_record(opened.engine, lying, signer)
    approve(office, keys, operation)
    code, said = apply(office, operation)
    assert (code, "do not make of tenants.yaml" in said) == (5, True)
    assert office.file.read_bytes() == unchanged


def test_one_that_a_person_paused_is_written_nowhere_and_goes_on_by_a_signature(
    office: Federation, keys: Path, unchanged: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = proposed(office, keys, "--set", f"{PAYMENT}=none")
    approve(office, keys, operation)
    key = ("--key", str(keys / "keikaku"))
    office.ok("operation", "pause", operation, "--operator", PLANNER, *key)
    code, said = apply(office, operation)
    assert (code, f"is paused by {PLANNER}, since 20" in said) == (5, True)
    assert "--hold only writes it" in said
    assert f"paused by {PLANNER}" in office.ok("operation", "show", operation).out
    assert office.file.read_bytes() == unchanged
    code, said = apply(office, operation, "--hold")
    assert (code, f"is paused by {PLANNER}" in said) == (0, True)
    assert office.file.read_bytes() != unchanged
    code, said = apply(office, operation)
    assert (code, "has it already" in said, "signed by an operator" in said) == (5, True, True)
    unsigned(office, monkeypatch, operation)
    code, said = apply(office, operation)
    assert (code, f"{APPROVER} to go on does not count" in said) == (5, True)
    assert not wholly_true(office)
    office.ok("operation", "resume", operation, "--operator", PLANNER, *key)
    code, said = apply(office, operation)
    assert code == 0, said
    asked = [one["action"] for one in told(office) if one["operation"] == operation]
    assert asked[-5:] == [f"operation.{one}" for one in ("pause", "apply", "run", "run", "apply")]
    office.ok("operation", "cancel", operation, "--operator", PLANNER)
