"""Commands that are about one body."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = [("output",), ("tenant", "show"), ("sandbox", "psql")]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_body_that_is_not_in_the_file_is_wrong_usage(
    command: tuple[str, ...], moyai: Run
) -> None:
    more = ("chat",) if "psql" in command else ()
    done = moyai(*command, "sakay", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no body 'sakay'." in done.stderr
    assert "Nearest: sakai" in done.stderr


def test_words_of_selectors_are_no_body(moyai: Run) -> None:
    assert "there is no body 'all'." in moyai("output", "all").stderr


def test_a_body_without_an_environment_is_told_how_to_get_one(moyai: Run) -> None:
    done = moyai("output", "堺市")
    assert done.returncode == 2
    assert "堺市 has no environment yet.\n" in done.stderr
    assert "moyai deploy 271403" in done.stderr


def test_a_body_is_found_by_its_name(moyai: Run) -> None:
    assert "271403" in moyai("tenant", "show", "堺市").stdout


def test_a_file_found_above_is_named(moyai: Run, project: Path) -> None:
    below = project / "docs" / "guides"
    below.mkdir(parents=True)
    environment = {**os.environ, "MOYAI_LANG": "en"}
    command = [sys.executable, "-c", "from moyai_cli.main import main; main()", "validate"]
    done = subprocess.run(
        command, cwd=below, env=environment, capture_output=True, text=True, check=True
    )
    assert f"Using {project / 'tenants.yaml'}." in done.stderr
    assert "Using" not in moyai("validate").stderr


def test_a_remedy_names_the_command_as_it_was_called(project: Path) -> None:
    script = project / "bin" / "moyai"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom moyai_cli.main import main\nmain()\n")
    script.chmod(0o755)
    done = subprocess.run(
        [script, "output", "堺市"],
        cwd=project,
        env={**os.environ, "MOYAI_HOME": str(project.parent / "home"), "MOYAI_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "\nbin/moyai deploy 271403 makes it." in done.stderr
