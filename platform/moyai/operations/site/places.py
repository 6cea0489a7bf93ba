"""Where and when a command works: the file, the folder that Moyai keeps, the day. Imports nothing slow."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from moyai.errors import UsageError
from moyai.texts import JAPAN, Text, of_system


def today() -> date:
    """The calendar day in Asia/Tokyo."""
    return datetime.now(JAPAN).date()


def home_folder(project: Path, environ: Mapping[str, str]) -> Path:
    """All that Moyai keeps for one checkout: `MOYAI_HOME`, or a folder of the user's data folder.

    The default's name holds a hash of the checkout's path, so that two checkouts do not meet.
    """
    explicit = environ.get("MOYAI_HOME")
    if explicit:
        return Path(explicit).expanduser().absolute()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    project = project.resolve()
    name = hashlib.sha256(str(project).encode()).hexdigest()[:12]
    return Path(data).expanduser().absolute() / "moyai" / f"{project.name}-{name}"


def find_registry_file(named: Path | None) -> Path:
    """tenants.yaml as named, or in this folder or the nearest above it.

    Raises `UsageError` where there is none, or where it is no regular file: a fifo would block.
    """
    found = nearest_registry_file() if named is None else named
    if found is None:
        here = Path.cwd()
        raise UsageError(
            Text(
                f"{here} にも、その上のフォルダにも tenants.yaml がありません。",
                f"no tenants.yaml in {here} or any folder above it.",
            ),
            remedy=_NAME_IT,
        )
    trouble = _why_no_file(found)
    if trouble is not None:
        raise UsageError(trouble, remedy=_NAME_IT)
    return found.absolute()


_NAME_IT = Text(
    "--file で tenants.yaml の場所を示してください。", "Name the place of tenants.yaml with --file."
)


def nearest_registry_file() -> Path | None:
    """The tenants.yaml of this folder or the nearest above it, whatever it is; None: there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        candidate = folder / "tenants.yaml"
        if os.path.lexists(candidate):
            return candidate
    return None


def _why_no_file(path: Path) -> Text | None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Text(f"{path} がありません。", f"there is no {path}.")
    except (OSError, ValueError) as error:  # ValueError: a zero in the name
        why = (
            of_system(error)
            if isinstance(error, OSError)
            else Text("名前に使えない文字があります", str(error))
        )
        return Text(f"{path} を読めません（{why.ja}）。", f"cannot read {path}: {why.en}.")
    if stat.S_ISDIR(mode):
        return Text(
            f"{path} はフォルダで、ファイルではありません。", f"{path} is a folder, not a file."
        )
    if not stat.S_ISREG(mode):
        return Text(f"{path} は普通のファイルではありません。", f"{path} is not a regular file.")
    return None
