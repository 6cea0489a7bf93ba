"""Files of a service's folder: regular ones, and no more of them than tenants.yaml may have."""

from __future__ import annotations

import stat
from pathlib import Path

from moyai.registry.yaml_text import MAX_BYTES
from moyai.texts import Text, of_system


class UnreadableFile(Exception):
    """Why a file cannot be read; `reason` says it in both languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def read_plain(path: Path) -> bytes:
    """A file's content. Raises `UnreadableFile`; a device or a fifo is not waited for."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UnreadableFile(Text("普通のファイルではありません", "this is not a regular file"))
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(unreadable(error)) from None
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            Text(
                f"ファイルが大きすぎます（上限 {MAX_BYTES:,} バイト）",
                f"the file is too large (at most {MAX_BYTES:,} bytes)",
            )
        )
    return content


def unreadable(error: OSError) -> Text:
    """What the system said."""
    why = of_system(error)
    return Text(f"読めません（{why.ja}）", f"cannot be read: {why.en}")
