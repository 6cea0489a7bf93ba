"""Commands by hand at bodies that operations have in hand, and operations that come to one at work."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from federations import Answer
from office import A, B, Office, at, unchanged

from moyai.engine.stacks import StackId
from moyai.errors import OperationFailed
from moyai.operations.database.rows import BodyRow
from moyai.operations.deploys.in_hand import Hands
from moyai.operations.durable.carrying import patience
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds import in_turn
from moyai.operations.kinds.upgrade.steps import UpdateStack
from moyai.operations.site.hand_notes import noted
from moyai.planning.topology import TENANT
from moyai.texts import Text, same

HOLD = """
import sys
from pathlib import Path
from moyai.engine.stacks import StackId
from moyai.operations.site.turns import Turns
assert Turns(Path(sys.argv[1])).take(StackId("moyai-tenant", sys.argv[2]))
print("taken", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module", name="office")
def _of_its_own(own_office: Office) -> Office:
    """Bodies that begin at the first release."""
    return own_office


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.05)


@contextmanager
def tagged(office: Office) -> Iterator[None]:
    """An edit that all bodies are to be deployed with, taken back afterwards."""
    with unchanged(office.federation):
        text = office.federation.file.read_text(encoding="utf-8")
        word = f"'{time.time_ns()}'"
        for slug in ("kishiwada", "ikeda"):
            line = f"slug: {slug}\n"
            assert line in text
            text = text.replace(line, f"{line}    tags: {{ pilot: {word} }}\n")
        office.federation.file.write_text(text, encoding="utf-8")
        yield


def deploying(office: Office, told: list[Answer], *arguments: str) -> Callable[[], None]:
    """A deploy by hand of an edited file, which is put back."""

    def act() -> None:
        with tagged(office):
            told.append(office.federation.moyai("deploy", *(arguments or (A,)), "--allow-older"))

    return act


def editing(office: Office, *codes: str) -> list[Answer]:
    """Edits of bodies' entries, taken back afterwards."""
    with unchanged(office.federation):
        word = f"tags.pilot=p{time.time_ns()}"
        return [office.federation.moyai("tenant", "edit", code, "--set", word) for code in codes]


def written(office: Office, code: str) -> tuple[Any, ...]:
    record = office.record(code)
    return dict(record.fingerprint), record.applied_at, record.running_since, record.failure


def waits(office: Office, operation: str) -> BodyRow:
    deadline = time.monotonic() + 60
    while (body := office.body(operation, A)).waits is None:
        assert time.monotonic() < deadline, body
        time.sleep(0.05)
    return body


@contextmanager
def by_hand(office: Office, code: str = A) -> Iterator[subprocess.Popen[bytes]]:
    """A command that is at a body until it is told to end."""
    home = office.source.session().workspace.runtime.home
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home), code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"taken\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_a_plan_shows_a_body_in_hand_as_deploy_would_refuse_it(office: Office) -> None:
    operation, told = office.plan("1.1.0", B), list[Answer]()

    def act() -> None:
        with tagged(office):
            told.append(office.federation.moyai("plan", "all", "--allow-older", "-o", "json"))

    assert office.carry(operation, B, at("stack", act)).status == "done"
    [answer] = told
    assert answer.code == 5, answer.err
    tenants = {one["code"]: one for one in json.loads(answer.out)}
    assert tenants[B]["action"] == "refused"
    assert operation in str(tenants[B]["reasons"]), tenants[B]
    assert tenants[A]["action"] != "refused"


def test_a_deploy_by_hand_is_refused_while_writes_are_closed_and_others_are_deployed(
    office: Office,
) -> None:
    operation, told = office.plan("1.1.0", A), list[Answer]()
    before, other = written(office, A), written(office, B)
    seen: list[object] = []

    def act() -> None:
        deploying(office, told, "all")()
        seen.extend((written(office, A), office.is_open(A)))

    assert office.carry(operation, A, at("stack", act)).status == "done"
    [answer] = told
    assert answer.code == 5, answer.err
    assert operation in answer.err
    assert "has it in hand" in answer.err
    assert "backup" in answer.err, "the step"
    assert "keikaku@jimukyoku.example.jp" in answer.err, "who planned it"
    assert f"operation show {operation}" in answer.err
    assert seen == [before, False]
    assert written(office, B) != other, "the others are deployed"
    assert office.federation.statuses()[A]["status"] != "unknown"
    assert office.is_open(A)
    office.federation.ok("deploy", "all", "--allow-older")


