"""The first way: a `pulumi` of the pinned version on PATH."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from moyai.engine.toolchain.cache import Engine, make_cache_folder
from moyai.engine.toolchain.notes import Note, read_note, sha256_of, stat_of, write_note
from moyai.engine.toolchain.version import VERSION, version_of
from moyai.texts import Text

_NOTE = "path.json"
_PROGRAMS = (
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
"""How programs begin on Linux and macOS. A script may run another version tomorrow."""


def on_path() -> Engine | None:
    """`pulumi` on PATH, if it has the pinned version."""
    found = _found()
    if found is None or found.version != VERSION:
        return None
    return Engine(Path(found.path), VERSION, "path", found.sha256)


def why_not_on_path() -> Text:
    """Why PATH gives no engine, for a person."""
    found = _found()
    if found is None:
        return Text("pulumi が PATH にありません", "there is no pulumi on PATH")
    if not found.version:
        return Text(
            f"{found.path} は版を答えません", f"{found.path} does not answer with its version"
        )
    return Text(f"{found.path} は {found.version} です", f"{found.path} is version {found.version}")


def _found() -> Note | None:
    """What is on PATH; `version` is empty where it does not answer.

    Asking a binary takes a quarter of a second, which every command would spend: what one said is
    noted with its size and time.
    """
    named = shutil.which("pulumi")
    if named is None:
        return None
    path = Path(named).absolute()
    stat = stat_of(path)
    if stat is None:
        return None
    is_program = _is_program(path)
    with contextlib.suppress(OSError):  # where nothing can be kept, nothing was noted either
        noted = read_note(make_cache_folder() / _NOTE) if is_program else None
        if noted is not None and (noted.path, noted.stat) == (str(path), stat):
            return noted
    version = version_of(path) or ""
    found = Note(stat, sha256_of(path) or "", path=str(path), version=version)
    if is_program and version:
        with contextlib.suppress(OSError):  # asked again next time
            write_note(make_cache_folder() / _NOTE, found)
    return found


def _is_program(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in _PROGRAMS
    except OSError:
        return False
