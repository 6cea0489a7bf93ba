"""A weekend's upgrade by the runbooks alone: a worker's host lost, a body that is held, a wave that fails, the
morning after; and the operations database lost. The other runbooks are in `test_runbooks`.

Each test goes on from where the one before left the weekend.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from federations import Answer, Federation

pytestmark = [
    pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="no OpenSSH here"),
    pytest.mark.timeout(900),
]
RUNBOOKS = Path(__file__).resolve().parents[3] / "runbooks"
PLANNER, APPROVER = "keikaku@jimukyoku.example.jp", "shonin@jimukyoku.example.jp"
SERVICE, FIRST, SECOND = "eapp-b", "272027", "272043"
_MIGRATION = (
    "-- phase: expand\nALTER TABLE procedure ADD CONSTRAINT known_codes CHECK (code <> 'bad');\n"
)
_WAVES = f"""\
  waves:
    - {{ name: 先行団体, select: "{FIRST}", soak_minutes: 1 }}
    - {{ name: 残り, rest: true }}
"""
_ALWAYS = (
    "maintenance_window: "
    '{ days: [mon, tue, wed, thu, fri, sat, sun, holiday], start: "00:00", hours: 24 }'
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keys of two persons; the planner's is in an agent, as a runbook's command has to find it."""
    folder = tmp_path_factory.mktemp("k")
    for name in ("keikaku", "shonin"):
        command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
        subprocess.run(command, check=True, cwd=folder)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(folder / "agent")])
    before = os.environ.get("SSH_AUTH_SOCK")
    os.environ["SSH_AUTH_SOCK"] = str(folder / "agent")
    try:
        _until(lambda: (folder / "agent").exists(), 10)
        subprocess.run(["ssh-add", "-q", "keikaku"], check=True, cwd=folder)
        yield folder
    finally:
        agent.terminate()
        agent.wait()
        del os.environ["SSH_AUTH_SOCK"]
        if before is not None:
            os.environ["SSH_AUTH_SOCK"] = before


@pytest.fixture(scope="module")
def office(federation: Federation, keys: Path) -> Federation:
    """The federation with their keys, the catalogue, two waves, and a release that one body's data fail."""
    shutil.copytree(RUNBOOKS, federation.folder / "runbooks")
    text = federation.file.read_text(encoding="utf-8")
    for name in ("keikaku", "shonin"):
        public = (keys / f"{name}.pub").read_text(encoding="utf-8").strip()
        text = _replaced(rf"ssh_key: ssh-ed25519 \S+ {name}", f"ssh_key: {public}", text)
    text = _replaced(r"(?s)  waves:\n.*?(?=  max_concurrent)", _WAVES, text)
    text = _replaced(r"maintenance_window: \{.*?\}", _ALWAYS, text)
    federation.file.write_text(text, encoding="utf-8")
    service = federation.folder / "stacks" / "services" / SERVICE
    (service / "migrations" / "0003_known.sql").write_text(_MIGRATION, encoding="utf-8")
    manifest = (service / "manifest.yaml").read_text(encoding="utf-8")
    release = "  1.2.0:\n    image: moyai-eapp-b:1.2.0\n    schema_version: 3\neditions:\n"
    (service / "manifest.yaml").write_text(manifest.replace("editions:\n", release, 1), "utf-8")
    bad = "INSERT INTO procedure (code, title, section, form) VALUES ('bad','x','x','{}')"
    _sql(federation, SECOND, bad)
    return federation


def _replaced(pattern: str, words: str, text: str) -> str:
    after, found = re.subn(pattern, lambda _: words, text)
    assert found >= 1, pattern
    return after


