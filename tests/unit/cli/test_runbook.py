"""Runbooks from the command line, without a site that runs."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.warm import PROGRAM

from moyai.audit.records import FEDERATION, Entry, genesis, seal
from moyai.operations.audit.proofs import Signed, proof_of
from moyai.operations.evidence.lines import Line
from moyai.operations.evidence.runs import run_files

RUNBOOKS = Path(__file__).resolve().parents[3] / "runbooks"


@pytest.fixture
def runbooks(project: Path) -> Path:
    """The catalogue beside the sample's tenants.yaml."""
    return Path(shutil.copytree(RUNBOOKS, project / "runbooks"))


def test_runbooks_are_listed_and_shown(moyai: Run, runbooks: Path) -> None:
    names = {path.name.removesuffix(".md.j2") for path in runbooks.glob("*.md.j2")}
    found = json.loads(moyai("runbook", "list", "--output", "json").stdout)
    assert {one["name"] for one in found} == names
    assert all(one["valid"] for one in found)
    shown = json.loads(moyai("runbook", "show", "new-body", "--output", "json").stdout)
    assert [one["name"] for one in shown["parameters"]] == ["body", "services", "first_day"]
    assert shown["steps"][1]["idempotency"] == "resumes"


def test_a_project_without_runbooks_has_none(moyai: Run) -> None:
    done = moyai("runbook", "list", "--output", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_what_is_wrong_is_shown_with_exit_code_3(moyai: Run, runbooks: Path) -> None:
    path = runbooks / "monday-round.md.j2"
    text = path.read_text(encoding="utf-8").replace("moyai, status", "moyai, sattus")
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("sattus")].count("\n") + 1
    done = moyai("runbook", "check")
    assert done.returncode == 3
    place = f"monday-round.md.j2:{line}:18: steps[2].run[1]: "
    assert done.stdout.startswith(f"{place}there is no command of moyai 'sattus")
    assert moyai("runbook", "check", "new-body").returncode == 0
    run = moyai("runbook", "run", "monday-round")
    assert (run.returncode, "1 error" in run.stderr) == (3, True)


def test_a_page_is_written_with_its_parameters(moyai: Run, runbooks: Path, project: Path) -> None:
    call = ("runbook", "render", "new-body", "body=kishiwada", "services=chat")
    page = moyai(*call, "--as-of", "2026-11-26").stdout
    assert "$ moyai onboard 272027 --service chat=2026-11-26 --site sandbox --yes" in page
    done = moyai(*call, "--format", "pdf", "--to", "out", "--output", "json", MOYAI_LANG="ja")
    (written,) = json.loads(done.stdout)
    assert (project / written["file"]).read_bytes().startswith(b"%PDF")
    assert moyai(*call, "--format", "pdf").returncode == 2


def test_a_folder_that_is_made_for_a_page_is_told(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    call = ("runbook", "render", "new-body", "--to", "no/such")
    told = "The folder was made: no/such\n"
    first = moyai(*call, "--output", "json")
    assert (first.stderr, (project / "no/such").is_dir()) == (told, True)
    assert json.loads(first.stdout)[0]["file"].startswith("no/such/")
    assert told not in moyai(*call).stdout


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("run", "new-bdoy"), "did you mean new-body?"),
        (("run", "new-body", "body=x"), "there is no body 'x'"),
        (("run", "new-body"), "body: a value is needed"),
        (("run", "new-body", "body"), "is not written NAME=VALUE"),
        (("run", "monday-round", "--operator", "x@example.jp"), "there is no operator"),
        (("run", "--resume", "r20261126-1"), "there is no run"),
        (("run", "monday-round", "--answer", "sene=yes"), "there is no question 'sene'"),
        (("run",), "Say one of"),
        (("run", "monday-round", "--resume", "r1"), "Say one of"),
        (("render", "monday-round", "x=y"), "there is no parameter 'x'"),
    ],
)
def test_wrong_calls_touch_nothing(
    moyai: Run, runbooks: Path, call: tuple[str, ...], says: str
) -> None:
    done = moyai("runbook", *call)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Nothing was touched." in done.stderr
    assert json.loads(moyai("runbook", "runs", "--output", "json").stdout) == []


