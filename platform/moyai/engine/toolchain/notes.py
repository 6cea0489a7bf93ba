"""Notes about binaries that were looked at: their hash, and by what one sees that they are unchanged."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

Stat = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a binary."""

    stat: Stat
    sha256: str
    """In hexadecimal."""
    origin: str = ""
    """Which way brought it in."""
    path: str = ""
    """Where it lies, if not beside the note."""
    version: str = ""
    """What it said of itself, without `v`."""


def stat_of(path: Path) -> Stat | None:
    """Size and time of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns)


def sha256_of(path: Path) -> str | None:
    """The hash of a file in hexadecimal; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def read_note(path: Path) -> Note | None:
    """A note; None where there is none, or none that can be understood."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        size, time = given["stat"]
        words = {name: given.get(name, "") for name in ("origin", "path", "version")}
        texts = (given["sha256"], *words.values())
        if isinstance(size, int) and isinstance(time, int) and all(map(_is_text, texts)):
            return Note((size, time), given["sha256"], **words)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def write_note(path: Path, note: Note) -> None:
    """Replace a note; readers see the old or the new one. Raises `OSError`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".note-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(note), file, indent=1)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
