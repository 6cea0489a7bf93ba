"""What a killed run left, and how it is put right."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from moyai.engine.settling.create_log import CreateLog
from moyai.engine.settling.ids import derive
from moyai.engine.settling.located import Located
from moyai.engine.settling.repair import Repair, plan_repair, tell_cuts, unrelated_drift
from moyai.engine.stacks import Step
from moyai.engine.state.checkpoint import Checkpoint

PROVIDER = {"urn": "urn:provider", "type": "pulumi:providers:filing", "id": "42"}
FILE = "filing:index:File"


def urn(name: str) -> str:
    return f"urn:pulumi:s::p::{FILE}::{name}"


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {
        "urn": urn(name),
        "type": FILE,
        "custom": True,
        "inputs": {"name": name},
        "provider": "urn:provider::42",
        **more,
    }


def checkpoint(*resources: dict[str, Any], pending: tuple[Any, ...] = ()) -> Checkpoint:
    operations = [{"type": kind, "resource": what} for kind, what in pending]
    latest = {"resources": [PROVIDER, *resources], "pending_operations": operations}
    return Checkpoint("sha", {"version": 3, "checkpoint": {"stack": "s", "latest": latest}})


def by_name(kind: str, inputs: Mapping[str, Any]) -> Located:
    return Located(inputs["name"])


def nowhere(kind: str, inputs: Mapping[str, Any]) -> Located:
    return Located(None)


def resources(repair: Repair) -> list[dict[str, Any]]:
    assert repair.document is not None
    latest = repair.document["checkpoint"]["latest"]
    assert "pending_operations" not in latest
    return latest["resources"]


def test_nothing_to_settle() -> None:
    repair = plan_repair(checkpoint(resource("a", id="a")), {}, by_name)
    assert not repair.needed
    assert repair.document is None


def test_a_pending_create_is_put_in_to_be_read() -> None:
    before = checkpoint(resource("a", id="a"), pending=(("creating", resource("b")),))
    repair = plan_repair(before, {}, by_name)
    assert [r["urn"] for r in resources(repair)] == ["urn:provider", urn("a"), urn("b")]
    assert resources(repair)[-1]["id"] == "b"
    assert resources(repair)[-1]["outputs"] == {"id": "b", "name": "b"}
    assert repair.needed
    assert before.pending  # the checkpoint in hand is not changed


def test_a_create_that_left_nothing_is_dropped() -> None:
    before = checkpoint(pending=(("creating", resource("b")),))
    repair = plan_repair(before, {}, nowhere)
    assert [r["urn"] for r in resources(repair)] == ["urn:provider"]
    assert repair.needed


@pytest.mark.parametrize("kind", ["updating", "deleting", "reading", "importing"])
def test_other_operations_need_only_the_reading(kind: str) -> None:
    before = checkpoint(resource("a", id="a"), pending=((kind, resource("a", id="a")),))
    repair = plan_repair(before, {}, by_name)
    assert [r["urn"] for r in resources(repair)] == ["urn:provider", urn("a")]
    assert repair.needed


def test_the_journal_tells_of_creates_that_no_checkpoint_knows() -> None:
    state = {**resource("b"), "id": "", "parent": "urn:parent", "outputs": {}, "replaces": False}
    repair = plan_repair(checkpoint(), {urn("b"): state}, by_name)
    added = resources(repair)[-1]
    assert (added["id"], added["parent"], added["custom"]) == ("b", "urn:parent", True)
    assert "replaces" not in added


def test_secrets_of_the_journal_are_not_taken_for_ciphertexts() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    inputs = {"name": "b", "text": {**secret, "ciphertext": "[secret]"}}
    state = {**resource("b", inputs=inputs), "replaces": False}
    repair = plan_repair(checkpoint(), {urn("b"): state}, by_name)
    assert resources(repair)[-1]["inputs"] == {"name": "b", "text": "[secret]"}
    assert "ciphertext" not in json.dumps(repair.document)


def test_a_create_on_record_is_not_looked_for() -> None:
    state = {**resource("b"), "replaces": False}

    def never(kind: str, inputs: Mapping[str, Any]) -> Located:
        raise AssertionError

    repair = plan_repair(checkpoint(resource("b", id="b")), {urn("b"): state}, never)
    assert not repair.needed


def test_a_replacement_that_may_be_there_is_only_taken_away_again() -> None:
    old = resource("b", id="old", inputs={"name": "old"})
    state = {**resource("b"), "replaces": True}
    repair = plan_repair(checkpoint(old), {urn("b"): state}, by_name)
    assert resources(repair)[1] == old
    assert resources(repair)[2]["id"] == "b"
    assert resources(repair)[2]["delete"] is True


@pytest.mark.parametrize("pending", [True, False])
def test_a_revision_that_may_be_there_takes_the_place_of_the_one_before(pending: bool) -> None:
    kind = "aws:ecs/taskDefinition:TaskDefinition"
    old = resource("b", id="b", type=kind, outputs={"arn": "b:1"})
    user = resource("c", id="c")
    next_one = resource("b", type=kind, inputs={"name": "b", "image": "new"})
    before = checkpoint(old, user, pending=(("creating", next_one),) if pending else ())
    log = {} if pending else {urn("b"): {**next_one, "replaces": True}}

    repair = plan_repair(before, log, lambda kind, inputs: Located("b", outputs={"arn": "b:2"}))

    # What stands before its dependents is the new one: the next update registers no other of the same
    # content, and takes the old one away when nothing uses it any more.
    assert [(r["urn"], r.get("delete", False)) for r in resources(repair)] == [
        ("urn:provider", False), (urn("b"), False), (urn("b"), True), (urn("c"), False)
    ]  # fmt: skip
    assert resources(repair)[1]["outputs"]["arn"] == "b:2"
    assert resources(repair)[1]["inputs"] == next_one["inputs"]
    assert resources(repair)[2] == {**old, "delete": True}


def test_a_revision_that_is_not_there_replaces_nothing() -> None:
    kind = "aws:ecs/taskDefinition:TaskDefinition"
    old = resource("b", id="b", type=kind, outputs={"arn": "b:1"})
    repair = plan_repair(
        checkpoint(old, pending=(("creating", resource("b", type=kind)),)), {}, nowhere
    )
    assert resources(repair)[1:] == [old]


def test_a_replacement_on_record_is_left_alone() -> None:
    state = {**resource("b"), "replaces": True}
    repair = plan_repair(checkpoint(resource("b", id="b")), {urn("b"): state}, by_name)
    assert not repair.needed


def test_a_replacement_of_the_same_id_is_not_there_twice() -> None:
    old = resource("b", id="b", inputs={"name": "b", "text": "old"})
    before = checkpoint(old, pending=(("creating", resource("b")),))
    assert resources(plan_repair(before, {}, by_name)) == [PROVIDER, old]


def test_without_its_provider_a_resource_cannot_be_read() -> None:
    lost = resource("b", provider="urn:provider::43")
    repair = plan_repair(checkpoint(pending=(("creating", lost),)), {}, by_name)
    assert resources(repair) == [PROVIDER]


def test_what_became_of_it_is_told() -> None:
    pending = tuple(("creating", resource(name)) for name in "abcd")
    found = {"a": Located("a"), "b": Located("b"), "c": Located(None), "d": Located(None, False)}
    repair = plan_repair(checkpoint(pending=pending), {}, lambda _k, i: found[i["name"]])
    after = checkpoint(resource("a", id="a"), resource("b", id="b"), resource("c", id="c"))
    told = tell_cuts(repair.cuts, after, [Step("create", FILE, "b")])
    assert ["adopted" in t.en for t in told] == [True, False, False, False]
    assert ["cannot be looked up" in t.en for t in told] == [False, False, False, True]
    drift = [Step("delete", FILE, "b"), Step("delete", FILE, "z")]
    assert unrelated_drift(drift, repair.cuts) == [Step("delete", FILE, "z")]


def test_a_journal_remembers_what_did_not_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = CreateLog(path)
    assert journal.unsettled() == {}
    journal.open({"old": {"type": "t"}})
    journal.begin("a", {"type": "a"})
    journal.begin("b", {"type": "b"})
    journal.end("a")
    journal.close(settled=False, quiet=True)
    assert CreateLog(path).unsettled() == {"old": {"type": "t"}, "b": {"type": "b"}}
    assert path.stat().st_mode & 0o777 == 0o600
    journal.open({})
    journal.close(settled=True, quiet=True)
    assert CreateLog(path).unsettled() == {}


def test_only_a_killed_engine_is_given_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    journal = CreateLog(tmp_path / "journal.jsonl")
    journal.let_settle()
    journal.open({"a": {}})
    journal.close(settled=False, quiet=True)
    journal.let_settle()
    assert waited == []
    journal.open({"a": {}})
    journal.close(settled=False, quiet=False)
    journal.let_settle()
    assert [0 < seconds <= 2 for seconds in waited] == [True]


def test_a_journal_cut_off_anywhere_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lines = [{"urn": "a", "state": {"x": "あ"}}, {"urn": "b", "state": {}}, {"urn": "a"}]
    whole = "".join(json.dumps(line) + "\n" for line in lines)
    whole += '{"quiet": true}\n'
    for cut in range(len(whole)):
        path.write_text(whole[:cut])
        assert CreateLog(path).unsettled().keys() <= {"a", "b"}
    path.write_text(whole)
    assert CreateLog(path).unsettled() == {"b": {}}


@pytest.mark.parametrize(
    ("kind", "inputs", "identifier"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "x"}, "x"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "n"}, "r:n"),
        (
            "aws:iam/policy:Policy",
            {"name": "n", "path": "/p/"},
            "arn:aws:iam::123456789012:policy/p/n",
        ),
        (
            "aws:ecs/service:Service",
            {"cluster": "arn:aws:ecs:r:a:cluster/c", "name": "n"},
            "arn:aws:ecs:ap-northeast-1:123456789012:service/c/n",
        ),
        (
            "aws:sns/topic:Topic",
            {"name": "n", "region": "ap-northeast-3"},
            "arn:aws:sns:ap-northeast-3:123456789012:n",
        ),
        (
            "aws:kms/replicaKey:ReplicaKey",
            {"primaryKeyArn": "arn:aws:kms:r:a:key/mrk-1"},
            "mrk-1",
        ),
        ("aws:budgets/budget:Budget", {"name": "n"}, "123456789012:n"),
        ("aws:s3/bucket:Bucket", {}, None),
        ("aws:ec2/vpc:Vpc", {"name": "x"}, None),
    ],
)
def test_ids_that_follow_from_inputs(
    kind: str, inputs: dict[str, Any], identifier: str | None
) -> None:
    assert derive(kind, inputs, "ap-northeast-1", "123456789012") == identifier
