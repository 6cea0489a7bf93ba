"""Commands on the sample that need neither engine nor sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.cli.cost_months import MAY, add_invoice, month_row
from tests.unit.costs.ledgers import csv_file
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


@pytest.fixture
def may(moyai: Run, project: Path) -> Path:
    """May's costs on record: ¥110,000 with tax for $750, of it $50 of one body."""
    rows = [
        month_row("600", "eapp-a"),
        month_row("100", "chat"),
        month_row("50", "chat", tenant="273830"),
    ]
    file = csv_file(project / "may.csv", rows)
    assert moyai("cost", "import", "may.csv").returncode == 0
    add_invoice(moyai, MAY, "M-1", "750", 100_000)
    return file
