"""Whatever is killed, the next run goes on and nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filing_site import (
    HERE,
    FilingSite,
    engines_at,
    engines_of,
    files,
    meanwhile,
    only,
    results,
    run_of,
    until,
)

from moyai.engine.driver.driver import Driver
from moyai.engine.stacks import RunResult, StackId
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.errors import Refused

SLOW = files("x", "y", after=1) + files("z", before=1)


def goes_on(driver: Driver, site: FilingSite, run: object = None) -> RunResult:
    result = only(driver, run_of("a", files=SLOW))
    assert result.error is None, result.error.lines("en")
    assert site.names() == {"x", "y", "z"}
    checkpoint = open_checkpoints(site).read(StackId("proj", "a"))
    assert checkpoint is not None
    assert checkpoint.pending == []
    ids = sorted(r["id"] for r in checkpoint.resources if r["type"] == "filing:index:File")
    assert ids == ["x", "y", "z"]
    again = only(driver, run_of("a", files=SLOW))
    assert again.summary == {"same": 5}
    assert again.repaired == ()
    return result


def when_created(site: FilingSite, name: str, pids: list[int] | object) -> None:
    until(lambda: name in site.calls("created"))
    for pid in pids() if callable(pids) else pids:  # type: ignore[attr-defined]
        os.kill(pid, signal.SIGKILL)


def test_a_killed_engine(driver: Driver, site: FilingSite) -> None:
    thread = meanwhile(lambda: when_created(site, "x", lambda: engines_of(driver)))
    result = only(driver, run_of("a", files=SLOW))
    thread.join()
    assert result.error is not None
    said = "\n".join(result.error.lines("en"))
    assert "SIGKILL" in said
    assert "Not known to be done: " in said
    assert list((site.home / "state/.pulumi/locks").rglob("*.json")) == []
    told = [text.en for text in goes_on(driver, site).repaired]
    assert any("adopted it: filing:index:File x" in text for text in told)
    assert site.calls("created").count("x") == 1


def test_a_killed_worker(driver: Driver, site: FilingSite) -> None:
    thread = meanwhile(lambda: when_created(site, "x", lambda: driver.worker_pids))
    broken, fine = results(driver, [run_of("a", files=SLOW)]), None
    thread.join()
    assert broken[0].error is not None
    assert "worker process ended" in broken[0].error.what.en
    fine = only(driver, run_of("b", files=files("other")))
    assert fine.ok
    (site.cloud / "other.file").unlink()
    left = open_checkpoints(site)
    assert left.is_open(StackId("proj", "a"))
    assert left.sha256(StackId("proj", "a")) != left.read(StackId("proj", "a")).sha256  # type: ignore[union-attr]  # it is there
    told = [text.en for text in goes_on(driver, site).repaired]
    assert any("took over the lock" in text for text in told)
    assert not open_checkpoints(site).is_open(StackId("proj", "a"))


def test_a_killed_plugin(driver: Driver, site: FilingSite) -> None:
    thread = meanwhile(lambda: when_created(site, "x", lambda: driver.plugin_pids.values()))
    result = only(driver, run_of("a", files=SLOW))
    thread.join()
    assert result.error is not None
    assert "plugin of the provider filing ended" in result.error.what.en
    assert "plugin-filing.log" in str(result.error.remedy)
    told = [text.en for text in goes_on(driver, site).repaired]
    assert any("adopted it: filing:index:File x" in text for text in told)


def test_a_killed_plugin_with_secrets_in_its_hands(site: FilingSite, engine: Path) -> None:
    site.more["FILING_HIDDEN"] = "MARKED-SECRET"
    specs = files("x", secret="FILING_HIDDEN", after=1)
    with Driver(site, engine, jobs=1) as driver:
        thread = meanwhile(lambda: when_created(site, "x", lambda: driver.plugin_pids.values()))
        assert not only(driver, run_of("a", files=specs)).ok
        thread.join()
        journal = site.home / "work/proj/a/journal.jsonl"
        assert '"x"' in journal.read_text()
        assert "MARKED-SECRET" not in journal.read_text()
        result = only(driver, run_of("a", files=specs))
        assert result.error is None, result.error.lines("en")
        assert "adopted it" in result.repaired[0].en
        assert only(driver, run_of("a", files=specs)).summary == {"same": 3}
    assert site.calls("created") == ["x"]
    assert "MARKED-SECRET" not in (site.home / "state/.pulumi/stacks/proj/a.json").read_text()


def test_a_plugin_that_dies_twice_is_not_started_again(driver: Driver, site: FilingSite) -> None:
    for _ in range(2):
        only(driver, run_of("a"))
        (pid,) = driver.plugin_pids.values()
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    result = only(driver, run_of("a"))
    assert result.error is not None
    assert "does not run" in result.error.what.en
    assert "plugin-filing.log" in str(result.error.remedy)


def test_a_program_that_kills_itself(driver: Driver, site: FilingSite) -> None:
    result = only(driver, run_of("a", files=files("x"), die="yes"))
    assert result.error is not None
    assert only(driver, run_of("a", files=files("x"))).ok
    assert site.names() == {"x"}


def script(site: FilingSite, engine: Path, body: str) -> subprocess.Popen[str]:
    text = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path\n"
        "from filing_site import *\n"
        "from moyai.engine.driver.driver import Driver\n"
        f"site = FilingSite(Path({str(site.home)!r}))\n"
        f"SLOW = {SLOW!r}\n"
        f"with Driver(site, Path({str(engine)!r}), jobs=1, command='moyai deploy all') as driver:\n"
        f"    {body}\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


RUN = "result = only(driver, run_of('a', files=SLOW)); print(result.error.lines('en'))"


def test_a_killed_driver_takes_everything_with_it(
    site: FilingSite, engine: Path, driver: Driver
) -> None:
    child = script(site, engine, RUN)
    until(lambda: "x" in site.calls("created"))
    assert engines_at(site)
    child.kill()
    child.wait()
    # The next command begins at once, while the engine of the killed one still ends its calls.
    told = goes_on(driver, site)
    until(lambda: not engines_at(site))
    until(lambda: not _of_session(child.pid))
    assert site.calls("created").count("x") == 1
    assert told.ok


def _of_session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_runs_in_good_order(
    site: FilingSite, engine: Path, driver: Driver, number: int
) -> None:
    body = (
        "print([r.error.lines('en') for r in"
        " results(driver, [run_of('a', files=SLOW), run_of('b')])], driver.cancelled)"
    )
    child = script(site, engine, body)
    until(lambda: set(site.calls("create")) == {"x", "y", "z"})
    child.send_signal(number)
    out, _ = child.communicate(timeout=60)
    assert "interrupted." in out
    assert "Changed: 3 created." in out
    assert "not begun" in out
    assert out.strip().endswith("True")
    assert goes_on(driver, site).steps == ()


def test_a_second_signal_kills(site: FilingSite, engine: Path, driver: Driver) -> None:
    child = script(site, engine, RUN.replace("SLOW", "files('x', after=60)"))
    until(lambda: "x" in site.calls("created"))
    child.send_signal(signal.SIGINT)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=15)
    assert "interrupted." in out
    assert "Not known to be done: File x" in out


def test_two_commands_on_one_stack(site: FilingSite, engine: Path, driver: Driver) -> None:
    only(driver, run_of("warm"))
    child = script(site, engine, "only(driver, run_of('a', files=files('x', after=5)))")
    until(lambda: "x" in site.calls("created"))
    result = only(driver, run_of("a", files=files("x")))
    assert isinstance(result.error, Refused)
    assert "moyai deploy all" in result.error.what.ja
    assert str(child.pid) in result.error.what.en
    assert only(driver, run_of("b")).ok
    with Driver(site, engine, jobs=1, wait_seconds=30) as patient:
        assert only(patient, run_of("a", files=files("x", after=5))).summary == {"same": 3}
    assert child.wait() == 0


def test_a_foreign_pulumi_that_lives_is_waited_for_or_refused(
    site: FilingSite, driver: Driver
) -> None:
    only(driver, run_of("a"))
    folder = site.home / "state/.pulumi/locks/organization/proj/a"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "0.json"
    lock.write_text(
        f'{{"pid": {os.getpid()}, "username": "taro", "hostname": "{os.uname().nodename}",'
        f' "timestamp": "2099-01-01T00:00:00Z"}}'
    )
    result = only(driver, run_of("a"))
    assert isinstance(result.error, Refused)
    assert "taro" in result.error.what.en
    lock.unlink()
    assert only(driver, run_of("a")).ok


def test_a_damaged_checkpoint_goes_back_and_is_read_live(driver: Driver, site: FilingSite) -> None:
    only(driver, run_of("a", files=files("x")))
    only(driver, run_of("a", files=files("x", "y")))
    path = site.home / "state/.pulumi/stacks/proj/a.json"
    path.write_bytes(path.read_bytes()[:-100])
    refused = only(driver, run_of("a", files=files("x", "y")))
    assert refused.error is not None
    assert "Nothing was touched" in str(refused.error.touched)
    assert "--refresh" in str(refused.error.remedy)
    result = only(driver, run_of("a", files=files("x", "y"), refresh=True))
    assert result.error is None, result.error.lines("en")
    assert "went back from a damaged" in result.repaired[0].en
    assert site.names() == {"x", "y"}
    assert only(driver, run_of("a", files=files("x", "y"))).summary == {"same": 4}
    for damaged in (path, path.with_name("a.json.bak")):
        damaged.write_bytes(b"{")
    assert only(driver, run_of("a", files=files("x", "y"), refresh=True)).ok
    assert site.calls("created") == ["x", "y"]


def test_an_idle_driver_leaves_nothing_running(site: FilingSite, engine: Path) -> None:
    with Driver(site, engine, jobs=2) as driver:
        results(driver, [run_of("a"), run_of("b")])
        pids = [*driver.worker_pids, *driver.plugin_pids.values()]
    assert len(pids) == 3
    for pid in pids:
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists())  # type: ignore[misc]


def test_runs_that_nobody_listens_to_any_more_are_ended(driver: Driver, site: FilingSite) -> None:
    for _ in driver.run([run_of("a", files=SLOW), run_of("b")]):
        break
    assert engines_of(driver) == []
    assert not driver.cancelled
    goes_on(driver, site)