def test_a_damaged_record_does_not_hide_the_others(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    lay(runbooks, "false")
    for _ in range(2):
        assert moyai("runbook", "run", "gated", "--answer", "told=mail").returncode == 0
    first, _ = sorted((project.parent / "home").rglob("runbooks/r*.json"))
    first.write_text("{", encoding="utf-8")
    found = json.loads(moyai("runbook", "runs", "--output", "json").stdout)
    assert [one["status"] for one in found] == ["damaged", "done"]
    assert moyai("runbook", "runs").returncode == 0


def test_operators_are_listed_with_the_days_they_have_left(moyai: Run) -> None:
    done = moyai("operator", "list", "--as-of", "2027-03-30", "--output", "json")
    left = {one["email"]: one["days_left"] for one in json.loads(done.stdout)}
    assert left["kansa@jimukyoku.example.jp"] == 1
    assert left["keikaku@jimukyoku.example.jp"] == 367


GATED = """\
---
name: gated
title: { ja: 関門, en: Gated }
purpose: { ja: 試す。, en: Trying. }
steps:
  - id: told
    kind: question
    title: { ja: 知らせ, en: Told }
    ask: { ja: 知らせましたか, en: Were they told? }
    answer:
      type: choice
      bind: how
      choices: { mail: { ja: 郵便, en: by mail }, call: { ja: 電話, en: by call } }
    timeout_seconds: 60
  - id: act
    kind: command
    title: { ja: 行う, en: Act }
    run: [sh, -c, 'echo "$1" >> acted; test "$1" = mail || exec sleep 60', sh, "{{ how }}"]
    timeout_seconds: 60
    idempotency: safe
    approval: APPROVAL
    no_undo: { ja: なし。, en: None. }
---
{{ step("told") }}
{{ step("act") }}
"""


def lay(runbooks: Path, approval: str) -> None:
    (runbooks / "gated.md.j2").write_text(GATED.replace("APPROVAL", approval), encoding="utf-8")


def take_key(project: Path, name: str) -> None:
    """Give an operator of the file a new key, `NAME` beside it."""
    key = project / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    file = project / "tenants.yaml"
    public = Path(f"{key}.pub").read_text().strip()
    text = file.read_text(encoding="utf-8")
    text, found = re.subn(rf"ssh_key: .* {name}\n", f"ssh_key: {public}\n", text)
    assert found == 1
    file.write_text(text, encoding="utf-8")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no OpenSSH here")
def test_a_step_goes_on_with_the_signature_of_an_approver(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    lay(runbooks, "true")
    for name in ("keikaku", "shonin"):
        take_key(project, name)
    who = ("--operator", "keikaku@jimukyoku.example.jp", "--key", "keikaku")
    unsigned = moyai("runbook", "run", "gated", *who[:2], "--answer", "told=mail", HOME="/nowhere")
    assert unsigned.returncode == 5
    assert "The private key to sign with" in unsigned.stderr
    waits = moyai("runbook", "run", "gated", *who, "--answer", "told=mail")
    assert waits.returncode == 5
    (run_id,) = re.findall(r"moyai runbook approve (\S+) act --operator", waits.stdout)
    own = moyai("runbook", "approve", run_id, "act", *who)
    assert (own.returncode, "no approval" in own.stderr) == (5, True)
    line = moyai("runbook", "approve", run_id, "act", "--line").stdout
    assert re.fullmatch(rf"{run_id} [0-9a-f]{{64}} act 20\S+Z\n", line)
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "moyai-approval@1", "-f", project / "shonin"]
    signed = subprocess.run(sign, input=line.encode(), capture_output=True, check=True).stdout
    (project / "act.sig").write_bytes(line.encode() + signed)
    bring = ("runbook", "approve", run_id, "act", "--signature", "act.sig")
    approved = moyai(*bring, MOYAI_OPERATOR="keikaku@jimukyoku.example.jp")
    assert approved.stdout.startswith("Approved by shonin@jimukyoku.example.jp.")
    assert not (project / "acted").exists()
    done = moyai("runbook", "run", "--resume", run_id, *who)
    assert (done.returncode, (project / "acted").read_text()) == (0, "mail\n")
    (evidence,) = (project.parent / "home").rglob("*.evidence.jsonl")
    kept = [json.loads(line) for line in evidence.read_text().splitlines()]
    shonin = "shonin@jimukyoku.example.jp"
    [approval] = [one for one in kept if one["status"] == "approved"]
    assert (approval["step"], approval["operator"]) == ("act", shonin)
    [acted] = [one for one in kept if (one["step"], one["status"]) == ("act", "done")]
    assert acted["approved_by"] == shonin
    assert "of evidence in no audit chain yet" in done.stdout
    [words] = [one for one in evidence.read_bytes().splitlines() if json.loads(one) == approval]
    note = run_files(evidence.parent).notes(Line(words))[FEDERATION]
    entry = Entry(
        at=datetime.now(UTC),
        actor=note.actor,
        action=note.action,
        result=note.result,
        operation=run_id,
        plan_sha256=note.plan_sha256,
        step=note.step,
        details=note.details,
    )
    assert isinstance(proof_of(seal(entry, genesis(FEDERATION))), Signed)


def started(
    project: Path, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """The command as a person starts it: heeding Ctrl-C, which what runs the tests may ignore."""
    home = str(project.parent / "home")
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    return subprocess.Popen(
        [sys.executable, "-c", heeding + PROGRAM, "runbook", "run", *arguments],
        cwd=project,
        env={**os.environ, "MOYAI_HOME": home, "MOYAI_LANG": "en"},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_person_at_a_terminal_is_asked_until_the_answer_is_one(
    runbooks: Path, project: Path
) -> None:
    lay(runbooks, "false")
    ours, theirs = pty.openpty()
    process = started(project, "gated", stdin=theirs)
    os.close(theirs)
    os.write(ours, b"letter\nmail\n")
    out, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0, err
    assert "there is no answer 'letter'" in out
    assert (project / "acted").read_text() == "mail\n"


def test_a_killed_run_does_not_go_on_beside_the_command_that_it_left(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    lay(runbooks, "false")
    text = (runbooks / "gated.md.j2").read_text(encoding="utf-8")
    stubborn = "trap : TERM; echo $$ > pid; while test ! -e enough; do sleep 0.1; done"
    text = text.replace("exec sleep 60", f"{{ {stubborn}; }}")
    (runbooks / "gated.md.j2").write_text(text, encoding="utf-8")
    process = started(project, "gated", "--answer", "told=call")
    for _ in range(400):
        if (project / "pid").exists() and (project / "pid").read_text().endswith("\n"):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (found,) = json.loads(moyai("runbook", "runs", "--output", "json").stdout)
    refused = moyai("runbook", "run", "--resume", found["id"])
    number = (project / "pid").read_text().strip()
    assert refused.returncode == 5
    assert f"still runs (process {number})" in refused.stderr
    (project / "enough").touch()
    assert moyai("runbook", "run", "--resume", found["id"]).returncode == 0
    assert (project / "acted").read_text() == "call\ncall\n"


def test_an_interrupt_ends_the_command_and_leaves_the_run_to_go_on(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    lay(runbooks, "false")
    process = started(project, "gated", "--answer", "told=call")
    acted = project / "acted"
    for _ in range(400):
        if acted.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "Steps that ended are on record" in err
    (found,) = json.loads(moyai("runbook", "runs", "--output", "json").stdout)
    assert found["status"] == "running"
    call = ("runbook", "run", "--resume", found["id"], "--from", "told", "--answer", "told=mail")
    assert moyai(*call).returncode == 0
    assert acted.read_text() == "call\nmail\n"


def test_runbooks_are_shown_in_words_of_the_language(moyai: Run, runbooks: Path) -> None:
    shown = moyai("runbook", "show", "new-body", "--lang", "ja").stdout
    assert "False" not in shown
    assert "True" not in shown
    assert "timeout_seconds" not in shown
    assert "手順:" in shown
    assert "はい" in moyai("runbook", "list", "--lang", "ja").stdout


ONCE = """\
---
name: onced
title: { ja: 一度, en: Once }
purpose: { ja: 試す。, en: Trying. }
steps:
  - id: zero
    kind: command
    title: { ja: 零, en: Zero }
    run: [sh, -c, "echo x >> done; test $(wc -l < done) = 2"]
    timeout_seconds: 20
    idempotency: once
    no_undo: { ja: 戻せない。, en: No way back. }
---
{{ step("zero") }}
"""


def test_without_a_terminal_a_run_waits_at_its_question_and_tells_how_to_answer(
    moyai: Run, runbooks: Path, project: Path
) -> None:
    (runbooks / "onced.md.j2").write_text(ONCE, encoding="utf-8")
    assert moyai("runbook", "run", "onced").returncode == 4
    (known,) = json.loads(moyai("runbook", "runs", "--output", "json").stdout)
    resume = ("runbook", "run", "--resume", known["id"])
    waits = moyai(*resume)
    assert "going on with --answer again:zero=yes answers it" in waits.stdout
    assert "waits for an approval or an answer" in waits.stderr
    assert (waits.returncode, "answered" in waits.stderr) == (5, False)
    unknown = moyai(*resume, "--answer", "zero=yes")
    assert (unknown.returncode, "again:zero" in unknown.stderr) == (2, True)
    neither = moyai(*resume, "--answer", "again:zero=perhaps")
    assert (neither.returncode, "again:zero=yes or again:zero=no" in neither.stderr) == (2, True)
    assert moyai(*resume, "--answer", "again:zero=yes").returncode == 0
    assert (project / "done").read_text().split() == ["x", "x"]


def test_a_runbook_that_cannot_be_read_or_costs_too_much_is_named_among_the_others(
    moyai: Run, runbooks: Path
) -> None:
    good = len(list(runbooks.glob("*.md.j2")))
    (runbooks / "a-large.md.j2").write_bytes(b"x" * 600_000)
    costly = ONCE.replace("onced", "b-costly") + '{{ "a" * 3000000000 }}\n'
    (runbooks / "b-costly.md.j2").write_text(costly, encoding="utf-8")
    found = json.loads(moyai("runbook", "list", "--output", "json").stdout)
    assert len(found) == good + 2
    assert [one["name"] for one in found if not one["valid"]] == ["a-large", "b-costly"]
    checked = moyai("runbook", "check")
    assert checked.returncode == 3
    assert "a-large.md.j2" in checked.stdout
    assert "b-costly.md.j2" in checked.stdout
