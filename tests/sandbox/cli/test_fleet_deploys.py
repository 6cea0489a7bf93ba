"""Bodies deployed and their passwords rotated by a worker, planned by one person and approved by another."""

from __future__ import annotations

from pathlib import Path

import pytest
from federations import Federation
from secretariat import APPROVER, PLANNER, make_keys, two_waves, working

_SERVICE = "- { service: eapp-b, from: 2022-10-01"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of the planner and the approver."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def office(federation: Federation, keys: Path) -> Federation:
    """The federation with their keys, deployed."""
    two_waves(federation, keys)
    federation.ok("deploy")
    return federation


def carried_out(office: Federation, keys: Path, kind: str, log: Path) -> None:
    """The newest operation of a kind approved by another, and carried out by a worker."""
    with working(office, log):
        approve = ("operation", "approve", f"last:{kind}", "--everything")
        office.ok(*approve, "--operator", APPROVER, "--key", str(keys / "shonin"))
        office.ok("operation", "watch", f"last:{kind}")


def test_a_change_of_the_file_is_planned_approved_and_deployed_by_workers(
    office: Federation, keys: Path, tmp_path: Path
) -> None:
    federation = office
    deploy = ("deploy", "all", "--by-workers", "--any-time", "--operator", PLANNER)
    idle = federation.moyai(*deploy)
    assert (idle.code, "no body has anything to be deployed" in idle.err) == (2, True)
    federation.edit(f"{_SERVICE} }}", f"{_SERVICE}, settings: {{ payment: both }} }}")
    pay = f"{_SERVICE}, settings: {{ payment: pay-easy }} }}"
    federation.edit(pay, pay.replace("pay-easy", "both"))
    shown = federation.ok(*deploy, "--dry-run", "--output", "json").json()
    assert [[one["code"] for one in wave["bodies"]] for wave in shown["waves"]] == [
        ["272027"],
        ["272043"],
    ]
    assert [one["code"] for one in shown["left"]] == ["273813"]
    assert federation.ok("operation", "list", "--output", "json").json() == []
    unsigned = federation.moyai(*deploy, "--key", str(keys / "shonin"))
    assert (unsigned.code != 0, "is not the private key" in unsigned.err) == (True, True)
    planned = federation.ok(*deploy, "--key", str(keys / "keikaku"))
    assert "operation approve" in planned.out
    carried_out(federation, keys, "deploy", tmp_path / "log.txt")
    done = federation.ok("operation", "show", "last", "--output", "json").json()
    assert (done["kind"], done["status"]) == ("deploy", "done")
    assert [body["status"] for body in done["bodies"]] == ["done", "done"]
    plan = federation.ok("plan", "all", "--output", "json").json()
    assert {one["action"] for one in plan} == {"none"}, plan


@pytest.mark.parametrize("option", ["--refresh", "--jobs=2", "--wait=5", "--as-of=2026-11-23"])
def test_what_only_a_deploy_of_ones_own_can_is_refused(federation: Federation, option: str) -> None:
    answer = federation.moyai("deploy", "all", "--by-workers", "--operator", PLANNER, option)
    assert (answer.code, "cannot go with --by-workers" in answer.err) == (2, True)


def test_what_only_workers_can_is_refused(federation: Federation) -> None:
    answer = federation.moyai("deploy", "all", "--any-time")
    assert (answer.code, "go with --by-workers" in answer.err) == (2, True)


def test_passwords_are_rotated_by_workers_once_approved(
    office: Federation, keys: Path, tmp_path: Path
) -> None:
    rotate = ("rotate", "database-passwords", "272027", "--any-time", "--operator", PLANNER)
    shown = office.ok(*rotate, "--dry-run", "--output", "json").json()
    [body] = shown["waves"][0]["bodies"]
    assert "chat, eapp-b" in body["change"][0]
    assert office.moyai("operation", "show", "last:rotate").code == 2
    assert "operation approve" in office.ok(*rotate, "--key", str(keys / "keikaku")).out
    carried_out(office, keys, "rotate", tmp_path / "log.txt")
    report = office.ok("operation", "report", "last:rotate", "--output", "json").json()
    assert [step["status"] for step in report["bodies"][0]["steps"]] == ["done"] * 11
    listed = office.ok("operation", "list", "--kind", "rotate").out
    assert "rotation" in listed


def test_what_is_rotated_elsewhere_names_its_command(federation: Federation) -> None:
    answer = federation.moyai("rotate", "operations-database", "--operator", PLANNER)
    assert answer.code == 2
    assert "operation prepare --new-passwords" in answer.err
