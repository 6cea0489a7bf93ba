"""Commands of tests in forked processes are as those that are started from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.warm import PROGRAM, run_warm


@pytest.mark.parametrize("arguments", [("--lang", "ja", "tenant", "list"), ("tenant", "nonsense")])
def test_a_forked_command_answers_as_a_started_one(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    environment = {**os.environ, "MOYAI_HOME": str(tmp_path / "home")}
    begun = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    forked = run_warm(arguments, tmp_path, environment, 60)
    assert begun.returncode != 0  # no file here
    assert (forked.returncode, forked.stdout) == (begun.returncode, begun.stdout)
    assert forked.stderr == begun.stderr


def test_a_forked_command_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_warm(("--help",), tmp_path, dict(os.environ), 0.01)
    assert run_warm(("--help",), tmp_path, dict(os.environ), 60).returncode == 0


def test_nothing_of_the_command_line_is_there_before_the_fork() -> None:
    """Which language it speaks is decided where it is imported."""
    code = (
        "import sys; from tests.warm import import_platform; import_platform(); "
        "print([name for name in sys.modules if name.startswith('moyai_cli')])"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