def test_of_a_body_in_hand_nobody_is_told_that_all_is_as_it_should_be(office: Office) -> None:
    """Also where a deploy would change nothing of it."""
    operation, told = office.plan("1.1.0", B, service="chat"), list[Answer]()
    federation, edited = office.federation, list[Answer]()

    def act() -> None:
        edited.extend(editing(office, A, B))
        told.append(federation.moyai("deploy", B))
        told.append(federation.moyai("plan", B))
        told.append(federation.moyai("status", A, B, "-o", "json"))

    assert office.carry(operation, B, at("stack", act)).status == "done"
    deployed, planned, seen = told
    assert (deployed.code, planned.code, seen.code) == (0, 0, 0)
    assert operation in deployed.out
    assert "everything is as the file says" not in deployed.out
    assert operation in planned.out
    found = {one["code"]: one for one in seen.json()}
    assert found[A]["status"] != "in-hand"
    assert found[B]["status"] == "in-hand"
    assert operation in str(found[B]["reasons"])
    assert federation.statuses()[B]["status"] != "in-hand"
    assert [(one.code, "pilot" in one.out) for one in edited] == [(0, True), (0, True)]
    assert edited[0].err == ""
    assert f"{B}: it is written, and cannot be deployed before the work in hand" in edited[1].err
    assert f"operation show {operation}" in edited[1].err
    assert editing(office, B)[0].err == "", "it has ended"


def test_a_deploy_by_hand_waits_as_long_as_it_is_told_to(office: Office) -> None:
    operation, began = office.plan("1.2.0", A), list[subprocess.Popen[bytes]]()
    federation = office.federation
    with ExitStack() as stack:

        def act() -> None:
            stack.enter_context(tagged(office))
            waiting = federation.command("deploy", A, "--wait", "200", "--allow-older")
            given = {"cwd": federation.folder, "env": federation.environment()}
            began.append(subprocess.Popen(waiting, stdin=subprocess.DEVNULL, **given))
            time.sleep(6)
            assert began[0].poll() is None

        before = written(office, A)[0]["tags"]
        assert office.carry(operation, A, at("migrate-expand", act)).status == "done"
        assert began[0].wait(200) == 0
        assert written(office, A)[0]["tags"] != before
    federation.ok("deploy", "all", "--allow-older")


