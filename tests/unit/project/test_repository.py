"""What a clone of the repository holds."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout"
)
def test_git_leaves_no_source_out() -> None:
    rooms = ("platform", "cli", "stacks", "scripts", "tests", "docs", "requirements", "runbooks")
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *rooms]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    ignored = [line for line in answer.stdout.splitlines() if "__pycache__/" not in line]
    assert ignored == []
