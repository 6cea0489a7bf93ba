"""The pinned version, and what a binary says of itself."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

VERSION = version("pulumi")
"""The engine's version is the SDK's, which is pinned in pyproject.toml."""

_SECONDS = 60


def version_of(binary: Path) -> str | None:
    """The version that a binary reports, without `v`; None where it does not run or answer."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
    environ["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    try:
        answer = subprocess.run(
            [str(binary), "version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environ,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.strip()
    return words.removeprefix("v") if answer.returncode == 0 and words else None
