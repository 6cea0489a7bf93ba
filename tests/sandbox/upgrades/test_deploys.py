"""Deploys carried body by body: what was approved, and nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from office import NONE, A, B, Office, at, unchanged

from moyai.errors import OperationFailed, Refused, UsageError
from moyai.operations.fleet.deploying import deploy_bodies, plan_deploy
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds import deploy
from moyai.operations.kinds.stacks import Planned
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.planning.plans import PlannedStack
from moyai.texts import Text


def planned(office: Office, selector: str) -> str:
    """Put a deploy of bodies on record."""
    session = office.source.session()
    found = deploy_bodies(session, selector, today())
    who, now = "keikaku@jimukyoku.example.jp", datetime.now(UTC)
    plan = plan_deploy(session.workspace, found, by=who, now=now, in_windows=False)
    bodies = tuple(replace(one, wave=1) for one in plan.bodies)
    return office.put(plan.kind, plan.subject, dict(plan.parameters), bodies)


def pays(office: Office, how: str, *codes: str) -> None:
    """Have bodies take payments otherwise, by a file that never was."""
    text = office.federation.file.read_text(encoding="utf-8")
    entry = f"- {{ service: eapp-b, from: 2022-10-01, settings: {{ payment: {how} }} }}"
    for code in codes or (A,):
        head, mark, tail = text.partition(f'  - code: "{code}"')
        tail, found = re.subn(r"- \{ service: eapp-b.*\}", entry, tail, count=1)
        assert found == 1
        text = head + mark + tail
    text += f"# {datetime.now(UTC)}\n"
    office.federation.file.write_text(text, encoding="utf-8")


def payment(office: Office, code: str) -> tuple[str, int]:
    """How a body takes payments, as AWS tells it, and how often that was written."""
    name = f"/moyai/{code}/eapp-b/payment"
    found = office.aws("ssm").get_parameter(Name=name)["Parameter"]
    return found["Value"], found["Version"]


def test_bodies_are_brought_to_what_the_file_says(own_office: Office) -> None:
    office = own_office
    with unchanged(office.federation):
        pays(office, "credit-card", B, A)
        operation = planned(office, f"{A} or {B} or {NONE}")
        assert {one.code for one in office.planned(operation).bodies} == {A, B}
        assert office.carry(operation, A).status == "done"
        assert office.steps(operation, A) == [(1, "preflight", "done"), (1, "deploy", "done")]
        assert (A, "") not in office.owed()
        assert payment(office, A)[0] == "credit-card"
        record = office.record(B)
        with pytest.raises(UsageError, match="no body has anything to be deployed"):
            deploy_bodies(office.source.session(), f"{A} or {NONE}", today())
    why = office.carry(operation, B)  # by a worker whose file is the one of before
    assert (why.status, office.record(B)) == ("skipped", record)
    assert why.error is not None
    assert "another one was applied after it" in why.error["what"]["en"]
    office.federation.ok("deploy", A, B, "--allow-older")


def test_what_is_edited_after_the_plan_is_not_deployed(own_office: Office) -> None:
    office = own_office
    before = payment(office, A)
    with unchanged(office.federation):
        pays(office, "credit-card")
        operation = planned(office, A)
        office.federation.edit("payment: credit-card", "payment: both")
        body = office.carry(operation, A)
    assert body.status == "moved"
    assert body.error is not None
    said = body.error["what"]["en"]
    assert "the same in words, and another in content: eapp-b: the subscription changed" in said
    assert f"moyai deploy {A} --by-workers" in body.error["remedy"]["en"]
    assert payment(office, A) == before


def test_what_is_edited_between_preflight_and_build_is_not_deployed(own_office: Office) -> None:
    office = own_office
    before = payment(office, A)
    with unchanged(office.federation):
        pays(office, "credit-card")
        operation = planned(office, A)
        edit = at("deploy", lambda: office.federation.edit("payment: credit-card", "payment: both"))
        body = office.carry(operation, A, edit)
    assert body.status == "failed"
    assert body.error is not None
    said = body.error["what"]["en"]
    assert "was changed since it was begun" in said
    assert said.endswith(": eapp-b: the subscription changed")
    assert payment(office, A) == before


def test_what_is_edited_before_the_program_reads_it_is_not_built(
    own_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, told = own_office, list[str]()
    before = payment(office, A)
    real = deploy.build

    def edited(session: Session, code: str, planned: Planned, *rest: Any) -> dict[str, int]:
        def then(now: Session) -> Sequence[PlannedStack]:
            found = planned(now)
            if not told:
                told.append(code)
                office.federation.edit("payment: credit-card", "payment: both")
            return found

        return real(session, code, then, *rest)

    monkeypatch.setattr(deploy, "build", edited)
    with unchanged(office.federation):
        pays(office, "credit-card")
        operation = planned(office, A)
        body = office.carry(operation, A)
    assert told == [A]
    assert payment(office, A) == before
    assert body.status == "failed"
    assert body.error is not None
    said = body.error["what"]["en"]
    assert "was changed since it was begun" in said
    assert said.endswith(": eapp-b: the subscription changed")


def unwell(*_: object) -> None:
    """A health check that fails."""
    raise OperationFailed(Text("だめ", "not well"))


def test_a_deploy_that_failed_on_its_way_is_gone_on_with(
    own_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = own_office
    with unchanged(office.federation):
        text = office.federation.file.read_text(encoding="utf-8")
        head, mark, tail = text.partition(f'  - code: "{NONE}"')
        entry = "    services: [{ service: chat, from: 2022-10-01 }]\n"
        office.federation.file.write_text(head + mark + tail.rstrip() + "\n" + entry, "utf-8")
        operation = planned(office, NONE)
        with monkeypatch.context() as patch:
            patch.setattr(Inside, "health", unwell)
            body = office.carry(operation, NONE)
        assert body.status == "failed"
        assert body.error is not None
        assert "Stays as it is: deploy (as far as it was built" in body.error["touched"]["en"]
        assert office.told_back(operation, NONE)["taken_back"] == []
        assert (NONE, "") in office.owed()
        office.again(operation, NONE)
        assert office.carry(operation, NONE).status == "done"
        assert "chat" in office.record(NONE).releases
        assert (NONE, "") not in office.owed()


def test_the_foundation_is_not_the_workers(own_office: Office) -> None:
    office = own_office
    program = office.federation.folder / "stacks" / "foundation" / "__main__.py"
    before = program.read_bytes()
    program.write_bytes(before + b"# changed\n")
    try:
        with pytest.raises(Refused, match="the foundation has to be deployed first: shared"):
            deploy_bodies(office.source.session(), A, today(), allow_older=True)
    finally:
        program.write_bytes(before)


def test_a_deploy_by_hand_and_one_by_a_worker_take_turns(own_office: Office) -> None:
    office = own_office
    federation, began = office.federation, list[subprocess.Popen[bytes]]()

    def by_hand() -> None:
        began.append(
            subprocess.Popen(
                federation.command("deploy", A, "--wait", "120"),
                cwd=federation.folder,
                env=federation.environment(),
                stdin=subprocess.DEVNULL,
            )
        )

    with unchanged(federation):
        pays(office, "credit-card")
        operation, (_, written) = planned(office, A), payment(office, A)
        assert office.carry(operation, A, at("deploy", by_hand)).status == "done"
        assert began[0].wait(120) == 0
        assert payment(office, A) == ("credit-card", written + 1)
    federation.ok("deploy", A, "--allow-older")
