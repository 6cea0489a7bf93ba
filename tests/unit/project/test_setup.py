"""scripts/setup where something is missing. What it does on a whole machine, every first run shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("sh", "dirname", "cat", "cksum", "pwd", "env")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What setup needs of a checkout, and a PATH with a few tools and no Python."""
    folder = tmp_path / "a checkout"
    for name in ("scripts/setup", "scripts/set_up.py", "requirements/dev.txt", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return folder


def program(checkout: Path, name: str, text: str) -> None:
    path = checkout.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def start(checkout: Path) -> subprocess.Popen[str]:
    environ = {"PATH": str(checkout.parent / "bin"), "HOME": str(checkout.parent), "LANG": "C"}
    return subprocess.Popen(
        [str(checkout / "scripts" / "setup")],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(checkout: Path) -> tuple[int, str]:
    process = start(checkout)
    words, _ = process.communicate(timeout=60)
    return process.returncode, words


FAKE_UV = f"""
case "$1 $2" in
"venv "*) exec {sys.executable} -m venv --without-pip .venv ;;
"pip sync") echo sync >>calls; sleep 0.5 ;;
"pip install") cp .venv/bin/python .venv/bin/moyai ;;
esac
"""


def good_machine(checkout: Path) -> None:
    """A machine with Python and a `uv` that installs nothing."""
    program(checkout, "python3", f'exec {sys.executable} "$@"')
    program(checkout, "uv", FAKE_UV)
    for tool in ("cp", "sleep"):
        (checkout.parent / "bin" / tool).symlink_to(f"/bin/{tool}")


def test_no_python_is_said_in_both_languages(checkout: Path) -> None:
    program(
        checkout, "python3", "exit 1"
    )  # as an old Python's answer to the question of its version
    code, words = run(checkout)
    assert code == 2
    assert "Python 3.11 以上" in words
    assert "Python 3.11 or newer" in words


def test_python_without_ensurepip_is_said_in_both_languages(checkout: Path) -> None:
    # As Debian's Python without python3-venv: the module is there, and fails.
    broken = 'case "$*" in *"-m venv"*) echo ensurepip is not available; exit 1 ;; esac'
    wrapper = checkout.parent / "bin" / "python3.12"
    program(
        checkout,
        "python3",
        f'case "$1" in *set_up.py) exec {sys.executable} -c "\n'
        "import runpy, sys\n"
        f"sys.executable = {str(wrapper)!r}\n"
        "sys.argv = sys.argv[1:]\n"
        'runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@" ;; '
        f'*) exec {sys.executable} "$@" ;; esac',
    )
    program(checkout, "python3.12", f'{broken}\nexec {sys.executable} "$@"')
    code, words = run(checkout)
    assert code == 2
    assert "ensurepip is not available" in words
    assert "python3-venv を導入" in words
    assert "install python3-venv" in words
    assert not (checkout / ".venv").exists()


def test_second_run_does_nothing_and_needs_no_python(checkout: Path) -> None:
    good_machine(checkout)
    code, words = run(checkout)
    assert code == 0, words
    assert (checkout / "calls").read_text() == "sync\n"
    assert "Setting up .venv" in words
    (checkout.parent / "bin" / "python3").unlink()
    assert run(checkout) == (0, "")
    assert (checkout / "calls").read_text() == "sync\n"


def test_changed_lock_or_broken_environment_is_set_up_again(checkout: Path) -> None:
    good_machine(checkout)
    assert run(checkout)[0] == 0
    with (checkout / "requirements" / "dev.txt").open("a") as lock:
        lock.write("# changed\n")
    assert run(checkout)[0] == 0
    (checkout / ".venv" / "bin" / "python").unlink()  # as after an upgrade of the system's Python
    assert run(checkout)[0] == 0
    assert (checkout / "calls").read_text() == "sync\n" * 3


def test_failed_step_shows_its_words_and_is_tried_again(checkout: Path) -> None:
    good_machine(checkout)
    program(
        checkout, "uv", f'test "$2" = sync && {{ echo hash mismatch for x; exit 3; }}\n{FAKE_UV}'
    )
    code, words = run(checkout)
    assert code == 2
    assert "hash mismatch for x" in words
    assert ".venv cannot be set up" in words
    assert "Traceback" not in words
    program(checkout, "uv", FAKE_UV)
    assert run(checkout)[0] == 0


def test_two_at_once_set_up_once(checkout: Path) -> None:
    good_machine(checkout)
    both = [start(checkout), start(checkout)]
    words = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (checkout / "calls").read_text() == "sync\n"
    assert any("Another make is at it" in text for text in words)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is what is looked at")
@pytest.mark.parametrize(("lang", "word"), [("C.UTF-8", "Show this list"), ("ja_JP.UTF-8", "一覧")])
def test_make_lists_its_targets(lang: str, word: str) -> None:
    answer = subprocess.run(
        ["make", "-s", "-C", str(ROOT)],
        env={"PATH": os.environ["PATH"], "LANG": lang},
        capture_output=True,
        text=True,
        check=True,
    )
    assert word in answer.stdout
    for target in ("setup", "demo", "test", "check", "bench-deploy", "bench-cost", "clean", "help"):
        assert f"  make {target} " in answer.stdout
