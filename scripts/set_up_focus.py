"""Make `build/focus`: the public FOCUS validator, locked and checked by hashes, apart from `.venv`.

It needs packages of years ago (numpy 1, pandas 2), so nothing of the product or its tests imports it. Uses `uv`
where it is on PATH, `venv` and `pip` elsewhere.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "focus.txt"
VENV = ROOT / "build" / "focus"
READY = VENV / ".ready"
_NEWEST = (3, 12)
"""The newest Python that the validator's numpy has wheels for."""


def main() -> int:
    """Set it up unless it is there; returns the exit code."""
    stamp = f"{sys.version}\n{hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n"
    if READY.is_file() and READY.read_text() == stamp:
        return 0
    if sys.version_info[:2] > _NEWEST:
        sys.stderr.write(
            "FOCUS の検証器には Python 3.11 か 3.12 が要ります。\n"
            "The FOCUS validator needs Python 3.11 or 3.12.\n"
        )
        return 2
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    python = str(VENV / "bin" / "python")
    if uv is None:
        steps = [
            [sys.executable, "-m", "venv", str(VENV)],
            [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"],
        ]
    else:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)],
            [uv, "pip", "install", "--quiet", "--python", python],
        ]
    steps[1] += ["--require-hashes", "--requirement", str(LOCK)]
    for step in steps:
        code = subprocess.run(step, cwd=ROOT, check=False).returncode
        if code != 0:
            return code
    READY.write_text(stamp)
    return 0


if __name__ == "__main__":
    sys.exit(main())
