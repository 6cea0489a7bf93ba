"""The engine's cache, its notes, and what is decided without starting anything."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.engine.toolchain import VERSION, cache_folder
from moyai.engine.toolchain.cache import cached, keep, look, scratch
from moyai.engine.toolchain.go_build import why_not_built
from moyai.engine.toolchain.go_tools import (
    Go,
    build_environment,
    is_pinned_in_module,
    least_go,
    module_file,
)
from moyai.engine.toolchain.notes import Note, read_note, write_note
from moyai.engine.toolchain.ways import ending

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A binary in the cache."""
    binary = tmp_path / "new"
    binary.write_bytes(b"an engine" * 1000)
    return keep(binary, "build").path


def test_sdk_module_and_pin_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"pulumi=={VERSION}" in project["dependencies"]
    assert is_pinned_in_module()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{VERSION} h1:" in module_file("go.sum")
    assert least_go() >= (1, 25, 0)


def test_cache_is_per_user_and_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cache_folder()
    assert folder.parent == cache / "moyai" / "engine" / VERSION
    monkeypatch.setenv("MOYAI_HOME", "/somewhere/else")
    assert cache_folder() == folder
    monkeypatch.setenv("HOME", "/home/taro")
    for given_value in ("", "relative/cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", given_value)
        assert cache_folder().is_relative_to("/home/taro/.cache/moyai/engine")


def test_kept_binary_is_found(kept: Path) -> None:
    engine = cached(thorough=True)
    assert engine is not None
    assert (engine.path, engine.version, engine.origin) == (kept, VERSION, "build")
    assert len(engine.sha256) == 64
    assert os.access(kept, os.X_OK)


def test_nothing_kept_is_nothing_found() -> None:
    assert look() == ("absent", None)
    assert not cache_folder().exists()  # looking makes nothing


def test_truncated_binary_is_seen(kept: Path) -> None:
    os.truncate(kept, 100)
    assert look() == ("damaged", None)


def test_changed_bytes_are_seen(kept: Path) -> None:
    was = kept.stat()
    with kept.open("r+b") as file:
        file.write(b"AN")
    assert look() == ("damaged", None)  # by its time
    os.utime(kept, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert look(thorough=True) == ("damaged", None)  # by its hash


def test_binary_that_may_not_run_is_seen(kept: Path) -> None:
    kept.chmod(0o644)
    assert look() == ("damaged", None)


@pytest.mark.parametrize("note", ["", "{", "[]", '{"stat": [1, 2]}', '{"stat": 5, "sha256": ""}'])
def test_binary_without_a_good_note_is_not_trusted(kept: Path, note: str) -> None:
    kept.with_name("engine.json").write_text(note)
    assert look() == ("damaged", None)


def test_restored_copy_is_accepted_by_its_hash_once(kept: Path) -> None:
    os.utime(kept, ns=(1, 1))
    assert cached() is not None
    note = read_note(kept.with_name("engine.json"))
    assert note is not None
    assert note.stat[1] == 1  # noted, so that the next command takes no hash


def test_scratch_folders_of_killed_runs_are_removed(kept: Path) -> None:
    left = kept.parent / "work-left"
    left.mkdir()
    (left / "pulumi").write_text("half")
    with scratch() as folder:
        assert folder.parent == kept.parent
        assert not left.exists()
    assert not folder.exists()
    assert cached() is not None


@given(
    st.builds(
        Note,
        stat=st.tuples(st.integers(0), st.integers(0)),
        sha256=st.text(),
        origin=st.text(),
        path=st.text(),
        version=st.text(),
    )
)
def test_notes_are_read_as_written(tmp_path_factory: pytest.TempPathFactory, note: Note) -> None:
    file = tmp_path_factory.getbasetemp() / "note.json"
    write_note(file, note)
    assert read_note(file) == note
    assert not list(file.parent.glob(".note-*"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["stat", "sha256", "origin", "x"]), inner)
    ),
    max_leaves=6,
)


@given(_JSON)
def test_no_note_makes_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, document: object
) -> None:
    file = tmp_path_factory.getbasetemp() / "odd.json"
    file.write_text(json.dumps(document))
    note = read_note(file)
    assert note is None or isinstance(note.sha256, str)


def test_endings_show_no_credentials_and_few_lines() -> None:
    words = "\n".join(f"line {n}" for n in range(100))
    shown = ending(f"{words}\nGet https://taro:s3cret@proxy.example.jp/x: refused")
    assert "s3cret" not in shown
    assert "taro" not in shown
    assert "proxy.example.jp/x: refused" in shown
    assert "line 50" not in shown


@pytest.mark.parametrize(
    ("version", "toolchain", "usable"),
    [
        ((1, 26, 0), None, True),
        ((1, 25, 11), "local", True),
        ((1, 25, 3), None, True),  # fetches what it needs by itself
        ((1, 25, 3), "local", False),
        ((1, 24, 0), "path", False),
        ((1, 21, 0), "auto", True),
        ((1, 20, 14), None, False),
    ],
)
def test_which_go_will_do(
    version: tuple[int, int, int],
    toolchain: str | None,
    usable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOTOOLCHAIN", raising=False)
    if toolchain is not None:
        monkeypatch.setenv("GOTOOLCHAIN", toolchain)
    reason = why_not_built(Go("/opt/go/bin/go", version))
    assert (reason is None) == usable
    if reason is not None:
        assert "1.25" in reason.ja
        assert "1.25" in reason.en


def test_callers_variables_do_not_turn_the_build_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GOFLAGS": "-mod=vendor -tags=evil",
        "GOOS": "plan9",
        "GOARCH": "mips",
        "GOWORK": "/elsewhere/go.work",
        "GO111MODULE": "off",
        "CGO_ENABLED": "1",
        "GOTOOLCHAIN": "go1.99",
        "GOPROXY": "https://modules.example.jp",
    }.items():
        monkeypatch.setenv(name, value)
    environ = build_environment(Go("go", (1, 26, 1)), tmp_path)
    assert environ["GOFLAGS"] == "-mod=readonly -buildvcs=false"
    assert environ["GOOS"] != "plan9"
    assert environ["GOARCH"] != "mips"
    assert environ["GOWORK"] == "off"
    assert environ["GO111MODULE"] == "on"
    assert environ["CGO_ENABLED"] == "0"
    assert environ["GOTOOLCHAIN"] == "local"
    assert environ["GOPROXY"] == "https://modules.example.jp"
    old = build_environment(Go("go", (1, 24, 1)), tmp_path)
    assert old["GOTOOLCHAIN"] == "go1.99"  # a Go that must fetch another one decides by itself
