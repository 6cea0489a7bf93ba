"""Getting the engine: the three ways, two at once, killed in the middle, and none that works.

`go` and the engine it builds are small scripts here; one real build is part of every first run.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from filing_site import until
from toolchain_machine import Machine, make_machine

from moyai.engine.toolchain import VERSION, Step, ensure, find, info
from moyai.engine.toolchain.version import version_of, works
from moyai.errors import OperationFailed


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return make_machine(tmp_path, monkeypatch)


def kinds(steps: list[Step]) -> list[str]:
    return [step.kind for step in steps]


def test_engine_on_path_is_taken_as_it_is(machine: Machine) -> None:
    path = machine.pulumi()
    engine = ensure()
    assert (engine.path, engine.version, engine.origin) == (path, VERSION, "path")


def test_real_engine_on_path_is_asked_once(
    machine: Machine, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.bin / "pulumi").symlink_to(engine)
    assert find() == ensure()
    (note,) = (machine.folder / "cache").rglob("path.json")
    noted = json.loads(note.read_text())
    assert noted["version"] == VERSION
    note.write_text(json.dumps({**noted, "version": "0.0.1"}))
    assert find() is None  # what was noted counts, as the file is the same
    (machine.bin / "pulumi").unlink()
    machine.pulumi()
    assert find() is not None


def test_callers_own_pulumi_settings_do_not_disturb(
    engine: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://nowhere")
    monkeypatch.setenv("PULUMI_HOME", str(machine.folder / "own"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "own")
    assert version_of(engine) == VERSION
    assert works(engine)
    assert not (machine.folder / "own").exists()  # the engine logs each start in its home
    assert not (machine.folder / "home" / ".pulumi").exists()


def test_engine_is_built_once_and_cached(machine: Machine) -> None:
    machine.go()
    steps: list[Step] = []
    engine = ensure(steps.append)
    assert engine.origin == "build"
    assert engine.path == machine.cached
    assert kinds(steps) == ["trying", "failed", "trying", "checking", "ready"]
    assert machine.calls("build") == [
        "build GOFLAGS=-mod=readonly -buildvcs=false GOTOOLCHAIN=local"
    ]
    assert [p.name for p in engine.path.parent.iterdir() if p.name.startswith("work-")] == []
    (machine.bin / "go").unlink()
    assert ensure(steps.append) == engine
    assert find(thorough=True) == engine
    assert len(steps) == 5


@pytest.mark.usefixtures("paced")
def test_builds_progress_is_told(machine: Machine) -> None:
    machine.go()
    steps: list[Step] = []
    ensure(steps.append)
    told = [(step.kind, step.done, step.total) for step in steps if step.done is not None]
    assert told == [("downloading", 1, None), ("compiling", 1, 2), ("compiling", 2, 2)]


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is told."""
    monkeypatch.setattr("moyai.engine.toolchain.go_build._STEP_SECONDS", 0.0)


def test_two_at_once_make_one(machine: Machine) -> None:
    machine.go(seconds=1.5)
    first = machine.start()
    until(lambda: bool(machine.calls("build")))
    second = machine.start()
    one, other = first.communicate(timeout=30)[0], second.communicate(timeout=30)[0]
    assert first.returncode == second.returncode == 0
    assert len(machine.calls("build")) == 1
    assert f"waiting another run (process {first.pid} (" in other
    assert one.splitlines()[-1] == other.splitlines()[-1]
    assert one.splitlines()[-1].startswith(f"engine {machine.cached} build ")


def test_killed_build_leaves_nothing_wrong(machine: Machine) -> None:
    machine.go(seconds=2)
    killed = machine.start()
    until((machine.folder / "go.log.pid").exists)
    waiting = machine.start()
    assert waiting.stdout is not None
    assert waiting.stdout.readline().startswith("waiting")
    killed.kill()
    killed.communicate()
    last = waiting.communicate(timeout=30)[0].splitlines()[-1]
    assert last.startswith(f"engine {machine.cached} build ")
    assert sorted(p.name for p in machine.cached.parent.iterdir()) == [
        "engine.json",
        "lock",
        "pulumi",
    ]


