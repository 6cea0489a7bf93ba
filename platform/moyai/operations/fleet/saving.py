"""A text that a person asked for, in a file of theirs."""

from __future__ import annotations

from pathlib import Path

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text, of_system


def save_text(file: Path, text: str) -> None:
    """Write it, over what is there. Raises `OperationFailed`."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        said = of_system(error)
        raise OperationFailed(
            Text(f"{file} を書けません（{said.ja}）。", f"cannot write {file}: {said.en}."),
            touched=NOTHING_TOUCHED,
        ) from None
