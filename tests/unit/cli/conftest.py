"""Commands on the sample that need neither engine nor sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.warm import run_warm

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
        environment = {**os.environ, "MOYAI_HOME": home, "MOYAI_LANG": "en", **variables}
        return run_warm(arguments, project, environment, 60)

    return run