def test_interrupted_build_ends_its_compilers(machine: Machine) -> None:
    machine.go(seconds=60)
    process = machine.start()
    note = machine.folder / "go.log.pid"
    until(lambda: note.exists() and bool(note.read_text()))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    compiler = int(note.read_text())
    until(lambda: not Path(f"/proc/{compiler}").exists() or _is_zombie(compiler), 20)


def _is_zombie(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


@pytest.mark.parametrize("damage", ["truncated", "emptied", "not-executable", "no-note"])
def test_damaged_cached_engine_is_built_again(machine: Machine, damage: str) -> None:
    machine.go()
    engine = ensure()
    match damage:
        case "truncated":
            os.truncate(engine.path, 20)
        case "emptied":
            engine.path.write_bytes(b"")
        case "not-executable":
            engine.path.chmod(0o644)
        case _:
            engine.path.with_name("engine.json").unlink()
    assert find() is None
    assert info().cache_state == "damaged"
    steps: list[Step] = []
    assert ensure(steps.append) == engine
    assert kinds(steps)[0] == "damaged"
    assert len(machine.calls("build")) == 2


def test_quietly_changed_engine_is_seen_when_looked_at_thoroughly(machine: Machine) -> None:
    machine.go()
    engine = ensure()
    was = engine.path.stat()
    engine.path.write_text(engine.path.read_text().replace("echo", "exit"))
    os.utime(engine.path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert ensure(thorough=True) == engine
    assert len(machine.calls("build")) == 2


def test_where_no_way_works_one_error_names_all_three(machine: Machine) -> None:
    machine.pulumi("3.100.0")
    with pytest.raises(OperationFailed) as caught:
        ensure()
    for lang, words in (
        ("ja", ("PATH にある pulumi", "3.100.0 です", "公式の導入手順", "go が PATH にありません")),
        ("en", ("pulumi 3.", "is version 3.100.0", "the official installer", "there is no go")),
    ):
        text = "\n".join(caught.value.lines(lang))  # type: ignore[arg-type]  # the two languages
        assert all(word in text for word in words)
        assert text.count("\n- ") == 3
        assert "Traceback" not in text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"version": "1.20.1"}, "is too old (1.25.11 or newer is needed)"),
        ({"gives": "3.1.0"}, f"the engine that came is version 3.1.0, not {VERSION}"),
        ({"stacks": "no"}, "cannot open a state backend"),
        ({"build": "echo 'go: no space left' >&2; exit 1"}, "go build failed:\ngo: no space left"),
        (
            {"listing": "echo 'Get https://a:b@proxy/x: denied' >&2; exit 1"},
            "go list failed:\nGet https://…@proxy/x: denied",
        ),
    ],
)
def test_failed_build_says_why_and_keeps_nothing(
    machine: Machine, settings: dict[str, str], reason: str
) -> None:
    machine.go(**settings)  # type: ignore[arg-type]  # all of these are words
    with pytest.raises(OperationFailed) as caught:
        ensure()
    assert reason in caught.value.what.en
    assert not list((machine.folder / "cache").rglob("pulumi"))


def test_failed_download_is_tried_again_where_that_may_help(machine: Machine) -> None:
    flag = machine.folder / "flag"
    machine.go(
        listing=f'test -e "{flag}" || '
        f'{{ touch "{flag}"; echo "go: reading x: 502 Bad Gateway" >&2; exit 1; }}'
    )
    assert ensure().origin == "build"
    assert len(machine.calls("list")) == 2


def test_cache_that_cannot_be_written_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = machine.folder / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    with pytest.raises(OperationFailed, match="cannot be read or written") as caught:
        ensure()
    assert str(file) in caught.value.what.ja
    assert caught.value.remedy is not None
    assert "XDG_CACHE_HOME" in caught.value.remedy.ja


def test_info_tells_what_is_there_and_starts_nothing(machine: Machine) -> None:
    found = info()
    assert (found.version, found.engine, found.cache_state) == (VERSION, None, "absent")
    assert [(way.name, way.usable) for way in found.ways] == [
        ("path", False),
        ("installer", None),
        ("build", False),
    ]
    machine.go()
    assert info().ways[2].usable is True
    assert machine.calls("build") == []
    engine = ensure()
    record = info().record("ja")
    assert record["path"] == str(engine.path)
    assert record["sha256"] == engine.sha256
    assert json.loads(json.dumps(record)) == record