def test_a_body_that_is_held_half_way_is_not_deployed_by_hand(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bring(A, "1.2.0")
    operation, told = office.plan("1.3.0", A), list[Answer]()

    def unwell(*_: object) -> None:
        raise RuntimeError("away")

    with monkeypatch.context() as patch:
        patch.setattr(UpdateStack, "undo", unwell)
        patch.setattr(Inside, "health", _fails_after(Inside.health, 1))
        assert office.carry(operation, A).status == "held"
    before = written(office, A)
    deploying(office, told)()
    assert told[0].code == 5
    assert "has left it half-way" in told[0].err
    assert f"operation retry {operation} {A}" in told[0].err
    assert written(office, A) == before
    asked = (
        "rotate",
        "database-passwords",
        A,
        "--dry-run",
        "--operator",
        "keikaku@jimukyoku.example.jp",
    )
    rotated = office.federation.moyai(*asked)
    assert rotated.code != 0
    assert f"{operation} (" in rotated.err
    assert "has left it half-way" in rotated.err
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    deploying(office, told)()
    assert told[1].code == 0, told[1].err
    office.federation.ok("deploy", "all", "--allow-older")


def _fails_after(real: Any, times: int) -> Any:
    done: list[None] = []

    def health(*given: Any) -> Any:
        done.append(None)
        if len(done) > times:
            raise OperationFailed(same("ill"))
        return real(*given)

    return health


def test_an_operation_waits_in_sight_for_a_command_that_is_at_the_body(office: Office) -> None:
    office.bring(A, "1.3.0")
    operation = office.plan("1.5.0", A)
    with ThreadPoolExecutor(1) as pool, by_hand(office) as holder:
        done = pool.submit(office.carry, operation, A)
        body = waits(office, operation)
        assert body.status == "running"
        assert body.waits is not None
        assert "waits for a command by hand" in body.waits.en
        time.sleep(1)
        assert [name for _, name, _ in office.steps(operation, A)] == ["preflight"]
        assert office.is_open(A)
        holder.kill()  # its turn ends with it
        assert done.result(240).status == "done"


def test_a_command_that_comes_between_preflight_and_the_first_change_is_waited_for(
    office: Office,
) -> None:
    operation = office.plan("1.1.0", A, service="chat")
    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        at_work: list[subprocess.Popen[bytes]] = []
        come = at("close-writes", lambda: at_work.append(stack.enter_context(by_hand(office))))
        done = pool.submit(office.carry, operation, A, come)
        assert waits(office, operation).step == "close-writes"
        assert office.is_open(A, "chat")
        at_work[0].kill()
        assert done.result(240).status == "done"


def test_it_waits_no_longer_than_is_sensible_and_has_changed_nothing_then(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_turn, "WAIT_SECONDS", 0.5)
    office.bring(B, "1.1.0")
    operation = office.plan("1.2.0", B)
    with ExitStack() as stack:
        come = at("close-writes", lambda: stack.enter_context(by_hand(office, B)))
        body = office.carry(operation, B, come)
    assert body.status == "failed"
    assert body.error is not None
    assert "for too long" in body.error["what"]["en"]
    assert office.is_open(B)
    office.again(operation, B)
    assert office.carry(operation, B).status == "done"


def test_where_the_database_cannot_be_asked_notes_and_records_are(office: Office) -> None:
    operation, told, edited = office.plan("1.3.0", B), list[Answer](), list[Answer]()
    session = office.source.session()
    home, stack = session.workspace.runtime.home, StackId(TENANT, B)
    half_way = dict[str, Text]()
    files = [home / "operations" / f"pgpass.moyai_{one}" for one in ("operator", "worker")]

    def act() -> None:
        kept = [one.read_bytes() for one in files]
        for one in files:
            one.unlink()
        try:
            deploying(office, told, B)()
            deploying(office, told, A)()
            edited.extend(editing(office, B, A))
            half_way.update(Hands(session).half_way((A, B), but="rotate"))
        finally:
            for one, content in zip(files, kept, strict=True):
                one.write_bytes(content)
                one.chmod(0o600)

    before = written(office, B)
    assert office.carry(operation, B, at("backup", act)).status == "done"
    refused, gone_on = told
    assert refused.code == 5, refused.err
    assert "cannot be asked" in refused.err
    assert operation in refused.err
    assert gone_on.code == 0, gone_on.err
    assert "cannot be asked" in gone_on.err
    assert half_way.keys() == {B}, "a rotation goes by notes and records too"
    in_hand, unknown = edited
    assert (in_hand.code, unknown.code) == (0, 0)
    assert operation in in_hand.err
    [line] = unknown.err.splitlines()
    assert line.startswith("tenants.yaml is written. Whether an operation has the body in hand is")
    assert before[0] != written(office, B)[0]
    assert noted(home, stack) is None, "it has ended"
    office.federation.ok("deploy", "all", "--allow-older")


class _Killed(BaseException):
    """A worker that ends here."""


def test_a_body_whose_worker_died_is_in_hand_until_another_has_brought_it_to_its_end(
    office: Office,
) -> None:
    office.bring(B, "1.3.0")
    operation, told = office.plan("1.5.0", B), list[Answer]()

    def die() -> None:
        raise _Killed

    with pytest.raises(_Killed):
        office.carry(operation, B, at("stack", die))
    before = written(office, B)
    deploying(office, told, B)()
    assert (told[0].code, written(office, B)) == (5, before)
    assert "has it in hand and is at backup" in told[0].err
    assert office.carry(operation, B).status == "done"
    deploying(office, told, B)()
    assert told[1].code == 0, told[1].err
    office.federation.ok("deploy", "all", "--allow-older")
