"""Ctrl-C and SIGTERM at any moment of a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

AT_IMPORT = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
from moyai_cli.main import main
main()
"""
DROPPED = """
import os, signal, time
from moyai_cli.interrupts import Interrupt, raise_on_signals
raise_on_signals()
class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
try:
    Late()
    time.sleep(20)
except Interrupt:
    print("came again")
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Whoever starts tests in the background has SIGINT ignored, which children would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _environment(project: Path) -> dict[str, str]:
    return {**os.environ, "MOYAI_HOME": str(project.parent / "home"), "MOYAI_LANG": "en"}


def _run(program: str, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=project,
        env=_environment(project),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "module",
    ["typer", "rich.text", "moyai_cli.commands.deploy", "moyai.operations.site.session"],
)
def test_an_interrupt_while_the_command_is_loaded_is_told(
    project: Path, module: str, number: signal.Signals
) -> None:
    done = _run(AT_IMPORT.format(module=module, number=int(number)), project, "deploy")
    assert done.returncode == 4, done.stderr
    assert done.stderr.splitlines() == [
        "interrupted.",
        "Nothing of any environment was touched.",
        "Run it again: it goes on from there.",
    ]


def test_an_interrupt_before_anything_is_loaded_shows_no_traceback(project: Path) -> None:
    program = AT_IMPORT.format(module="moyai_cli.interrupts", number=int(signal.SIGINT))
    done = _run(program, project, "deploy")
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_question_leaves_the_file_as_it_was(
    project: Path, number: signal.Signals
) -> None:
    before = (project / "tenants.yaml").read_bytes()
    program = "from moyai_cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "onboard", "270008"],
        cwd=project,
        env=_environment(project),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    out = b""
    while b"Onboard?" not in out:
        part = os.read(process.stdout.fileno(), 4096)
        assert part, "it ended without asking"
        out += part
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert b"tenants.yaml is as it was before." in err
    assert b"interrupted.\nNothing of any environment was touched." in err
    assert b"Traceback" not in err
    assert (project / "tenants.yaml").read_bytes() == before


def test_an_interrupt_that_python_drops_comes_again(project: Path) -> None:
    done = _run(DROPPED, project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "came again\n", "")


SWALLOWED = """
import os, signal, sys
from moyai_cli.interrupts import Interrupt, raise_on_signals, raise_what_was_lost
raise_on_signals()
raise_what_was_lost()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except BaseException:
    pass
try:
    raise_what_was_lost()
except Interrupt:
    print("raised again")
"""


def test_an_interrupt_that_a_library_holds_up_is_raised_for_who_asks(project: Path) -> None:
    done = _run(SWALLOWED, project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "raised again\n", "")


@pytest.mark.parametrize(("command", "code"), [("worker", 4), ("validate", 0)])
def test_a_worker_heeds_a_ctrl_c_that_a_shell_has_ignored_and_others_do_not(
    project: Path, command: str, code: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in the background
    program = AT_IMPORT.format(module="typer", number=int(signal.SIGINT))
    done = _run(program, project, command)
    assert done.returncode == code, done.stderr
