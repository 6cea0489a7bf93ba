"""Whether the machine itself was restarted since a cloud was last seen."""

from __future__ import annotations

from pathlib import Path

import psutil

from moyai.sandbox.layout import read_json

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """What is another after every start of the machine (of its kernel, not of a container)."""
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip()
    return str(round(psutil.boot_time()))


def rebooted_since(run_file: Path) -> bool:
    """Whether a cloud that never stopped in good order ran before the machine's last start."""
    document = read_json(run_file)
    return isinstance(document, dict) and document.get("boot") not in (None, boot())
