"""Files that persons name: read up to a bound, and nothing that never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text, of_system

MOST_SIGNED = 64 * 1024
"""Bytes of a signature, or of a line to sign; those that are made have a few hundred."""


def read_given(path: Path, most: int) -> bytes:
    """At most so many bytes, from a regular file, a pipe (`<(…)`) or a terminal.

    Raises `UsageError` where there are more, where it is something else, and where it cannot be read.
    """
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or file.isatty()):
                raise _trouble(path, Text("普通のファイルではありません", "is not a regular file"))
            content = file.read(most + 1)
    except OSError as error:
        why = of_system(error)
        raise UsageError(
            Text(f"{path} を読めません（{why.ja}）。", f"cannot read {path}: {why.en}."),
            touched=NOTHING_TOUCHED,
        ) from None
    if len(content) > most:
        raise _trouble(
            path,
            Text(f"大きすぎます（上限 {most:,} バイト）", f"is too large (at most {most:,} bytes)"),
        )
    return content


def _trouble(path: Path, why: Text) -> UsageError:
    return UsageError(Text(f"{path} は{why.ja}。", f"{path} {why.en}."), touched=NOTHING_TOUCHED)
