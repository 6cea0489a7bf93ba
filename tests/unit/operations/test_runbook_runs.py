"""Runbooks carried out with real processes: what is done once, what is done again, what is on record."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from signers import APPROVES, RUNS, Signer, registry

from moyai.approvals.subjects import APPROVAL_NAMESPACE
from moyai.engine.stacks import MASKED
from moyai.engine.worker.log import Redactor
from moyai.errors import Refused, UsageError
from moyai.operations.evidence.runs import RunFiles
from moyai.operations.runbooks.approving import approve, wanted
from moyai.operations.runbooks.asking import Question
from moyai.operations.runbooks.dry_run import dry_back, dry_resume
from moyai.operations.runbooks.events import ApprovalWanted, NotUndone, OutputLine, StepEnds
from moyai.operations.runbooks.judging import Judge
from moyai.operations.runbooks.programs import Ended, Line, Programs
from moyai.operations.runbooks.records import RunRecord, RunStore, StepRecord, moment
from moyai.operations.runbooks.running import begin, run, take_back
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.runbook.model import Runbook
from moyai.runbook.read import read

BOOK = """\
---
name: trial
title: {{ ja: 試し, en: Trial }}
purpose: {{ ja: 試す。, en: Trying. }}
steps:
  - id: one
    kind: command
    title: {{ ja: 一, en: One }}
    run: [sh, -c, "echo one >> done; echo said one"]
    timeout_seconds: 20
    idempotency: safe
    undo: [un-one]
  - id: name
    kind: question
    title: {{ ja: 名, en: Name }}
    ask: {{ ja: 名は, en: Name }}
    answer: {{ type: text, bind: who }}
    timeout_seconds: 20
  - id: two
    kind: command
    title: {{ ja: 二, en: Two }}
    run: [sh, -c, '{two}', sh, "{{{{ who }}}}"]
    timeout_seconds: 20
    idempotency: {idempotency}
    approval: {approval}
    no_undo: {{ ja: 戻せない。, en: No way back. }}
  - id: looked
    kind: check
    title: {{ ja: 見る, en: Look }}
    run: [moyai, status, --output, json]
    expect: $.count == 2
    goes_on: true
    timeout_seconds: 20
undo_steps:
  - id: un-one
    kind: command
    title: {{ ja: 一を戻す, en: Undo one }}
    run: [sh, -c, "echo un-one >> done"]
    timeout_seconds: 20
    idempotency: safe
