"""Commands of operations and of the audit, without a database: what is parsed, refused and imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from moyai.audit.export import Header, export_lines
from moyai.audit.records import Entry, genesis, seal
from moyai.operations.database.rows import BodyRow, OperationRow, OperationView, WaveRow
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.openings import Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.texts import Text
from moyai_cli.language import of
from moyai_cli.render import Output
from moyai_cli.views.operation_asked import show_planned
from moyai_cli.views.operation_list import show_list
from moyai_cli.views.operation_plan_records import view_record
from moyai_cli.views.operation_records import body_record
from moyai_cli.views.operation_watch import _Teller, ending
from moyai_cli.views.operation_words import counts_line, wave_word, why_of
from moyai_cli.views.operations import show_operation, show_without_plan
from moyai_cli.views.plan_words import given_words, limits_words

Run = Callable[..., subprocess.CompletedProcess[str]]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ERROR = {"what": {"ja": "だめ", "en": "migration failed"}, "touched": None, "remedy": None}
_HEAVY = (
    *("boto3", "botocore", "pulumi", "grpc", "dbos", "alembic", "cryptography", "jinja2"),
    *("sqlalchemy", "pydantic", "yaml", "markdown_it", "pygments", "semver"),
    *("moyai.registry", "moyai.planning.fleet.plans"),
)
_PROGRAM = """
import importlib, sys
from moyai_cli.application import install
install("ja")
importlib.import_module(sys.argv[1])
print(*(set(sys.modules) & set(sys.argv[2:])))
"""


@pytest.mark.parametrize("module", ["commands.operation_reading", "views.operation_watch"])
def test_a_list_waits_for_no_library_that_it_does_not_use(module: str) -> None:
    command = [sys.executable, "-c", _PROGRAM, f"moyai_cli.{module}", *_HEAVY]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.split() == []


def test_a_status_that_there_is_not_is_told_with_those_that_there_are(moyai: Run) -> None:
    answer = moyai("operation", "list", "--status", "going")
    assert (answer.returncode, "there are: planned, running" in answer.stderr) == (2, True)
    answer = moyai("operation", "list", "--kind", "nonsense")
    assert (answer.returncode, "upgrade" in answer.stderr.partition("there are: ")[2]) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ("operation", "list"),
        ("operation", "show"),
        ("operation", "pause", "last"),
        ("check", "all"),
        ("audit", "verify"),
    ],
    ids=" ".join,
)
def test_a_sandbox_that_does_not_run_is_said_and_not_started(
    moyai: Run, command: tuple[str, ...]
) -> None:
    answer = moyai(*command, MOYAI_OPERATOR="keikaku@jimukyoku.example.jp")
    assert answer.returncode == 4, answer.stderr
    assert "sandbox start" in answer.stderr
    assert "Traceback" not in answer.stderr


def export(folder: Path) -> Path:
    head, made = genesis("body:272027"), []
    for number in range(3):
        entry = Entry(
            at=NOW + timedelta(seconds=number),
            actor="moyai",
            action="check.step",
            result="done",
            code="272027",
        )
        made.append(seal(entry, head))
        head = made[-1].head
    file = folder / "one.jsonl"
    header = Header("f", "272027", "岸和田市", NOW, head)
    file.write_bytes(b"".join(export_lines(header, made)))
    return file


def test_an_export_is_verified_without_database_or_declaration(moyai: Run, tmp_path: Path) -> None:
    file = export(tmp_path)
    alone = moyai("audit", "verify", str(file))
    assert (alone.returncode, "consistent" in alone.stdout) == (0, True)
    assert "whole" not in alone.stdout.partition("By the files alone")[0]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([lines[0], *lines[2:]]))
    missing = moyai("audit", "verify", str(file))
    assert (missing.returncode, "record 1 is missing" in missing.stdout) == (4, True)
    assert "Ask the secretariat" in missing.stderr, "whoever has a file has no database to close"
    file.write_bytes(b"".join(lines)[:-20])
    cut = moyai("audit", "verify", str(file))
    assert (cut.returncode, "Line 4" in cut.stderr) == (2, True)
    none = moyai("audit", "verify", str(tmp_path / "none.jsonl"))
    assert (none.returncode, "cannot read" in none.stderr) == (2, True)
    both = moyai("audit", "verify", str(file), "--body", "272027")
    assert both.returncode == 2


def view(status: str = "failed", approval_seconds: int = 3600) -> OperationView:
    plan = OperationPlan(
        "upgrade",
        "chat 2.0.0",
        {"service": "chat"},
        "sandbox",
        "",
        "a@example.jp",
        NOW,
        (PlannedWave(1, "先行", Limits(1, 0, "strict"), 60),),
        (
            PlannedBody("272027", "岸和田市", 1, "0" * 64, (Text("変", "new"),), 60, None, ("r",)),
            PlannedBody("272043", "池田市", 1, "0" * 64, (), 60, None),
        ),
        3,
        approval_seconds,
    )
    ended = NOW if status in ("failed", "done", "cancelled") else None
    row = OperationRow(
        "20261126-1",
        "upgrade",
        "chat 2.0.0",
        "sandbox",
        status,
        Text("理由", "why"),
        "run",
        "0" * 64,
        "a@example.jp",
        NOW,
        None if status == "planned" else NOW,
        ended,
        {"failed": 1, "waiting": 1},
    )
    wave = WaveRow(1, "先行", "held", Text("多すぎ", "too many"), NOW, None, None)
    failed = BodyRow("272027", "岸和田市", 1, "failed", "migrate", 2, "w", NOW, NOW, ERROR, None)
    waits = BodyRow(
        "272043", "池田市", 1, "waiting", None, 0, None, None, None, None, Text("待", "its turn")
    )
    return OperationView(row, plan, None, {}, (wave,), (failed, waits), (), NOW)


def test_programs_read_what_the_interface_promises() -> None:
    record = view_record(view(), ["plan"])
    assert {"id", "kind", "status", "waves", "bodies"} <= record.keys()
    bodies, waves = record["bodies"], record["waves"]
    assert isinstance(bodies, list)
    assert isinstance(waves, list)
    assert {key: bodies[0][key] for key in ("code", "status", "step", "attempts", "error")} == {
        "code": "272027",
        "status": "failed",
        "step": "migrate",
        "attempts": 2,
        "error": "migration failed",
    }
    assert bodies[1]["error"] is None
    assert (waves[0]["counts"], waves[0]["failure_tolerance"]) == ({"failed": 1, "waiting": 1}, 0)
    assert record["approvals_missing"] == ["plan"]


def test_who_looks_is_told_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    show_operation(view("held"), ["plan"], 0, Output.TABLE)
    told = capsys.readouterr().out
    assert "migration failed" in told
    assert "its turn" in told
    assert "operation approve 20261126-1 plan" in told
    assert "operation resume 20261126-1 --wave 1" in told
    assert "worker" in told
    show_planned(view("planned"), 1, Output.TABLE)
    told = capsys.readouterr().out
    assert "operation approve 20261126-1 r:272027" in told
    assert "No worker" not in told


def test_who_approves_is_told_all_that_the_plan_says(capsys: pytest.CaptureFixture[str]) -> None:
    show_operation(view(), ["plan"], 1, Output.TABLE, (), [Text("枠が違う", "another wave")])
    told = capsys.readouterr().out
    for words in (
        *(
            "wave 1 先行: one after another, none is begun after the first failure, soak 1 min",
            "1 of: 272027 岸和田市",
        ),
        *(
            "  new",
            "risk: r",
            "waits for no maintenance window",
            "foreseen to take 1 min each",
            "given: service chat",
        ),
        *("stops at 3 errors of one kind", "approvals hold for 1 h"),
        "differs from tenants.yaml: another wave",
    ):
        assert words in told


def test_who_approves_sees_who_is_in_which_wave_and_when_each_would_begin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = view("planned")
    show_operation(made, [f"r:{n}" for n in range(8)], 1, Output.TABLE)
    told = capsys.readouterr().out
    first, second = (
        told.index(one) for one in ("  272027 岸和田市 (from ", "  272043 池田市 (from ")
    )
    assert told.index("wave 1 先行") < first < second < told.index("1 of: ")
    assert "r:4" in told
    assert "r:5" not in told
    assert "and 3 more" in told
    show_operation(view(), [], 1, Output.TABLE)
    assert "(from " not in capsys.readouterr().out, "begun: nothing is foreseen"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(4, 0, "strict"), "one after another, none is begun after the first failure"),
        (Limits(4, 1, "strict"), "2 at a time (fewer with each failure: never more than 2 fail)"),
        (Limits(4, 1, "soft"), "4 at a time, none is begun once 2 have failed (those begun go on"),
    ],
)
def test_limits_say_how_many_go_on_at_once_in_truth(limits: Limits, words: str) -> None:
    assert limits_words(limits).startswith(words)


def test_what_was_given_is_told_in_words_and_nothing_unknown_is_kept_back() -> None:
    given = {
        "service": None,
        "foundation": (),
        "base_sha256": "0" * 64,
        "services": {"272027": ("chat", "eapp-a")},
        "soak_seconds": 60,
        "hint": "x",
    }
    said = given_words(replace(view().plan, parameters=given))
    assert said == "hint x, services 272027: chat, eapp-a, soak of each body 1 min"


def test_programs_are_told_windows_and_whose_word_is_asked_for() -> None:
    made = view()
    window = Calendar(MaintenanceWindow(("sat",), time(22), 4), ())
    first = replace(made.plan.bodies[0], calendar=window, approves_itself=True)
    plan = replace(made.plan, bodies=(first, *made.plan.bodies[1:]))
    record = view_record(replace(made, plan=plan), [])
    assert isinstance(record["bodies"], list)
    one, other = record["bodies"]
    assert (one["approves_itself"], other["approves_itself"]) == (True, False)
    assert one["calendar"]["window"] == {"days": ["sat"], "start": "22:00:00", "hours": 4}
    assert other["calendar"] is None


def test_a_list_has_no_heading_where_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_list([], {}, Output.TABLE)
    assert capsys.readouterr().out == "There is no operation yet.\n"
    show_list([view().row], {}, Output.CSV)
    assert capsys.readouterr().out.splitlines()[0].startswith("id,kind,subject,status,counts")


@pytest.mark.parametrize(
    ("status", "code"), [("done", None), ("failed", 4), ("cancelled", 5), ("expired", 5)]
)
def test_the_exit_code_of_watching_says_how_it_ended(status: str, code: int | None) -> None:
    made = view(status)
    counts = {"done": 2} if status == "done" else made.row.counts
    error = ending(replace(made, row=replace(made.row, counts=counts)))
    assert (None if error is None else int(error.exit_code)) == code


@pytest.mark.parametrize("left", ["skipped", "moved"])
def test_one_that_left_bodies_out_is_not_told_as_done(
    left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = view("done")
    made = replace(made, row=replace(made.row, reason=None, counts={"done": 7, left: 36}))
    error = ending(made)
    assert error is not None
    assert int(error.exit_code) == 4
    assert "36 bodies are not done" in str(error.what.en)
    assert "operation retry 20261126-1" in str(error.remedy and error.remedy.en)
    show_operation(made, (), 1, Output.TABLE)
    show_list([made.row], {}, Output.TABLE)
    told = " ".join(capsys.readouterr().out.split())
    assert "status: ended, work owed" in told
    assert told.count("operation retry 20261126-1") >= 1


def test_a_wave_that_was_called_off_before_it_began_is_not_told_as_done() -> None:
    made = view("cancelled")
    bodies = tuple(replace(body, attempts=0, status="cancelled") for body in made.bodies)
    wave = replace(made.waves[0], status="done")
    assert wave_word(replace(made, bodies=bodies), wave) == "cancelled"
    assert wave_word(made, wave) == "done", "something of it was begun"


def test_counts_stand_in_the_order_of_statuses() -> None:
    assert counts_line({"failed": 1, "done": 3}) == "done 3, failed 1"


def _in_hand(waits: Text | None, error: dict[str, object] | None) -> BodyRow:
    return BodyRow("272027", "岸和田市", 1, "running", "-stack", 2, "w", NOW, None, error, waits)


def test_what_a_body_in_hand_waits_for_is_shown_before_why_it_is_taken_back() -> None:
    waits = Text("待ち", "waits for the file")
    assert why_of(_in_hand(waits, None)) == of(waits)
    assert why_of(_in_hand(waits, ERROR)) == f"{of(waits)} / {of(Text('だめ', 'migration failed'))}"
    assert why_of(_in_hand(None, ERROR)) == of(Text("だめ", "migration failed"))
    record = body_record(_in_hand(waits, ERROR))
    assert (record["waits"], record["status"]) == (of(waits), "running")


def test_who_watches_is_told_once_that_a_body_in_hand_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller, one = _Teller(), view("running")
    waits = Text("待ち", "waits for the file")
    for told in (None, waits, waits, None):
        teller.tell(replace(one, bodies=(_in_hand(told, None),)), 1)
    assert capsys.readouterr().out.count(of(waits)) == 1


@pytest.mark.parametrize("output", list(Output))
def test_an_operation_whose_plan_nobody_can_read_is_shown_with_what_was_not_taken_back(
    capsys: pytest.CaptureFixture[str], output: Output
) -> None:
    error = {
        **ERROR,
        "touched": {"ja": "元に戻していない手順: stack。", "en": "Not taken back: stack."},
    }
    one = view("cancelled")
    held = replace(_in_hand(None, error), status="held")
    show_without_plan(one.row, one.waves, (held,), output)
    out = capsys.readouterr().out
    assert "stack" in out
    assert "272027" in out
