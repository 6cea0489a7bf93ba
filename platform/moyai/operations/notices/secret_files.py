"""Secrets that tenants.yaml names by file: read when they are used, from files of the owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from moyai.operations.notices.message import Undelivered
from moyai.texts import Text, of_system

_LONGEST = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> str:
    """The one line of a secret's file. Raises `Undelivered` where it is missing, open to others, or is
    something else; never with its words."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        why = of_system(error)
        raise _trouble(
            path, Text(f"を読めません（{why.ja}）", f"cannot be read ({why.en})")
        ) from None
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise _trouble(path, Text("は普通のファイルではありません", "is not a regular file"))
        if found.st_mode & _OTHERS:
            raise _trouble(
                path,
                Text(
                    "をほかの利用者が読めます（chmod 600 にしてください）",
                    "is open to other users (make it mode 0600)",
                ),
            )
        content = stream.read(_LONGEST + 1)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(content) > _LONGEST or len(lines) != 1 or not lines[0].strip():
        raise _trouble(
            path, Text("に1行の秘密がありません", "does not have one line with a secret")
        )
    return lines[0].strip()


def _trouble(path: Path, why: Text) -> Undelivered:
    return Undelivered(Text(f"{path.name} {why.ja}。", f"{path.name} {why.en}."))
