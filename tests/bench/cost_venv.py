"""The environment of the pandas program: build/bench/pandas, from requirements/bench.txt with its hashes.

pandas and pyarrow are no dependencies of the project, so they are not in its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.bench import projects

LOCK = projects.ROOT / "requirements" / "bench.txt"
VENV = projects.ROOT / "build" / "bench" / "pandas"
_STAMP = "made-from"


def pandas_python() -> Path:
    """Its Python; it is made anew where the lock or Python itself is another. Uses `uv` where that is there.

    Raises `CalledProcessError` where it cannot be made.
    """
    python, stamp = VENV / "bin" / "python", VENV / _STAMP
    wanted = f"{sha256(LOCK.read_bytes()).hexdigest()} {sys.version}"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(VENV, ignore_errors=True)
        for command in _commands(python):
            subprocess.run(command, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _commands(python: Path) -> list[list[str]]:
    uv = shutil.which("uv")
    if uv is None:
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        return [
            [sys.executable, "-m", "venv", str(VENV)],
            [*pip, "--require-hashes", "--requirement", str(LOCK)],
        ]
    target = ["--quiet", "--python", str(python), "--require-hashes", str(LOCK)]
    return [
        [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)],
        [uv, "pip", "sync", *target],
    ]
