"""What was given on the command line: text, but for names of files, which may be any bytes."""

from __future__ import annotations

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text


class NotText(UsageError):
    """A word on the command line, or in a variable that stands for one, is no text."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Text(
                f"{name} に渡された語は文字として読めません（端末の文字コードで書いてください）。",
                f"what was given for {name} is no text in the terminal's encoding.",
            ),
            touched=NOTHING_TOUCHED,
        )


def is_text(word: str) -> bool:
    """Whether words can be written down: bytes that the locale cannot read come as lone surrogates."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in word
