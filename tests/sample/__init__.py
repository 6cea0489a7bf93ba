"""The sample as it is shipped, apart from the checkout's own file and services, which a federation edits.

The programs in `stacks/foundation` and `stacks/tenant` are code: tests take the checkout's.
"""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
SAMPLE = PROJECT / "tenants.yaml"
SERVICES = PROJECT / "stacks" / "services"
PROGRAMS = {name: PROJECT.parents[1] / "stacks" / name for name in ("foundation", "tenant")}
"""Program → its folder in the checkout."""


def lay_out(folder: Path, words: str | None = None) -> Path:
    """Make a folder a project with the sample's services and all programs; the path of its tenants.yaml.

    `words` stand in the file instead of the sample's.
    """
    for name, source in {**PROGRAMS, "services": SERVICES}.items():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / "stacks" / name, ignore=ignored)
    file = folder / "tenants.yaml"
    file.write_bytes(SAMPLE.read_bytes() if words is None else words.encode())
    return file
