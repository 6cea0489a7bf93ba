"""The engine's events, added up."""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from moyai.engine.stacks import Step
from moyai.engine.worker.events import EventLog, Tally

URN = "urn:pulumi:s::proj::a:b:C$aws:s3/bucket:Bucket::documents"
TYPE = "aws:s3/bucket:Bucket"


def event(kind: str, op: str, urn: str = URN, type_: str = TYPE, **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": urn, "type": type_, "new": {"custom": True, "inputs": {}}, **more}
    return {"sequence": 0, kind: {"metadata": metadata}}


def pre(op: str, **more: Any) -> dict[str, Any]:
    return event("resourcePreEvent", op, **more)


def out(op: str, **more: Any) -> dict[str, Any]:
    return event("resOutputsEvent", op, **more)


def tally(*events: dict[str, Any]) -> Tally:
    made = Tally()
    for one in events:
        made.take(one)
    return made


def test_a_create_that_ends() -> None:
    made = tally(pre("create"), out("create"))
    assert made.steps == [Step("create", TYPE, "documents")]
    assert made.begun == {}
    assert made.under_way == ()


def test_a_create_that_fails_stays_in_doubt() -> None:
    made = tally(pre("create"), event("resOpFailedEvent", "create"))
    assert made.steps == []
    assert made.failed == [Step("create", TYPE, "documents")]
    assert set(made.begun) == {URN}


def test_a_create_of_which_nothing_more_is_heard() -> None:
    made = tally(pre("create"))
    assert made.under_way == (Step("create", TYPE, "documents"),)
    assert set(made.begun) == {URN}


def test_an_update_names_the_properties_that_differ() -> None:
    diff = {"tags.b": {"diffKind": "add"}, "tags.a": {"diffKind": "update"}}
    made = tally(pre("update", detailedDiff=diff), out("update", detailedDiff=diff))
    assert made.steps == [Step("update", TYPE, "documents", ("tags.a", "tags.b"))]
    made = tally(out("update", detailedDiff=None, diffs=["tags"]))
    assert made.steps == [Step("update", TYPE, "documents", ("tags",))]


def test_a_replacement_is_one_step() -> None:
    halves = ("create-replacement", "replace", "delete-replaced")
    events = [kind(op, diffs=["bucket"]) for op in halves for kind in (pre, out)]
    assert tally(*events).steps == [Step("replace", TYPE, "documents", ("bucket",))]


def test_a_failed_replacement_stays_in_doubt() -> None:
    made = tally(pre("create-replacement"), event("resOpFailedEvent", "create-replacement"))
    assert made.begun[URN]["replaces"]


def test_same_is_no_step() -> None:
    assert tally(pre("same"), out("same")).steps == []


def test_refreshes_tell_drift_in_both_of_their_forms() -> None:
    gone = Step("delete", TYPE, "documents")
    changed = Step("update", TYPE, "documents", ("tags",))
    for end in ("refresh", "delete"):
        assert tally(pre("refresh"), out(end, new=None)).drift == [gone]
    for end in ("refresh", "update"):
        made = tally(pre("refresh"), out(end, diffs=["tags"]))
        assert made.drift == [changed]
        assert made.steps == []
    assert tally(pre("refresh"), out("refresh", detailedDiff={})).drift == []


def test_frames_are_not_work() -> None:
    frames = ("pulumi:pulumi:Stack", "pulumi:providers:aws")
    assert tally(*(kind("create", type_=t) for t in frames for kind in (pre, out))).steps == []


def test_only_errors_are_troubles() -> None:
    def say(severity: str, urn: str = "") -> dict[str, Any]:
        return {"diagnosticEvent": {"severity": severity, "message": f" {severity}\n", "urn": urn}}

    made = tally(say("debug"), say("info"), say("warning"), say("error", URN), say("error"))
    assert [(t.message, t.name, t.type) for t in made.troubles] == [
        ("error", "documents", TYPE),
        ("error", None, None),
    ]
    assert made.warnings == ["warning"]


def test_the_summary_is_kept() -> None:
    made = tally({"summaryEvent": {"resourceChanges": {"same": 3}}}, {"cancelEvent": {}})
    assert made.summary == {"same": 3}


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5))), st.data())
def test_lines_are_read_whole_however_they_are_written(
    events: list[dict[str, str]], data: st.DataObject
) -> None:
    content = b"".join(json.dumps(one).encode() + b"\n" for one in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=4)))
    handle = os.memfd_create("test")
    log = EventLog(handle)
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        os.write(handle, content[begin:end])
        found += list(log.new())
    os.close(handle)
    assert found == events
