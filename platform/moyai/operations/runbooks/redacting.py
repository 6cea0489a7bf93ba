"""Takes out of a command's output what is a secret, or looks like one. Those that are known by their values:
`known_secrets`."""

from __future__ import annotations

import re
from collections.abc import Callable

from moyai.engine.stacks import MASKED

_NAMES = (
    r"passw(?:or)?d|passphrase|secret(?:[_-]?(?:access[_-]?)?key|[_-]?string|[_-]?binary)?|token"
    r"|api[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key"
)
_VALUE = r"(?:\\*\"((?:[^\"\\]|\\.)+)|'([^']+)|([^\s\"',;}\\]+))"
_LOOK_LIKE_ONE = (
    re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    re.compile(r"\b((?:FwoG|FQoG|IQoJ)[A-Za-z0-9+/=_-]{40,})"),
    re.compile(r"(?<=://)([^\s/@:]*:[^\s/@]+)(?=@)"),
    re.compile(rf"(?i)(?<![0-9]:)(?:{_NAMES})\\*[\"']?\s*[=:]\s*{_VALUE}"),
    re.compile(rf"(?i)--(?:{_NAMES})[= ]{_VALUE}"),
    re.compile(rf"\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PW|PWD|PASS|CREDENTIALS?)={_VALUE}"),
    re.compile(
        r"(?i)\bauthorization\\*[\"']?\s*[=:]\s*\\*[\"']?(?:bearer|basic|token)\s+([^\s\"'\\]+)"
    ),
    re.compile(r"(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,})"),
    re.compile(r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"),
    re.compile(r"\b(gh[pousr]_\w{30,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_\w{30,})"),
    re.compile(r"\b(xox[abeoprs]-[\w-]{10,}|AIza[\w-]{30,}|[rs]k_live_\w{10,}|pul-[0-9a-f]{40})"),
    re.compile(r"(whsec_[A-Za-z0-9+/=]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{20,})"),
)
"""What the last group is, is taken out."""
_PGPASS_LINE = re.compile(
    r"\A((?:[^\s:\\#]|\\.)+:(?:[0-9]{1,5}|\*):(?:[^\s:\\]|\\.)+:(?:[^\s:\\]|\\.)+:)(.+)\Z"
)
_PGPASS_WITHIN = re.compile(
    r"((?:[^\s:\\\"'=]|\\.)+:(?:[0-9]{1,5}|\*):(?:[^\s:\\]|\\.)+:(?:[^\s:\\]|\\.)*[A-Za-z*](?:[^\s:\\]|\\.)*:)([^\s\"']+)"
)
"""A libpq password file's line: host, port, database, login; the password behind them is taken out."""
_NO_PGPASS = re.compile(r"[0-9A-Fa-f:]+\Z|[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}:")
"""An IPv6 address and a time have the shape of such a line, too."""
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS = re.compile(r".*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")


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
        words = _PGPASS_WITHIN.sub(_password, _PGPASS_LINE.sub(_password, self._clean(words)))
        for pattern in _LOOK_LIKE_ONE:
            words = pattern.sub(_masked, words)
        return words


def _masked(found: re.Match[str]) -> str:
    group = found.lastindex or 0
    if found[group].startswith(MASKED):
        return found[0]
    before = found[0][: found.start(group) - found.start()]
    after = found[0][found.end(group) - found.start() :]
    return f"{before}{MASKED}{after}"


def _password(found: re.Match[str]) -> str:
    return found[0] if _NO_PGPASS.match(found[0]) else f"{found[1]}{MASKED}"
