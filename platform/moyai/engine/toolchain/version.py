"""The pinned version, and what a binary says of itself."""

from __future__ import annotations

import os
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

VERSION = version("pulumi")
"""The engine's version is the SDK's, which is pinned in pyproject.toml."""

_SECONDS = 60


def version_of(binary: Path) -> str | None:
    """The version that a binary reports, without `v`; None where it does not run or answer."""
    words = ask(binary, "version")
    return words.removeprefix("v") if words else None


def works(binary: Path) -> bool:
    """Whether a binary opens a state backend: it lists the stacks of an empty folder."""
    return ask(binary, "stack", "ls", "--all", "--json", "--non-interactive") == "[]"


def ask(binary: Path, *arguments: str) -> str | None:
    """What a command of the engine prints; None where it fails.

    It runs in an empty folder with a home and a backend of its own: nothing that the caller has set
    up for Pulumi decides the answer, and its log is not left in the caller's home.
    """
    with tempfile.TemporaryDirectory(prefix="moyai-engine-") as folder:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
        environ["PULUMI_HOME"] = f"{folder}/home"
        environ["PULUMI_BACKEND_URL"] = Path(folder).as_uri()
        environ["PULUMI_SKIP_UPDATE_CHECK"] = "true"
        try:
            answer = subprocess.run(
                [str(binary), *arguments],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
            return None
    return answer.stdout.strip() if answer.returncode == 0 else None
