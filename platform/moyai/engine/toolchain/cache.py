"""The per-user cache: a folder for each version and kind of machine, with one binary and its note.

While the binary's size and time are as noted, its hash is not taken again.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from moyai.engine.toolchain.notes import Note, read_note, sha256_of, stat_of, write_note
from moyai.engine.toolchain.version import VERSION

Origin = Literal["path", "installer", "build"]
CacheState = Literal["absent", "whole", "damaged"]

_ORIGINS: dict[str, Origin] = {"path": "path", "installer": "installer", "build": "build"}
_BINARY = "pulumi"
_NOTE = "engine.json"
_SCRATCH = "work-"


@dataclass(frozen=True, slots=True)
class Engine:
    """A binary that is there and was checked."""

    path: Path
    version: str
    """Without `v`."""
    origin: Origin
    """Which way brought it in."""
    sha256: str
    """Of the file at `path`, in hexadecimal."""


def cache_folder() -> Path:
    """Where this version for this kind of machine is kept; MOYAI_HOME does not move it.

    A relative `XDG_CACHE_HOME` is not followed, as the XDG Base Directory Specification asks.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = named if named.is_absolute() else Path.home() / ".cache"
    kind = f"{platform.system()}-{platform.machine()}".lower()
    return base / "moyai" / "engine" / VERSION / kind


def make_cache_folder() -> Path:
    """The folder, made where it is not there. Raises `OSError`."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached(*, thorough: bool = False) -> Engine | None:
    """The cached engine, if it is whole; `thorough` takes its hash in any case."""
    return look(thorough=thorough)[1]


def look(*, thorough: bool = False) -> tuple[CacheState, Engine | None]:
    """Whether the cached binary is the one that was checked; the engine where it is."""
    folder = cache_folder()
    binary, note = folder / _BINARY, read_note(folder / _NOTE)
    stat = stat_of(binary)
    if stat is None:
        return ("absent", None)
    origin = None if note is None else _ORIGINS.get(note.origin)
    if note is None or origin is None or not os.access(binary, os.X_OK):
        return ("damaged", None)
    if (thorough or stat != note.stat) and sha256_of(binary) != note.sha256:
        return ("damaged", None)
    if stat != note.stat:
        # A copy of the cache, as CI services restore it: the same bytes with another time. Where the
        # note cannot be renewed, the hash is taken again next time.
        with contextlib.suppress(OSError):
            write_note(folder / _NOTE, replace(note, stat=stat))
    return ("whole", Engine(binary, VERSION, origin, note.sha256))


def keep(binary: Path, origin: Origin) -> Engine:
    """Move a checked binary into the cache. Callers hold the lock. Raises `OSError`.

    Binary and note are each replaced whole. Killed between the two, they do not fit together; that
    is seen, and the engine is made anew.
    """
    folder = make_cache_folder()
    binary.chmod(0o755)
    with binary.open("rb") as file:
        os.fsync(file.fileno())
    digest, stat = sha256_of(binary), stat_of(binary)
    if digest is None or stat is None:
        raise FileNotFoundError(binary)
    target = folder / _BINARY
    binary.replace(target)
    write_note(folder / _NOTE, Note(stat, digest, origin=origin))
    return Engine(target, VERSION, origin, digest)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder beside the binary, so that it is moved and not copied. Callers hold the lock.

    What killed runs left of theirs is removed. Raises `OSError`.
    """
    folder = make_cache_folder()
    for left in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=_SCRATCH, dir=folder, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)
