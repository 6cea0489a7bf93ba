"""What is done by hand is in the audit chains, of the federation and of each body, whatever came between.

The tests of this module share one federation, and stand in the order in which they happen to it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from federations import DAY, KEPT, Federation, make_federation
from secretariat import working

KISHIWADA, IKEDA, TAISHI = KEPT
BY = "keikaku@jimukyoku.example.jp"
_MAX = "  max_concurrent"
PERSON = re.compile(r"person:[!-~]+@[!-~]+")


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """Three bodies that a person deployed, on a site whose operations database nobody has used."""
    base = tmp_path_factory.mktemp("by-hand")
    found = make_federation(base / "project", base / "home")
    found.edit(_MAX, f"  edits_need_approval: false\n{_MAX}")
    found.ok("deploy", "--as-of", DAY, "--operator", BY)
    yield found
    found.moyai("sandbox", "reset", "--yes")


def site(federation: Federation) -> Path:
    return federation.home / "sites" / "sandbox"


def waiting(federation: Federation) -> list[Path]:
    return sorted((site(federation) / "deeds").glob("*.jsonl"))


def chain(federation: Federation, *body: str) -> list[dict[str, Any]]:
    found = federation.ok("audit", "show", *body, "--last", "1000", "--output", "json").json()
    return [one for one in found if one["action"].startswith("hand.")]


def test_a_deploy_starts_no_operations_database_and_its_lines_wait(federation: Federation) -> None:
    assert not list((site(federation) / "operations").glob("pgpass*"))
    (deed,) = waiting(federation)
    assert deed.stat().st_mode & 0o077 == 0
    begun, ended = [json.loads(line) for line in deed.read_text(encoding="utf-8").splitlines()]
    assert (begun["result"], ended["result"]) == ("begun", "applied")
    assert set(begun["bodies"]) == set(ended["bodies"]) == set(KEPT)


def test_the_export_of_one_body_verifies_alone_and_tells_of_its_deploy(
    federation: Federation, tmp_path: Path
) -> None:
    export = tmp_path / "kishiwada.jsonl"
    federation.ok("audit", "export", KISHIWADA, "--save", str(export))
    assert waiting(federation) == []
    federation.ok("audit", "verify", str(export))
    records = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]
    begun, ended = [one for one in records if one.get("action") == "hand.deploy"]
    assert (begun["result"], ended["result"]) == ("begun", "applied")
    for one in (begun, ended):
        assert PERSON.fullmatch(one["actor"])
        assert one["details"]["claimed_operator"] == BY
        source = sha256(federation.file.read_bytes()).hexdigest()
        assert one["details"]["source_sha256"] == source
        assert one["details"]["done_at"] < one["at"]
        assert len(one["plan_sha256"]) == 64
    assert begun["details"]["releases"] == {"chat": "1.0.0", "eapp-b": "1.0.0"}
    assert ended["details"]["create"] > 0
    assert begun["operation"] == ended["operation"]
    text = export.read_text(encoding="utf-8")
    assert not [code for code in (IKEDA, TAISHI, "池田", "太子") if code in text]


def test_the_federation_s_chain_tells_of_all_bodies(federation: Federation) -> None:
    begun, ended = chain(federation)
    assert begun["details"]["codes"] == list(KEPT)
    assert ended["details"]["applied_codes"] == list(KEPT)
    assert ended["details"]["stacks"]["shared"] == "applied"
    federation.ok("audit", "verify")


def test_again_there_is_nothing_done_and_nothing_on_record(federation: Federation) -> None:
    federation.ok("deploy", "--as-of", DAY)
    assert len(chain(federation)) == 2


def test_an_edit_of_the_file_is_on_record_at_once(federation: Federation) -> None:
    before = sha256(federation.file.read_bytes()).hexdigest()
    federation.ok("tenant", "edit", IKEDA, "--set", "population.count=1", "--operator", BY)
    assert waiting(federation) == []
    begun, ended = [one for one in chain(federation, IKEDA) if one["action"] == "hand.tenant-edit"]
    assert (begun["result"], ended["result"]) == ("begun", "applied")
    assert begun["details"]["edits"] == ["population.count=1"]
    assert begun["details"]["source_sha256"] == before
    assert begun["details"]["after_sha256"] == sha256(federation.file.read_bytes()).hexdigest()
    assert not [one for one in chain(federation, TAISHI) if one["action"] == "hand.tenant-edit"]


def test_what_is_refused_before_anything_is_done_leaves_no_record(federation: Federation) -> None:
    before = chain(federation)
    assert federation.moyai("tenant", "edit", IKEDA, "--set", "nothing=1").code != 0
    federation.ok("tenant", "edit", IKEDA, "--set", "population.count=5", "--dry-run")
    assert chain(federation) == before


def test_while_the_database_is_away_lines_wait_in_sight_and_come_in_once(
    federation: Federation,
) -> None:
    federation.ok("sandbox", "stop")
    federation.ok("tenant", "edit", IKEDA, "--set", "population.count=2")
    federation.ok("tenant", "edit", TAISHI, "--set", "population.count=3")
    assert len(waiting(federation)) == 2
    answer = federation.moyai("audit", "show")
    assert answer.code == 4
    assert "4 lines of this machine" in answer.err
    federation.ok("sandbox", "start")
    together = [
        threading.Thread(target=federation.ok, args=("audit", "show", IKEDA)) for _ in range(3)
    ]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert waiting(federation) == []
    edits = [one for one in chain(federation) if one["action"] == "hand.tenant-edit"]
    assert [one["result"] for one in edits] == ["begun", "applied"] * 3
    assert len([one for one in chain(federation, TAISHI) if "tenant" in one["action"]]) == 2
    federation.ok("audit", "verify")


def test_a_worker_brings_in_what_waits(federation: Federation, tmp_path: Path) -> None:
    federation.ok("sandbox", "stop")
    federation.ok("tenant", "edit", IKEDA, "--set", "population.count=4")
    federation.ok("sandbox", "start")
    assert len(waiting(federation)) == 1
    with working(federation, tmp_path / "log"):
        deadline = time.monotonic() + 60
        while waiting(federation):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
    assert chain(federation, IKEDA)[-1]["details"]["evidence_sha256"]


def test_a_command_that_was_killed_is_told_as_one_without_an_end(federation: Federation) -> None:
    federation.edit("retention_days: 365", "retention_days: 400")
    killed = subprocess.Popen(
        federation.command("deploy", "--as-of", DAY),
        cwd=federation.folder,
        env=federation.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deed = _first_line_of_a_deed(federation, killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    _until_nobody_has(deed)
    last = chain(federation, KISHIWADA)[-2:]
    assert [one["result"] for one in last] == ["begun", "lost"]
    assert PERSON.fullmatch(last[0]["actor"])
    assert last[1]["actor"] == "moyai"
    assert last[0]["operation"] == last[1]["operation"] == deed.name.removesuffix(".jsonl")
    federation.ok("deploy", "--as-of", DAY)
    assert chain(federation, KISHIWADA)[-1]["result"] == "applied"
    federation.ok("audit", "verify")


@pytest.fixture
def heeded() -> Iterator[None]:
    """Whoever starts tests in the background has Ctrl-C ignored, which children would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_an_interrupted_deploy_says_so(federation: Federation) -> None:
    federation.edit("retention_days: 400", "retention_days: 401")
    stopped = subprocess.Popen(
        federation.command("deploy", "--as-of", DAY),
        cwd=federation.folder,
        env=federation.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _first_line_of_a_deed(federation, stopped)
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(120) == 4
    assert [one["result"] for one in chain(federation)[-2:]] == ["begun", "interrupted"]
    federation.ok("deploy", "--as-of", DAY)


def _first_line_of_a_deed(federation: Federation, process: subprocess.Popen[bytes]) -> Path:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = [one for one in waiting(federation) if one.stat().st_size]
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("it put nothing on record")


def _until_nobody_has(deed: Path) -> None:
    deadline = time.monotonic() + 60
    with deed.open("r+b") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return


def test_the_operations_database_s_set_up_is_on_record(federation: Federation) -> None:
    federation.ok("operation", "prepare", "--new-passwords")
    begun, ended = chain(federation)[-2:]
    assert begun["action"] == ended["action"] == "hand.new-passwords"
    assert ended["result"] == "applied"


def test_a_body_added_and_taken_out_again_by_an_onboarding_is_on_record(
    federation: Federation,
) -> None:
    federation.moyai("onboard", "272191")  # nobody answers whether to go on
    assert "272191" not in federation.file.read_text(encoding="utf-8")
    found = [(one["action"], one["result"]) for one in chain(federation, "272191")]
    assert found == [
        ("hand.tenant-add", "begun"),
        ("hand.tenant-add", "applied"),
        ("hand.tenant-withdraw", "begun"),
        ("hand.tenant-withdraw", "applied"),
    ]


def test_a_body_that_is_onboarded_has_its_own_record_from_the_first_line(
    federation: Federation,
) -> None:
    federation.ok("onboard", "272191", "--yes", "--as-of", DAY, "--operator", BY)
    last = chain(federation, "272191")[-4:]
    assert [one["action"] for one in last] == ["hand.tenant-add"] * 2 + ["hand.onboard"] * 2
    assert last[-1]["result"] == "applied"
    assert all(one["details"]["claimed_operator"] == BY for one in last)


def test_a_database_opened_by_hand_is_on_record_without_what_was_asked(
    federation: Federation,
) -> None:
    federation.ok("sandbox", "psql", KISHIWADA, "chat", "-c", "SELECT 'geheim'")
    begun, ended = chain(federation, KISHIWADA)[-2:]
    assert (begun["action"], ended["result"]) == ("hand.psql", "applied")
    assert "geheim" not in json.dumps(chain(federation))