---
{{{{ step("one") }}}}
{{{{ step("name") }}}}
{{{{ step("two") }}}}
{{{{ step("looked") }}}}
"""


def book(
    two: str = 'echo "two-$1" >> done', idempotency: str = "safe", approval: str = "false"
) -> Runbook:
    text = BOOK.format(two=two, idempotency=idempotency, approval=approval)
    found = read("trial.md.j2", text.encode())
    assert found.runbook is not None, [one.render("en") for one in found.problems]
    return found.runbook


@dataclass
class Somebody:
    """Answers what it knows, and remembers what it was asked."""

    answers: Mapping[str, str]
    name: str = RUNS
    asked: list[str] = field(default_factory=list)

    @property
    def operator(self) -> str:
        return self.name

    def answer(self, question: Question) -> str | None:
        self.asked.append(question.id)
        return self.answers.get(question.id)


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    store = RunStore(tmp_path / "site")
    folder = tmp_path / "project"
    folder.mkdir()
    counted = 'import json; print(json.dumps({"count": len(open("done").readlines())}))'
    programs = Programs(
        (sys.executable, "-c", counted),
        folder,
        dict(os.environ),
        Redactor(["hidden-word"]).clean,
        grace_seconds=2,
    )
    person = Somebody({"name": "x y; echo", "again:two": "yes"})
    judge = Judge(registry())
    return Surroundings(store, person, judge, RunFiles(store.folder), programs, Signer(RUNS))


def lines(around: Surroundings) -> list[str]:
    path = around.programs.folder / "done"
    return path.read_text().splitlines() if path.exists() else []


def carried(runbook: Runbook, around: Surroundings) -> RunRecord:
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    list(run(runbook, record.id, around))
    return around.store.load(record.id)


def test_a_run_comes_to_its_end_with_evidence_of_each_step(around: Surroundings) -> None:
    record = carried(book(), around)
    assert (record.status, lines(around)) == ("done", ["one", "two-x y; echo"])
    assert {name: one.status for name, one in record.steps.items()} == dict.fromkeys(
        ("one", "name", "two", "looked"), "done"
    )
    path = around.store.folder / f"{record.id}.evidence.jsonl"
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    told = [(one["step"], one["status"]) for one in kept]
    each = (("one", "done"), ("name", "answered"), ("two", "done"), ("looked", "done"))
    steps = [(name, status) for name, ended in each for status in ("begun", ended)]
    assert told == [(None, "begun"), *steps, (None, "done")]
    output = (around.store.folder / f"{record.id}.output" / "one.log").read_bytes()
    assert output == b"said one\n"
    assert kept[2]["output_sha256"] == hashlib.sha256(output).hexdigest()
    assert {one["operator"] for one in kept} == {RUNS}
    for file in around.store.folder.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600)


def test_what_failed_is_done_again_and_nothing_before_it(around: Surroundings) -> None:
    runbook = book("test -e mended && echo two >> done")
    record = carried(runbook, around)
    assert (record.status, record.steps["two"].exit_code) == ("failed", 1)
    (around.programs.folder / "mended").touch()
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "done"
    assert lines(around) == ["one", "two"]


def test_a_check_that_does_not_hold_may_let_the_run_go_on(around: Surroundings) -> None:
    record = carried(book("true"), around)
    assert (record.status, record.steps["looked"].status) == ("done", "noted")


def test_a_run_goes_on_from_a_step_that_is_named(around: Surroundings) -> None:
    runbook = book()
    record = carried(runbook, around)
    list(run(runbook, record.id, around, "two"))
    assert lines(around) == ["one", "two-x y; echo", "two-x y; echo"]
    with pytest.raises(UsageError, match="did you mean two"):
        list(run(runbook, record.id, around, "tow"))


@pytest.mark.parametrize("writes", range(1, 9))
def test_a_run_that_dies_on_its_second_way_goes_it_to_the_end(
    around: Surroundings, writes: int
) -> None:
    runbook = book()
    record = carried(runbook, around)
    dying = Dying(around.store.folder.parent, writes, before=False)
    with pytest.raises(Crash):
        list(run(runbook, record.id, replace(around, store=dying), "one"))
    list(run(runbook, record.id, around))
    ended = around.store.load(record.id)
    assert (ended.status, ended.again) == ("done", ())
    first = moment(record.steps["looked"].ended_at)
    begun = [moment(one.begun_at) for one in ended.steps.values()]
    assert first is not None
    assert min(begun) > first, "each was done once more"


@pytest.mark.parametrize(("says", "ends", "times"), [("yes", "done", 1), ("no", "stopped", 0)])
def test_what_is_done_once_is_asked_for_where_its_end_is_not_on_record(
    around: Surroundings, says: str, ends: str, times: int
) -> None:
    runbook = book(idempotency="once")
    person = Somebody({"name": "x", "again:two": says})
    around = replace(around, person=person)
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    around.store.save(record.with_step("two", StepRecord("begun", record.begun_at)))
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == ends
    assert person.asked == ["name", "again:two"]
    assert lines(around).count("two-x") == times


@pytest.mark.parametrize("says", [None, "maybe"])
def test_a_step_that_nobody_agreed_to_do_again_waits_and_nothing_says_it_was_answered(
    around: Surroundings, says: str | None
) -> None:
    runbook = book(idempotency="once")
    known = {"name": "x"} | ({} if says is None else {"again:two": says})
    around = replace(around, person=Somebody(known))
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    around.store.save(record.with_step("two", StepRecord("begun", record.begun_at)))
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "waiting"
    path = around.store.folder / f"{record.id}.evidence.jsonl"
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one for one in kept if one["step"] == "again:two"] == []
    assert kept[-1]["status"] == "waiting"
    list(run(runbook, record.id, replace(around, person=Somebody({"again:two": "yes"}))))
    assert around.store.load(record.id).status == "done"
    assert lines(around).count("two-x") == 1


def test_a_precondition_that_nobody_answers_waits_and_is_asked_again(around: Surroundings) -> None:
    asks = "preconditions:\n  - title: { ja: 前, en: Before }\nsteps:\n"
    found = read(
        "trial.md.j2",
        BOOK.format(two="true", idempotency="safe", approval="false")
        .replace("steps:\n", asks, 1)
        .encode(),
    )
    assert found.runbook is not None, [one.render("en") for one in found.problems]
    record = carried(found.runbook, replace(around, person=Somebody({"name": "x"})))
    assert (record.status, lines(around)) == ("waiting", [])
    somebody = Somebody({"name": "x", "precondition-1": "yes"})
    list(run(found.runbook, record.id, replace(around, person=somebody)))
    assert somebody.asked == ["precondition-1", "name"]
    assert "one" in lines(around)


class Crash(BaseException):
    """The process dies here."""


class Dying(RunStore):
    """Dies at its n-th write, before or after it."""

    def __init__(self, home: Path, writes: int, *, before: bool) -> None:
        super().__init__(home)
        self._left = writes
        self._before = before

    def save(self, record: RunRecord) -> None:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Crash
        super().save(record)
        if self._left == 0:
            raise Crash


class DyingEvidence(RunFiles):
    """The same, at its n-th line of evidence."""

    def __init__(self, store: RunStore, writes: int, *, before: bool) -> None:
        super().__init__(store.folder)
        self._left = writes
        self._before = before

    def put(self, run: str, record: Mapping[str, object]) -> None:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Crash
        super().put(run, record)
        if self._left == 0:
            raise Crash


@pytest.mark.parametrize("what", ["record", "evidence"])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("writes", range(1, 11))
def test_wherever_a_run_dies_what_is_done_once_is_not_done_twice_unasked(
    around: Surroundings, writes: int, before: bool, what: str
) -> None:
    runbook = book(idempotency="once")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    if what == "record":
        dying = replace(around, store=Dying(around.store.folder.parent, writes, before=before))
    else:
        evidence = DyingEvidence(around.store, writes, before=before)
        dying = replace(around, evidence=evidence)
    with pytest.raises(Crash):
        list(run(runbook, record.id, dying))
    person = Somebody({"name": "x y; echo", "again:two": "no"})
    list(run(runbook, record.id, replace(around, person=person)))
    ended = around.store.load(record.id)
    assert lines(around).count("two-x y; echo") <= 1
    assert ended.status == ("stopped" if "again:two" in person.asked else "done")
    assert "one" in lines(around)


def test_without_an_answer_the_run_waits_and_then_goes_on(around: Surroundings) -> None:
    runbook = book()
    record = carried(runbook, replace(around, person=Somebody({})))
    assert record.status == "waiting"
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "done"
    assert lines(around) == ["one", "two-x y; echo"]


def approved(
    runbook: Runbook, run_id: str, around: Surroundings, by: str = APPROVES, step: str = "two"
) -> RunRecord:
    asked = wanted(runbook, around.store.load(run_id), step, around.judge, around.now())
    signature = Signer(by).sign(asked.sign.line, APPROVAL_NAMESPACE)
    return approve(runbook, asked, by, signature, around)


def waits(runbook: Runbook, run_id: str, around: Surroundings, first: str | None = None) -> bool:
    told = list(run(runbook, run_id, around, first))
    return [one.id for one in told if isinstance(one, ApprovalWanted)] == ["two"]


def test_a_step_waits_for_its_approval_which_is_of_content_and_answers(
    around: Surroundings,
) -> None:
    runbook = book(approval="true")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    assert waits(runbook, record.id, around)
    assert lines(around) == ["one"]
    with pytest.raises(Refused, match="is no approver"):
        approved(runbook, record.id, around, RUNS)
    given = approved(runbook, record.id, around)
    # Another answer than the one that was approved: the approval is none any more.
    around.store.save(replace(given, values={**given.values, "who": "else"}))
    assert waits(runbook, record.id, around)
    around.store.save(given)
    assert waits(runbook, record.id, later(around, hours=73))
    assert lines(around) == ["one"]
    list(run(runbook, record.id, around))
    assert (around.store.load(record.id).status, lines(around)) == (
        "done",
        ["one", "two-x y; echo"],
    )


def later(around: Surroundings, **by: int) -> Surroundings:
    return replace(around, now=lambda: datetime.now(UTC) + timedelta(**by))


def test_an_approval_is_for_once(around: Surroundings) -> None:
    runbook = book(approval="true")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    list(run(runbook, record.id, around))
    approved(runbook, record.id, around)
    list(run(runbook, record.id, around))
    assert waits(runbook, record.id, around, "two"), "done since it was approved"
    approved(runbook, record.id, later(around, seconds=2))
    list(run(runbook, record.id, later(around, seconds=3), "two"))
    assert lines(around).count("two-x y; echo") == 2


def test_an_approval_signed_by_a_clock_that_is_ahead_is_for_once_too(around: Surroundings) -> None:
    runbook = book(approval="true")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    list(run(runbook, record.id, around))
    ahead = later(around, minutes=4).now()
    asked = wanted(runbook, around.store.load(record.id), "two", around.judge, ahead)
    signature = Signer(APPROVES).sign(asked.sign.line, APPROVAL_NAMESPACE)
    approve(runbook, asked, APPROVES, signature, around)
    list(run(runbook, record.id, around))
    assert waits(runbook, record.id, around, "two")
    approve(runbook, asked, APPROVES, signature, later(around, seconds=2))
    assert waits(runbook, record.id, later(around, seconds=3)), "put on record again"
    assert lines(around).count("two-x y; echo") == 1


def test_what_failed_needs_no_further_approval(around: Surroundings) -> None:
    runbook = book("test -e mended && echo two >> done", approval="true")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    list(run(runbook, record.id, around))
    approved(runbook, record.id, around)
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "failed"
    (around.programs.folder / "mended").touch()
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "done"


def test_where_two_persons_are_asked_for_who_carries_it_on_signs_each_time(
    around: Surroundings,
) -> None:
    runbook = book(approval="true")
    unsigned = replace(around, signer=None)
    with pytest.raises(Refused, match="has not signed"):
        begin(runbook, {"site": "sandbox"}, "sandbox", unsigned)
    assert around.store.ids() == ()
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    for way in (run, take_back):
        with pytest.raises(Refused, match="has not signed"):
            list(way(runbook, record.id, unsigned))
        with pytest.raises(Refused, match="not by the key"):
            list(way(runbook, record.id, replace(around, signer=Signer(APPROVES))))
    # A colleague goes on with it, and thereby approves nothing of it.
    colleague = replace(around, person=Somebody({"name": "x"}, APPROVES), signer=Signer(APPROVES))
    assert waits(runbook, record.id, colleague)
    with pytest.raises(Refused, match="another person approves"):
        approved(runbook, record.id, around)


def test_an_undo_step_may_ask_for_a_second_person_too(around: Surroundings) -> None:
    text = BOOK.format(two="true", idempotency="safe", approval="false")
    undo = 'run: [sh, -c, "echo un-one >> done"]\n'
    found = read("trial.md.j2", text.replace(undo, f"approval: true\n    {undo}").encode())
    assert found.runbook is not None
    record = carried(found.runbook, around)
    told = list(take_back(found.runbook, record.id, around))
    assert [one.id for one in told if isinstance(one, ApprovalWanted)] == ["un-one"]
    assert "un-one" not in lines(around)
    approved(found.runbook, record.id, around, step="un-one")
    list(take_back(found.runbook, record.id, around))
    assert lines(around)[-1] == "un-one"


def test_a_run_that_was_partly_taken_back_goes_forward_no_more(around: Surroundings) -> None:
    text = BOOK.format(two="true", idempotency="safe", approval="false")
    text = text.replace("echo un-one >> done", "test -e mended && echo un-one >> done")
    runbook = read("trial.md.j2", text.encode()).runbook
    assert runbook is not None
    record = carried(runbook, around)
    list(take_back(runbook, record.id, around))
    assert around.store.load(record.id).status == "taking-back"
    with pytest.raises(Refused, match="is being taken back"):
        list(run(runbook, record.id, around))
    (around.programs.folder / "mended").touch()
    list(take_back(runbook, record.id, around))
    assert (around.store.load(record.id).status, lines(around)[-1]) == ("taken-back", "un-one")


@pytest.mark.parametrize("writes", range(1, 4))
def test_wherever_taking_back_dies_the_run_does_not_go_forward(
    around: Surroundings, writes: int
) -> None:
    runbook = book()
    record = carried(runbook, around)
    dying = Dying(around.store.folder.parent, writes, before=False)
    with suppress(Crash):
        list(take_back(runbook, record.id, replace(around, store=dying)))
    with pytest.raises(Refused):
        list(run(runbook, record.id, around))
    list(take_back(runbook, record.id, around))
    assert around.store.load(record.id).status == "taken-back"
    assert "un-one" in lines(around)


def test_a_dry_run_of_a_run_shows_what_is_left_and_does_nothing(around: Surroundings) -> None:
    runbook = book("false")
    record = carried(runbook, around)
    left = [one.id for one in dry_resume(runbook, record, None)]
    assert left == ["two", "looked"]
    assert [one.id for one in dry_resume(runbook, record, "name")] == ["name", "two", "looked"]
    assert [one.id for one in dry_back(runbook, record)] == ["un-one"]
    assert around.store.load(record.id) == record


def test_what_was_begun_is_taken_back_in_reverse(around: Surroundings) -> None:
    runbook = book()
    record = carried(runbook, around)
    told = list(take_back(runbook, record.id, around))
    assert lines(around)[-1] == "un-one"
    assert [one.why.en for one in told if isinstance(one, NotUndone)] == ["No way back."]
    assert around.store.load(record.id).status == "taken-back"
    for again in (run, take_back):
        with pytest.raises(Refused, match="was taken back"):
            list(again(runbook, record.id, around))
    assert lines(around).count("un-one") == 1


def test_a_runbook_that_was_changed_meanwhile_is_refused(around: Surroundings) -> None:
    record = carried(book("false"), around)
    with pytest.raises(Refused, match="was changed since"):
        list(run(book("true"), record.id, around))


def test_two_do_not_carry_one_run_out(around: Surroundings) -> None:
    runbook = book()
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    with around.store.held(record.id), pytest.raises(Refused, match="elsewhere"):
        list(run(runbook, record.id, around))
    assert lines(around) == []


def test_no_secret_is_kept_or_shown(around: Surroundings) -> None:
    secret = "hidden-word postgresql://moyai:s3cretive@db AKIAABCDEFGHIJKLMNOP"
    runbook = book(f"echo {secret}; echo {secret} >&2")
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    told = list(run(runbook, record.id, around))
    shown = [one.line for one in told if isinstance(one, OutputLine) and one.id == "two"]
    kept = "".join(p.read_text() for p in around.store.folder.rglob("*") if p.is_file())
    assert len(shown) == 2
    for word in ("hidden-word", "s3cretive", "AKIAABCDEFGHIJKLMNOP"):
        # The runbook's own content is not a secret: it is only its hash that is kept.
        assert word not in kept + "".join(shown)
        assert word in secret


@pytest.mark.parametrize(
    "secret",
    [
        *("password: geheim12", '{"password": "geheim12"}', "PGPASSWORD=geheim12"),
        *("aws_secret_access_key = geheim12", "--passphrase geheim12", "apiKey='geheim12'"),
        *("Authorization: Bearer geheim12", "https://me:geheim12@host/x"),
        "token eyJhbGciOiJI.eyJzdWIiOiIx.geheim12geheim12",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(around: Surroundings, secret: str) -> None:
    clean = around.programs.without_secrets(f"before {secret} after")
    assert "geheim12" not in clean
    assert (clean[:6], clean[-5:]) == ("before", "after")


def test_every_line_of_a_private_key_is_taken_out(around: Surroundings) -> None:
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----" for word in ("BEGIN", "END"))
    script = f"echo 'a {begin}'; echo b3BlbnNz >&2; echo b3BlbnNz; echo 'bG9uZw {end} z'; echo c"
    found = list(around.programs.run(("sh", "-c", script), 20))
    shown = [one.words for one in found if isinstance(one, Line)]
    assert "b3BlbnNz" in shown, "the other stream is another"
    shown.remove("b3BlbnNz")
    assert shown == [f"a {MASKED}", MASKED, f"{MASKED} z", "c"]


def test_what_a_check_found_is_told_without_secrets(around: Surroundings) -> None:
    counted = 'import json; print(json.dumps({"count": "hidden-word"}))'
    programs = replace(around.programs, moyai=(sys.executable, "-c", counted))
    around = replace(around, programs=programs)
    record = begin(book("true"), {"site": "sandbox"}, "sandbox", around)
    told = list(run(book("true"), record.id, around))
    said = [one.said for one in told if isinstance(one, StepEnds) and one.id == "looked"]
    assert "hidden-word" not in f"{said} {around.store.load(record.id)}"
    assert around.store.load(record.id).steps["looked"].status == "noted"


def test_a_secret_is_taken_neither_as_an_answer_nor_as_a_parameter(around: Surroundings) -> None:
    around = replace(around, person=Somebody({"name": "it is hidden-word"}))
    record = carried(book(), around)
    assert record.status == "waiting"
    with pytest.raises(UsageError, match="site: it looks like a secret"):
        begin(book(), {"site": "hidden-word"}, "sandbox", around)
    kept = "".join(p.read_text() for p in around.store.folder.rglob("*") if p.is_file())
    assert "hidden-word" not in kept


def test_evidence_that_was_half_written_is_written_anew(around: Surroundings) -> None:
    record = carried(book(), around)
    path = around.store.folder / f"{record.id}.evidence.jsonl"
    before = path.read_bytes()
    for torn in (b'{"half":', b""):
        path.write_bytes(before + torn)
        RunFiles(around.store.folder).put(record.id, {"step": "more"})
        kept = path.read_bytes()
        assert kept.startswith(before)
        assert [json.loads(line) for line in kept[len(before) :].splitlines()] == [{"step": "more"}]


def test_a_command_that_outlives_its_run_is_waited_for(around: Surroundings) -> None:
    runbook = book()
    record = begin(runbook, {"site": "sandbox"}, "sandbox", around)
    lock = os.open(around.store.folder / f"{record.id}.command", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    left = subprocess.Popen(["sleep", "60"], pass_fds=(lock,))
    os.pwrite(lock, f"{left.pid}\n".encode(), 0)
    os.close(lock)  # as where the process that carried the run out is killed
    says = rf"still runs \(process {left.pid}\)"
    with pytest.raises(Refused, match=says), around.store.command(record.id, 0.3):
        pass
    left.kill()
    left.wait()
    list(run(runbook, record.id, around))
    assert around.store.load(record.id).status == "done"


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(around: Surroundings) -> None:
    begun = time.monotonic()
    script = "trap '' TERM; sleep 300 & echo $!; wait; wait; wait"
    found = list(replace(around.programs, grace_seconds=0.3).run(("sh", "-c", script), 0.5))
    assert time.monotonic() - begun < 10
    assert isinstance(found[-1], Ended)
    assert found[-1].exit_code is None
    assert isinstance(found[0], Line)
    assert is_gone(int(found[0].words))


def test_a_command_that_writes_without_end_is_ended_in_its_time(around: Surroundings) -> None:
    begun = time.monotonic()
    found = list(around.programs.run(("sh", "-c", "while :; do echo yes; done"), 0.5))
    assert time.monotonic() - begun < 10
    assert isinstance(found[-1], Ended)
    assert found[-1].why is not None


def test_what_is_left_of_a_command_that_took_too_long_is_ended_with_it(
    around: Surroundings,
) -> None:
    found = list(around.programs.run(("sh", "-c", "sleep 300 & echo $!; wait"), 0.5))
    assert isinstance(found[0], Line)
    assert is_gone(int(found[0].words))


def test_all_that_a_command_wrote_on_both_streams_is_kept(around: Surroundings) -> None:
    script = "for i in $(seq 2000); do echo out $i; echo err $i >&2; done"
    found = list(around.programs.run(("sh", "-c", script), 60))
    shown = [one.words for one in found if isinstance(one, Line)]
    expected = [f"{stream} {i}" for stream in ("out", "err") for i in range(1, 2001)]
    assert sorted(shown) == sorted(expected)


def is_gone(pid: int) -> bool:
    for _ in range(100):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        if state.stdout.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False


@pytest.mark.parametrize(
    "left",
    [
        "sleep 300 & echo $!",
        "nohup sleep 300 >/dev/null 2>&1 & echo $!",
        "setsid sleep 300 >/dev/null 2>&1 & echo $!",
        "setsid sh -c 'trap \"\" TERM; echo $$; exec >/dev/null 2>&1; while :; do sleep 0.1; done' & sleep 1",
        "(trap '' TERM HUP; sleep 300 & echo $!) &",
    ],
)
def test_what_a_command_leaves_running_is_ended_with_it(around: Surroundings, left: str) -> None:
    begun = time.monotonic()
    found = list(around.programs.run(("sh", "-c", left), 60))
    assert time.monotonic() - begun < 10
    assert isinstance(found[0], Line)
    assert isinstance(found[-1], Ended)
    assert found[-1].exit_code == 0
    assert is_gone(int(found[0].words))


def test_what_others_started_is_left_alone(around: Surroundings) -> None:
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        list(around.programs.run(("sh", "-c", "env -i setsid true; true"), 60))
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_program_gets_the_variables_that_it_needs_and_no_more(around: Surroundings) -> None:
    wide = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Tokyo",
        "MOYAI_HOME": "/h",
        "MOYAI_CALLER_AWS_SECRET_ACCESS_KEY": "caller",
        "AWS_PROFILE": "jimukyoku",
        "PGPASSWORD": "owner",
        "DEPLOY_WORD": "none of Moyai's",
        "SSH_AUTH_SOCK": "/agent",
    }
    tell = "import json, os; print(json.dumps(dict(os.environ)))"
    programs = replace(around.programs, environment=wide, moyai=(sys.executable, "-c", tell))

    def given(*argv: str) -> Mapping[str, str]:
        ended = list(programs.run(argv, 20))[-1]
        assert isinstance(ended, Ended)
        found: Mapping[str, str] = json.loads(ended.out)
        return found

    other, moyai = given(sys.executable, "-c", tell), given("moyai")
    assert (other["TZ"], other["MOYAI_HOME"], other["HOME"]) == (
        "Asia/Tokyo",
        "/h",
        os.environ["HOME"],
    )
    hidden = {"AWS_PROFILE", "PGPASSWORD", "SSH_AUTH_SOCK", "MOYAI_CALLER_AWS_SECRET_ACCESS_KEY"}
    assert not {*hidden, "DEPLOY_WORD"} & other.keys()
    assert hidden <= moyai.keys()
    assert "DEPLOY_WORD" not in moyai


def test_a_program_that_is_not_there_fails_its_step(around: Surroundings) -> None:
    (ended,) = around.programs.run(("no-such-program",), 5)
    assert isinstance(ended, Ended)
    assert ended.why is not None
    assert "no-such-program" in ended.why.en


def test_a_damaged_record_is_told(around: Surroundings) -> None:
    record = carried(book(), around)
    (around.store.folder / f"{record.id}.json").write_text('{"steps": 1}')
    with pytest.raises(Exception, match="is damaged"):
        around.store.load(record.id)
    with pytest.raises(UsageError, match="there is no run"):
        around.store.load("../x")
