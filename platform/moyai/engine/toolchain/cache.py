"""The per-user cache: one folder a version, replaced whole, safe for two commands at once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from moyai.engine.toolchain.version import VERSION

Origin = Literal["path", "installer", "build"]


@dataclass(frozen=True, slots=True)
class Engine:
    """A binary that is there and was checked."""

    path: Path
    version: str
    origin: Origin


def cache_folder() -> Path:
    """Where this version for this machine's kind is kept; MOYAI_HOME does not move it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    kind = f"{platform.system()}-{platform.machine()}".lower()
    return Path(base).expanduser().absolute() / "moyai" / "engine" / VERSION / kind


def cached() -> Engine | None:
    """The cached engine, if it is whole: its size and time are those of the checked binary."""
    folder = cache_folder()
    binary, note = folder / "pulumi", folder / "engine.json"
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        found = binary.stat()
    except (OSError, ValueError):
        return None
    if [found.st_size, found.st_mtime_ns] != known.get("stat"):
        return None
    return Engine(binary, VERSION, known["origin"])


def keep(binary: Path, origin: Origin) -> Engine:
    """Move a checked binary into the cache. Both files are replaced atomically, the note last."""
    folder = cache_folder()
    target = folder / "pulumi"
    binary.chmod(0o755)
    binary.replace(target)
    found = target.stat()
    note = {
        "origin": origin,
        "sha256": _sha256(target),
        "stat": [found.st_size, found.st_mtime_ns],
    }
    partial = folder / "engine.json.new"
    partial.write_text(json.dumps(note, indent=1), encoding="utf-8")
    partial.replace(folder / "engine.json")
    return Engine(target, VERSION, origin)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(waiting: object = None) -> Iterator[None]:
    """One installer or build at a time for each user; `waiting` is called where another is at it."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if callable(waiting):
                file.seek(0)
                waiting(file.read().strip())
            fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
