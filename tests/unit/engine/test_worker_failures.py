"""What failures mean to a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from moyai.engine.stacks import StackId, StackRun, Step
from moyai.engine.worker.events import Tally, Trouble
from moyai.engine.worker.failures import explain, what_was_touched
from moyai.engine.worker.messages import Failure, failure_of
from moyai.errors import FileTrouble, OperationFailed, Refused, SiteTrouble
from moyai.registry.problems import Problem, RegistryError
from moyai.texts import Text, same

RUN = StackRun(StackId("proj", "s"), Path("p.py"), {}, "up")
LOG = Path("/logs/run.log")


@dataclass
class Ended:
    cancelled: bool = False
    disk_full: bool = False
    tail: str = ""


def tell(
    *messages: str, status: int = 255, tail: str = "", program: Failure | None = None
) -> Failure:
    tally = Tally(troubles=[Trouble(m, "documents", "aws:s3/bucket:Bucket") for m in messages])
    return explain(status, Ended(tail=tail), tally, program, RUN, LOG)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("writing snapshot: write /x: no space left on device", "the disk is full"),
        ("getting secrets manager: incorrect passphrase", "passphrase"),
        ("snapshot integrity failure; refusing to use it", "checkpoint is damaged"),
        ('Could not connect to the endpoint URL: "http://127.0.0.1:1/"', "AWS does not answer"),
        ("rpc error: code = Unavailable desc = error reading", "plugin ended"),
        ("bucket is not empty", "Bucket documents: bucket is not empty"),
    ],
)
def test_known_words_and_others(message: str, words: str) -> None:
    for failure in (tell(message), tell(tail=message)):
        if "documents" not in words:
            assert words in failure.what.en
            assert failure.remedy is not None
    assert words in tell(message).what.en


def test_what_does_not_answer_is_the_site() -> None:
    assert tell("dial tcp 127.0.0.1:1: connect: connection refused").of == "site"
    assert tell("bucket is not empty").of == "stack"


def test_locks_and_protection_are_refusals() -> None:
    assert tell(tail="the stack is currently locked by 1 lock(s)").refused
    protected = tell("resource cannot be deleted\nbecause it is protected. To unprotect …")
    assert protected.refused
    assert "documents" in protected.what.ja
    assert not tell("bucket is not empty").refused


def test_an_interrupted_engine() -> None:
    failure = explain(255, Ended(cancelled=True), Tally(), None, RUN, LOG)
    assert failure.what.en == "interrupted."
    assert failure.touched == Text("何も変更していません。", "Nothing was touched.")


def test_a_killed_engine() -> None:
    assert "SIGKILL" in tell(status=-9).what.ja


def test_the_programs_own_words_come_first() -> None:
    own = Failure(True, same("frozen"), None, same("wait"))
    failure = tell("program failed", program=own)
    assert (failure.refused, failure.what, failure.remedy) == (True, same("frozen"), same("wait"))


def test_no_traceback_is_shown() -> None:
    failure = tell("went wrong\nTraceback (most recent call last):\n  File x, line 1\nKeyError: 1")
    assert failure.what.en == "Bucket documents: went wrong"


def test_what_an_apply_raised_is_told_by_its_place() -> None:
    message = (
        "python inline source runtime error: 'vpc'\nTraceback (most recent call last):\n"
        '  File "/venv/site-packages/pulumi/output.py", line 1, in run\n'
        '  File "/work/stacks/tenant/__main__.py", line 15, in <lambda>\n'
        "  File \"/venv/site-packages/pulumi/x.py\", line 2, in get\nKeyError: 'vpc'\n"
    )
    tally = Tally(troubles=[Trouble(message, None, None)])
    failure = explain(255, Ended(), tally, None, RUN, LOG)
    assert failure.what.en == "/work/stacks/tenant/__main__.py:15: KeyError: 'vpc'"


def test_many_troubles_are_counted() -> None:
    failure = tell(*(f"trouble {n}" for n in range(9)))
    assert failure.what.en.count("\n") == 3
    assert "(6 more)" in failure.what.en


def test_the_engines_own_summary_adds_nothing() -> None:
    troubles = [Trouble("bad", "x", "a:b:C"), Trouble("update failed", None, None)]
    failure = explain(255, Ended(), Tally(troubles=troubles), None, RUN, LOG)
    assert failure.what.en == "C x: bad"


def test_what_was_touched() -> None:
    steps = [Step("create", "a:b/c:D", f"n{n}") for n in range(3)]
    tally = Tally(steps=steps[:2], failed=[steps[2]])
    told = what_was_touched(tally)
    assert told.en == (
        "Changed: 2 created. Not known to be done: D n2 (the next run reads what is live). "
        "Nothing else was touched."
    )
    assert "作成 2" in told.ja


def test_a_program_that_meets_a_broken_file_says_nothing_of_its_stack() -> None:
    broken = RegistryError([Problem("tenants.yaml", 1, 1, "tenants[999999]", same("wrong"))])
    failure = tell("the program failed", program=failure_of(broken))
    assert isinstance(failure.error(), FileTrouble)
    assert not isinstance(tell("bucket is not empty").error(), SiteTrouble)
    for kind in (Refused, OperationFailed, SiteTrouble, FileTrouble):
        assert type(failure_of(kind(same("x"))).error()) is kind


@pytest.mark.parametrize(
    "words",
    [
        "getting secrets manager: incorrect passphrase",
        "secrets (code=PermissionDenied): operation error KMS: Decrypt, api error AccessDeniedException",
        "operation error STS: GetCallerIdentity, StatusCode: 403, api error ExpiredToken: it has expired",
    ],
)
def test_a_key_or_credentials_that_are_gone_say_nothing_of_a_stack(words: str) -> None:
    assert isinstance(tell(words).error(), SiteTrouble)


def test_a_key_of_a_bodys_own_that_cannot_be_made_is_the_bodys_failure() -> None:
    denied = "creating KMS Key: operation error KMS: CreateKey, api error AccessDeniedException: no"
    assert not isinstance(tell(denied).error(), SiteTrouble)
