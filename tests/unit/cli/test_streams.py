"""Output that cannot be written: nobody reads, the disk is full, the terminal knows no Japanese."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from moyai_cli.main import main; main()"]
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
Shell = Callable[..., subprocess.CompletedProcess[str]]
LISTINGS = [("tenant", "list"), ("tenant", "list", "-o", "json"), ("--help",)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "MOYAI_LANG": "en", **more}


@pytest.fixture
def shell(project: Path) -> Shell:
    """Run the command in place of `"$@"` in a line of bash."""

    def run(line: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line, "bash", *COMMAND, *arguments],
            cwd=project,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("arguments", LISTINGS)
def test_a_reader_that_goes_away_is_no_failure(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell('"$@" | true; echo "${PIPESTATUS[0]}"', *arguments)
    assert (done.stdout.strip(), done.stderr) == ("0", "")


@pytest.mark.parametrize("arguments", LISTINGS)
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_failure(
    shell: Shell, arguments: tuple[str, ...], closed: str
) -> None:
    done = shell(f'"$@" {closed}', *arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_exit_code_stays_that_of_the_work(shell: Shell) -> None:
    assert shell('"$@" | true; exit "${PIPESTATUS[0]}"', "tenant", "show", "nope").returncode == 2
    assert shell('"$@" 2>/dev/full', "tenant", "show", "nope").returncode == 2
    assert shell('"$@" >/dev/full', "tenant", "show", "nope").returncode == 2


@needs_full
@pytest.mark.parametrize("arguments", LISTINGS)
def test_a_full_disk_is_said_in_one_sentence(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell('"$@" >/dev/full', *arguments)
    assert done.returncode == 4
    assert done.stderr == "the output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "C"}]
)
@pytest.mark.parametrize(
    "arguments", [*LISTINGS, ("--lang", "ja", "deploy", "--help"), ("--lang", "ja", "plan", "--x")]
)
def test_what_a_terminal_cannot_show_is_escaped(
    project: Path, variables: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (2 if "--x" in arguments else 0)
    assert b"Traceback" not in done.stderr
    page = (done.stdout + done.stderr).decode("ascii")
    if "json" in arguments:
        assert json.loads(page)[0]["name"] == "大阪市"
