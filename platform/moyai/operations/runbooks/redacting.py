"""Takes out of a command's output what is a secret, or looks like one."""

from __future__ import annotations

import re
from collections.abc import Callable

from moyai.engine.stacks import MASKED

_NAMES = "password|passwd|passphrase|secret_?access_?key|session_?token|client_?secret|api_?key|private_?key"
_LOOK_LIKE_ONE = (
    re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    re.compile(r"(?<=://)([^\s/@:]*:[^\s/@]+)(?=@)"),
    re.compile(rf"(?i)(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?([^\s\"',;}}]+)"),
    re.compile(rf"(?i)--(?:{_NAMES}|token)[= ]([^\s\"']+)"),
    re.compile(r"(?i)\bauthorization[\"']?\s*[=:]\s*[\"']?(?:bearer|basic)\s+([^\s\"']+)"),
    re.compile(r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"),
    re.compile(r"\b(gh[pousr]_\w{30,})"),
)
"""What the first group is, is taken out."""
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r".*?-----END [A-Z0-9 ]*PRIVATE KEY-----")


class Redacting:
    """Of one stream, line by line: a private key has several."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._in_key = False

    def line(self, words: str) -> str:
        """A line without secrets; one within a private key is masked whole."""
        if self._in_key:
            end = _KEY_ENDS.match(words)
            if end is None:
                return MASKED
            self._in_key = False
            words = MASKED + words[end.end() :]
        begin = _KEY.search(words)
        if begin is not None:
            end = _KEY_ENDS.match(words, begin.end())
            self._in_key = end is None
            words = words[: begin.start()] + MASKED + (words[end.end() :] if end else "")
        words = self._clean(words)
        for pattern in _LOOK_LIKE_ONE:
            words = pattern.sub(_masked, words)
        return words


def _masked(found: re.Match[str]) -> str:
    before = found[0][: found.start(1) - found.start()]
    after = found[0][found.end(1) - found.start() :]
    return f"{before}{MASKED}{after}"
