"""The public FOCUS validator, where `make check-focus` has set it up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / "build" / "focus"
VALIDATOR = VENV / "bin" / "focus-validator"
with_validator = pytest.mark.skipif(
    not (VENV / ".ready").is_file(), reason="no FOCUS validator: `make check-focus` sets it up"
)


def said_of(file: Path) -> str:
    """What it says of a CSV file; its exit code says nothing."""
    [packages] = VENV.glob("lib/python*/site-packages")
    done = subprocess.run(
        [VALIDATOR, "--data-file", file, "--validate-version", "1.0"],
        cwd=packages,  # it looks for its list of currencies from there
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr
