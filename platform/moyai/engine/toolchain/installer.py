"""The second way: Pulumi's own installer, as the Automation API runs it. Needs the internet.

It runs in a process of its own (`installing`): it has no time limit, starts further programs, and
brings the whole SDK along.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from moyai.engine.toolchain.cache import Engine, keep, scratch
from moyai.engine.toolchain.steps import Progress
from moyai.engine.toolchain.version import VERSION
from moyai.engine.toolchain.ways import WayFailed, check, ending
from moyai.texts import Text

_MODULE = "moyai.engine.toolchain.installing"
_SECONDS = 900.0
"""How long all of it may take; the archive is some 150 MB."""


def by_installer(progress: Progress) -> Engine:
    """Install into a scratch folder, check, keep. Raises `WayFailed`, `OSError`."""
    with scratch() as folder:
        _run(folder)
        binary = folder / "bin" / "pulumi"
        if not binary.is_file():
            raise WayFailed(
                Text("実行ファイルが届きませんでした", "it ended well, but brought no binary")
            )
        check(binary, progress)
        return keep(binary, "installer")


def _run(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", _MODULE, str(folder), VERSION],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # the installer's own children go with it
    )
    try:
        words, _ = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise WayFailed(
            Text(
                f"{_SECONDS / 60:.0f} 分たっても終わりません",
                f"not finished after {_SECONDS / 60:.0f} minutes",
            )
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode != 0:
        reason = ending(words) or f"exit {process.returncode}"
        raise WayFailed(Text(f"導入できません: {reason}", f"it does not work here: {reason}"))
