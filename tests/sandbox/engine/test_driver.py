"""The driver against the real engine: what runs, what it tells, what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from filing_site import (
    PROGRAM,
    FilingSite,
    files,
    find_engine,
    meanwhile,
    only,
    results,
    run_of,
    until,
)

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import Plugin
from moyai.engine.stacks import MASKED, ResourceMoved, RunFinished, RunStarted, StackId, Step
from moyai.engine.state.checkpoint_store import CheckpointStore, open_checkpoints
from moyai.engine.state.holders import myself
from moyai.engine.worker.stack_lock import StackLock, acquire
from moyai.errors import FileTrouble, OperationFailed, Refused

FILE = "filing:index:File"


@pytest.fixture
def site(lasting: Driver) -> FilingSite:
    found = cast("FilingSite", lasting._runtime)
    found.clear()
    return found


@pytest.fixture
def driver(lasting: Driver, site: FilingSite) -> Driver:
    return lasting


def test_many_stacks_side_by_side(driver: Driver, site: FilingSite) -> None:
    runs = [run_of(f"s{n}", files=files(f"{n}-a", f"{n}-b")) for n in range(5)]
    events = list(driver.run(runs))
    finished = {e.stack.name: e.result for e in events if isinstance(e, RunFinished)}
    assert sorted(finished) == ["s0", "s1", "s2", "s3", "s4"]
    assert all(result.ok for result in finished.values())
    assert {s for r in finished.values() for s in r.steps} == {
        Step("create", FILE, f"{n}-{part}") for n in range(5) for part in "ab"
    }
    for name in finished:
        own = [e for e in events if e.stack.name == name]
        assert isinstance(own[0], RunStarted)
        assert [e.step.op for e in own if isinstance(e, ResourceMoved) and e.done] == ["create"] * 2
    assert len({r.outputs["pid"] for r in finished.values()}) == 2
    assert site.names() == {f"{n}-{part}" for n in range(5) for part in "ab"}


def test_the_result_tells_what_is_on_record(driver: Driver, site: FilingSite) -> None:
    result = only(driver, run_of("a", files=files("x"), password="hidden words"))
    assert result.outputs["plain"] == {"list": [1, "two"], "null": None}
    assert result.outputs["password"] == MASKED
    assert result.summary["create"] == 3
    store = open_checkpoints(site)
    assert result.checkpoint_sha256 == store.sha256(StackId("proj", "a"))
    assert store.outputs(StackId("proj", "a")) == result.outputs
    again = only(driver, run_of("a", files=files("x"), password="hidden words"))
    assert again.ok
    assert again.steps == ()
    assert again.summary == {"same": 3}


def test_a_checkpoint_names_no_place_of_this_machine(driver: Driver, site: FilingSite) -> None:
    only(driver, run_of("a", files=files("x")))
    checkpoint = open_checkpoints(site).read(StackId("proj", "a"))
    assert checkpoint is not None
    for resource in checkpoint.resources:
        assert "stackTrace" not in resource
        assert "sourcePosition" not in resource
    assert str(PROGRAM.parent) not in json.dumps(checkpoint.document)


def test_updates_name_their_properties(driver: Driver) -> None:
    only(driver, run_of("a", files=files("x", "y", text="old")))
    changed = files("x", text="new") + files("z")
    result = only(driver, run_of("a", files=changed))
    assert set(result.steps) == {
        Step("update", FILE, "x", ("text",)),
        Step("create", FILE, "z"),
        Step("delete", FILE, "y"),
    }


def test_a_refresh_tells_drift_and_mends_it(driver: Driver, site: FilingSite) -> None:
    run = run_of("a", files=files("gone", "changed", "same", text="old"), refresh=True)
    only(driver, run)
    (site.cloud / "gone.file").unlink()
    (site.cloud / "changed.file").write_text('{"name": "changed", "text": "else"}')
    result = only(driver, run)
    assert result.ok
    assert set(result.drift) == {
        Step("delete", FILE, "gone"),
        Step("update", FILE, "changed", ("text",)),
    }
    assert set(result.steps) == {
        Step("create", FILE, "gone"),
        Step("update", FILE, "changed", ("text",)),
    }
    (site.cloud / "gone.file").unlink()
    found = only(driver, run_of("a", "refresh"))
    assert found.drift == (Step("delete", FILE, "gone"),)
    assert found.steps == ()


def test_a_preview_changes_nothing(driver: Driver, site: FilingSite) -> None:
    result = only(driver, run_of("new", "preview", files=files("x", "y")))
    assert result.ok
    assert {step.name for step in result.steps} == {"x", "y"}
    assert result.outputs == {}
    assert site.names() == set()
    assert open_checkpoints(site).names("proj") == ()
    only(driver, run_of("old", files=files("x")))
    before = open_checkpoints(site).sha256(StackId("proj", "old"))
    result = only(driver, run_of("old", "preview", files=files("z")))
    assert {(s.op, s.name) for s in result.steps} == {("create", "z"), ("delete", "x")}
    assert open_checkpoints(site).sha256(StackId("proj", "old")) == before


def test_destroy_takes_all_away(driver: Driver, site: FilingSite) -> None:
    only(driver, run_of("a", files=files("x", "y")))
    result = only(driver, run_of("a", "destroy"))
    assert {(s.op, s.name) for s in result.steps} == {("delete", "x"), ("delete", "y")}
    assert site.names() == set()
    assert only(driver, run_of("never", "destroy")).ok
    assert open_checkpoints(site).names("proj") == ("a",)


def test_outputs_of_another_stack_are_read(driver: Driver) -> None:
    only(driver, run_of("base"))
    result = only(driver, run_of("a", reads="organization/proj/base"))
    assert result.outputs["read"]["list"] == [1, "two"]


def test_a_stock_pulumi_takes_the_stacks_over(
    driver: Driver, site: FilingSite, engine: Path, tmp_path: Path
) -> None:
    """The contract of stacks that no `pulumi stack init` made."""
    CheckpointStore(open_checkpoints(site).blobs).create(StackId("proj", "empty"))
    assert only(driver, run_of("full", files=files("x"))).ok
    folder = tmp_path / "stock"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    variables = {
        **os.environ,
        **site.environment(),
        "PULUMI_HOME": str(tmp_path / "pulumi"),
        "PULUMI_BACKEND_URL": site.state_backend,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def pulumi(*words: str) -> str:
        return subprocess.run(
            [str(engine), *words, "--non-interactive"],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    listed = {stack["name"]: stack for stack in json.loads(pulumi("stack", "ls", "--json"))}
    assert set(listed) == {"empty", "full"}
    assert listed["full"]["resourceCount"] == 3
    for name in ("empty", "full"):
        pulumi("stack", "select", name)
        exported = json.loads(pulumi("stack", "export", "--stack", name))
        resources = exported["deployment"].get("resources", []) if exported["deployment"] else []
        assert len(resources) == (3 if name == "full" else 0)
    assert json.loads(pulumi("stack", "output", "--json", "--stack", "full"))["password"] == MASKED
    shown = json.loads(pulumi("stack", "output", "--json", "--show-secrets", "--stack", "full"))
    assert shown["password"] == "no password"
    (update,) = json.loads(pulumi("stack", "history", "--json", "--stack", "full"))
    assert (update["kind"], update["result"]) == ("update", "succeeded")
    assert update["resourceChanges"] == {"create": 3}
    thinned = CheckpointStore(open_checkpoints(site).blobs, kept_checkpoints=1)
    for kind in ("refresh", "destroy"):
        ended = {"kind": kind, "result": "succeeded", "startTime": 1, "endTime": 2, "config": {}}
        thinned.add_history(StackId("proj", "full"), ended)
    told = json.loads(pulumi("stack", "history", "--json", "--stack", "full"))
    assert [update["kind"] for update in told] == ["destroy", "refresh", "update"]
    pulumi("stack", "rm", "empty", "--yes")
    assert open_checkpoints(site).names("proj") == ("full",)


def test_all_stacks_of_a_site_share_one_salt(driver: Driver, site: FilingSite) -> None:
    results(driver, [run_of("a"), run_of("b")])
    store = open_checkpoints(site)
    salts = {store.read(StackId("proj", name)).secrets_state["salt"] for name in "ab"}  # type: ignore[union-attr]
    assert salts == {(site.home / "engine/encryption-salt").read_text()}


def test_a_programs_failure_is_told_by_its_place(driver: Driver, site: FilingSite) -> None:
    config = {"raise": "wrong number"}
    result = only(driver, run_of("a", files=files("x"), **config))
    assert isinstance(result.error, OperationFailed)
    said = "\n".join(result.error.lines("en"))
    assert f"{PROGRAM}:" in said
    assert "ValueError: wrong number" in said
    assert "Traceback" not in said
    (log,) = (site.home / "logs/proj/a").glob("*.log")
    assert "Traceback" in log.read_text()
    assert only(driver, run_of("a", files=files("x"))).ok


def test_programs_words_go_into_the_log(driver: Driver, site: FilingSite) -> None:
    only(driver, run_of("a", print="a word from the program"))
    (log,) = (site.home / "logs/proj/a").glob("*.log")
    assert "a word from the program" in log.read_text()


def test_a_resources_failure_is_told_by_its_name(driver: Driver, site: FilingSite) -> None:
    (site.cloud / "fail-y").touch()
    result = only(driver, run_of("a", files=files("x", "y")))
    assert result.error is not None
    said = "\n".join(result.error.lines("en"))
    assert "File y: no room for y" in said
    assert "1 created" in said
    assert str(site.home / "logs") in said
    (site.cloud / "fail-y").unlink()
    again = only(driver, run_of("a", files=files("x", "y")))
    assert again.ok
    assert [s.name for s in again.steps] == ["y"]


def test_one_failure_stops_no_other_stack(driver: Driver) -> None:
    failing = run_of("bad", **{"raise": "x"})
    runs = [run_of("a"), failing, run_of("b"), run_of("c")]
    assert {r.stack.name: r.ok for r in results(driver, runs)} == {
        "a": True,
        "bad": False,
        "b": True,
        "c": True,
    }


def test_protected_resources_are_refused(driver: Driver, site: FilingSite) -> None:
    only(driver, run_of("a", files=files("x", protect=True)))
    result = only(driver, run_of("a", files=files("y")))
    assert isinstance(result.error, Refused)
    assert "x" in result.error.what.ja
    assert "x" in site.names()


def test_a_wrong_passphrase_touches_nothing(driver: Driver, site: FilingSite, engine: Path) -> None:
    only(driver, run_of("a", files=files("x", secret="HOME")))
    (site.home / "passphrase").write_text("another one\n")
    with Driver(site, engine, jobs=1) as other:
        result = only(other, run_of("a", files=files("x", "y")))
    assert result.error is not None
    said = "\n".join(result.error.lines("en"))
    assert "passphrase" in said
    assert "Nothing was touched" in said
    assert site.names() == {"x"}


def test_no_passphrase_at_all(tmp_path: Path, engine: Path) -> None:
    site = FilingSite(tmp_path / "home")
    (site.home / "passphrase").unlink()
    with Driver(site, engine, jobs=1) as driver:
        result = only(driver, run_of("a"))
    assert result.error is not None
    assert "key for the state's secrets" in result.error.what.en


def test_the_cloud_is_gone(driver: Driver, site: FilingSite) -> None:
    (site.cloud / "down").touch()
    result = only(driver, run_of("a", files=files("x")))
    assert result.error is not None
    assert "AWS does not answer" in result.error.what.en
    (site.cloud / "down").unlink()
    assert only(driver, run_of("a", files=files("x"))).ok


def test_a_plugin_that_does_not_start_is_named_with_its_log(
    tmp_path: Path, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = FilingSite(tmp_path / "home")
    broken = Plugin("filing", (sys.executable, "-c", "raise SystemExit('no such thing')"))
    monkeypatch.setattr(FilingSite, "plugins", lambda self: (broken,))
    with Driver(site, engine, jobs=1) as driver:
        result = only(driver, run_of("a", files=files("x")))
    assert result.error is not None
    assert "logs/plugin-filing.log" in str(result.error.remedy)
    assert "no such thing" in (site.home / "logs/plugin-filing.log").read_text()


def test_the_callers_own_pulumi_variables_do_not_reach_the_engine(
    engine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = FilingSite(tmp_path / "home")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the caller's own")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/elsewhere")
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    with Driver(site, engine, jobs=1) as driver:
        assert only(driver, run_of("a", files=files("x", secret="HOME"))).ok
    assert open_checkpoints(site).names("proj") == ("a",)
    assert not (tmp_path / "elsewhere").exists()


def test_workers_without_what_was_imported_meanwhile_are_replaced_once(site: FilingSite) -> None:
    with Driver(site, find_engine(), jobs=1) as driver:
        seen = []
        for name in ("a", "b", "c"):
            [result] = [
                event.result
                for event in driver.run([run_of(name, files=files(name))], ("colorsys",))
                if isinstance(event, RunFinished)
            ]
            assert result.ok
            seen.append(driver.worker_pids)
    assert [len(pids) for pids in seen] == [1, 1, 1]
    assert seen[0] != seen[1] == seen[2]
    assert not any(Path(f"/proc/{pids[0]}").exists() for pids in seen)


def _release_once_waited_for(lock: StackLock, site: FilingSite) -> None:
    logs = site.home / "logs" / "proj" / "a"
    until(lambda: logs.is_dir() and any(logs.iterdir()))  # made just before the lock is asked for
    time.sleep(0.5)
    lock.release()


def test_a_run_that_gives_way_to_another_command_waits_and_does_not_begin(
    driver: Driver, site: FilingSite
) -> None:
    stack = StackId("proj", "a")
    path = site.home / "work" / stack.project / stack.name / "lock"
    lock = acquire(path, stack, myself(os.getpid(), "other"), 0, lambda: False)
    run = replace(run_of("a", files=files("x")), gives_way=True)
    with Driver(site, find_engine(), jobs=1, wait_seconds=60) as patient:
        release = meanwhile(lambda: _release_once_waited_for(lock, site))
        [event] = patient.run([run])
        release.join()
        assert isinstance(event, RunFinished)
        assert event.result.ok
        assert event.result.gave_way
        assert site.names() == set()
        assert only(patient, replace(run, after_another=True)).gave_way  # it has just ended
        assert site.names() == set()
        again = only(patient, run)
        assert not again.gave_way
        assert site.names() == {"x"}


def test_a_program_that_cannot_read_the_file_fails_for_the_site_and_not_for_its_stack(
    driver: Driver, tmp_path: Path
) -> None:
    (tmp_path / "tenants.yaml").write_text("tenants: [")
    program = tmp_path / "__main__.py"
    program.write_text(
        "from pathlib import Path\n"
        "from moyai.registry.load import require\n"
        "require(Path(__file__).parent / 'tenants.yaml')\n"
    )
    result = only(driver, replace(run_of("a"), program=program))
    assert isinstance(result.error, FileTrouble)
    assert "tenants.yaml:" in result.error.what.en
