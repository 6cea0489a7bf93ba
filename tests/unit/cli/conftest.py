"""Commands on the sample that need neither engine nor sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sample import lay_out

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of its own with the sample and its services."""
    return lay_out(tmp_path / "project").parent


@pytest.fixture
def moyai(project: Path) -> Run:
    """Run a command there; variables by name."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        home = str(project.parent / "home")
        return subprocess.run(
            [sys.executable, "-c", "from moyai_cli.main import main; main()", *arguments],
            cwd=project,
            env={**os.environ, "MOYAI_HOME": home, "MOYAI_LANG": "en", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