@pytest.fixture(scope="module")
def workers(
    office: Federation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers, each as on a host of its own; the first is lost on the way."""
    folder = tmp_path_factory.mktemp("logs")
    found = [
        subprocess.Popen(
            office.command("worker", "--bodies", "1"),
            cwd=office.folder,
            env=office.environment(),
            stdin=subprocess.DEVNULL,
            stdout=(folder / f"{number}.txt").open("wb"),
            stderr=subprocess.STDOUT,
        )
        for number in range(2)
    ]
    yield found
    for one in found:
        if one.poll() is None:
            one.send_signal(signal.SIGINT)
            assert one.wait(120) == 0


def _sql(federation: Federation, code: str, statement: str) -> None:
    federation.ok("sandbox", "psql", code, SERVICE, "--command", statement)


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _show(federation: Federation, operation: str = "last:upgrade") -> dict[str, Any]:
    return dict(federation.ok("operation", "show", operation, "--output", "json").json())


def _reached(
    federation: Federation,
    wanted: Callable[[dict[str, Any]], bool],
    operation: str = "last:upgrade",
) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def looks() -> bool:
        found.update(_show(federation, operation))
        return wanted(found)

    _until(looks, 240)
    return found


def _bodies(shown: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["status"] for one in shown["bodies"]}


class Book:
    """A runbook on its way, as one person carries it out."""

    def __init__(self, federation: Federation, name: str, *parameters: str) -> None:
        self._federation = federation
        self._call: tuple[str, ...] = (name, *parameters)

    def go_on(self, **answers: str) -> dict[str, str]:
        """Answer, and carry it on as far as it goes; step → status."""
        pairs = (f"{name.replace('_', '-')}={words}" for name, words in answers.items())
        given = [word for pair in pairs for word in ("--answer", pair)]
        answer = self._federation.moyai(
            "runbook", "run", *self._call, *given, "--operator", PLANNER, "--output", "json"
        )
        return self._steps(answer)

    def _steps(self, answer: Answer) -> dict[str, str]:
        assert answer.code in (0, 4, 5), answer.out + answer.err
        found = answer.json()
        self._call = ("--resume", found[0]["run"])
        return {one["step"]: one["status"] for one in found}


def _last(steps: dict[str, str]) -> tuple[str, str]:
    return list(steps.items())[-1]


@pytest.fixture(scope="module")
def weekend(office: Federation) -> Book:
    """The runbook of the whole weekend."""
    parameters = (f"target={SERVICE}", "release=1.2.0", f"planner={PLANNER}")
    return Book(office, "weekend-upgrade", *parameters)


def test_an_upgrade_is_planned_and_goes_on_once_another_has_approved_it(
    office: Federation, keys: Path, weekend: Book, workers: list[subprocess.Popen[bytes]]
) -> None:
    assert len(workers) == 2
    assert _last(weekend.go_on(announced="yes")) == ("good", "begun")
    assert _last(weekend.go_on(good="yes")) == ("approved", "begun")
    approver = ("--operator", APPROVER, "--key", str(keys / "shonin"))
    office.ok("operation", "approve", "last:upgrade", "--everything", *approver)


def test_a_worker_s_host_is_lost(
    office: Federation, workers: list[subprocess.Popen[bytes]]
) -> None:
    shown = _reached(office, lambda shown: "running" in _bodies(shown).values())
    carrier = _carrier(shown)
    lost = next(one for one in workers if _is_below(carrier, one.pid))
    lost.kill()
    lost.wait()
    os.kill(carrier, signal.SIGKILL)
    # What the next test is about, in time: the look after the soak comes a minute later.
    _reached(office, lambda shown: shown["waves"][0]["status"] == "soaking")
    _sql(office, FIRST, "DELETE FROM applicant_kind")
    book = Book(office, "worker-host-lost", "host=host-1")
    steps = book.go_on(off="yes", another="yes", passwords="yes")
    assert set(steps.values()) <= {"done", "noted"}
    assert _last(steps) == ("passwords", "done")


def test_a_body_is_held(office: Federation) -> None:
    held = _reached(office, lambda shown: _bodies(shown)[FIRST] == "held")
    assert _bodies(held)[SECOND] == "waiting"
    parameters = ("operation=last:upgrade", f"body={FIRST}", f"operator={PLANNER}")
    book = Book(office, "held-body", *parameters)
    assert _last(book.go_on(told="yes", data="yes")) == ("mended", "begun")
    kinds = "INSERT INTO applicant_kind VALUES ('individual', '個人'), ('corporation', '法人')"
    _sql(office, FIRST, kinds)
    assert _last(book.go_on(mended="the kinds are there again")) == ("served", "begun")
    _reached(office, lambda shown: _bodies(shown)[FIRST] == "done")
    assert set(book.go_on(served="yes").values()) == {"done"}


def test_a_wave_fails(office: Federation) -> None:
    shown = _reached(office, lambda shown: shown["status"] in ("failed", "held"))
    assert _bodies(shown) == {FIRST: "done", SECOND: "failed"}
    book = Book(office, "failed-wave", "operation=last:upgrade", f"operator={PLANNER}")
    steps = book.go_on(back="yes")
    assert steps["in-doubt"] == "done"
    assert _last(steps) == ("decision", "begun")
    _sql(office, SECOND, "UPDATE procedure SET code = 'good' WHERE code = 'bad'")
    assert set(book.go_on(decision="yes").values()) == {"done"}
    _reached(office, lambda shown: shown["status"] == "done")


@pytest.mark.usefixtures("workers")
def test_passwords_are_rotated(office: Federation, keys: Path) -> None:
    parameters = (f"bodies={FIRST}", f"planner={PLANNER}", "at_once=yes")
    book = Book(office, "credential-rotation", *parameters)
    assert _last(book.go_on(good="yes")) == ("approved", "begun")
    approver = ("--operator", APPROVER, "--key", str(keys / "shonin"))
    office.ok("operation", "approve", "last:rotate", "--everything", *approver)
    _reached(office, lambda shown: shown["status"] == "done", "last:rotate")
    steps = book.go_on(approved="yes", finished="yes", own="no", elsewhere="SMTP")
    assert set(steps.values()) == {"done"}
    assert _last(steps) == ("elsewhere", "done")


def test_in_the_morning_all_of_it_is_done_and_on_record(office: Federation, weekend: Book) -> None:
    steps = weekend.go_on(approved="yes", morning="yes")
    assert set(steps.values()) == {"done"}
    assert list(steps)[-4:] == ["morning", "ended", "owed", "healthy"]
    told = office.ok("audit", "show", "--last", "500", "--output", "json").json()
    assert "weekend-upgrade" in {one["details"].get("runbook") for one in told}
    of_body = office.ok("audit", "show", FIRST, "--output", "json").json()
    assert "held-body" in {one["details"].get("runbook") for one in of_body}
    assert office.ok("audit", "verify").code == 0


def _carrier(shown: dict[str, Any]) -> int:
    """The process that carries the body in hand."""
    [running] = [body for body in shown["bodies"] if body["status"] == "running"]
    mark = f"MOYAI_WORKER={running['worker']}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_worker(entry, mark):
            return int(entry.name)
    raise AssertionError(f"no process of {running['worker']}")


def _is_worker(entry: Path, mark: bytes) -> bool:
    try:
        words = (entry / "cmdline").read_bytes()
        return b"moyai.operations.durable" in words and mark in (entry / "environ").read_bytes()
    except OSError:
        return False


def _is_below(process: int, ancestor: int) -> bool:
    while process > 1:
        if process == ancestor:
            return True
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        process = int(words[1])
    return False


def test_a_lost_operations_database_is_brought_back_by_a_runbook_that_does_without_it(
    office: Federation, workers: list[subprocess.Popen[bytes]]
) -> None:
    for one in workers:
        if one.poll() is None:
            one.send_signal(signal.SIGINT)
            one.wait(120)
    office.ok("sandbox", "stop")
    lost = Book(office, "database-host-lost", f"operator={PLANNER}")
    assert _last(lost.go_on(served="yes")) == ("back", "begun")
    [run] = _runs(office)
    assert run["not_in_chain"] > 0
    early = lost.go_on(back="yes")
    assert _last(early) == ("answers", "failed")
    office.ok("sandbox", "start")
    assert _last(lost.go_on()) == ("copy", "begun")
    assert set(lost.go_on(copy="same").values()) == {"done"}
    [run] = _runs(office)
    assert (run["status"], run["not_in_chain"]) == ("done", 0)
    told = office.ok("audit", "show", "--last", "200", "--output", "json").json()
    steps = [
        (one["step"], one["result"])
        for one in told
        if one["operation"] == run["id"] and one["action"] != "runbook.run"
    ]
    assert steps[:4] == [
        *(("served", "begun"), ("served", "answered")),
        *(("back", "begun"), ("back", "begun")),
    ]
    assert ("answers", "failed") in steps
    assert ("declared", "done") in steps
    assert steps[-1] == ("held", "done")


def _runs(office: Federation) -> list[dict[str, Any]]:
    found = office.ok("runbook", "runs", "--output", "json").json()
    return [one for one in found if one["runbook"] == "database-host-lost"]
