"""The secrets that Moyai itself knows on this machine, found in output by their values."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from moyai.engine.stacks import MASKED

_SHORTEST = 6
"""A secret with fewer characters is not looked for: it would blacken half the text."""
_LONGEST_FILE = 64 * 1024
_LOOK_SECONDS = 0.2
"""A step may make new passwords: files are looked at again after so long."""
_OF_A_SITE = (
    "passphrase",
    "operations/pgpass*",
    "cloud/postgres/*/superuser",
    "cloud/postgres/*/password",
    "cloud/postgres/*/pgpass",
)
"""Files below a site's folder whose lines are secrets, or lines of a password file."""


class KnownSecrets:
    """Takes known secrets out of words, also in the forms in which programs write them."""

    def __init__(self, fixed: Iterable[str], files: Callable[[], Iterable[Path]]) -> None:
        """`fixed`: secrets that stay as they are. `files`: those with one on each line, as they are now."""
        self._files = files
        self._read: dict[Path, tuple[int, int]] = {}
        self._secrets: set[str] = set()
        self._forms: dict[str, list[str]] = {}
        """The first characters of forms → those forms, the longest first."""
        self._looked_at = -_LOOK_SECONDS
        for one in fixed:
            for line in {one, *one.splitlines()}:
                self._add(line)

    def clean(self, words: str) -> str:
        """Words with `[secret]` for each known secret."""
        self._look()
        parts: list[str] = []
        at = kept = 0
        while at <= len(words) - _SHORTEST:
            found = self._at(words, at)
            if found == 0:
                at += 1
                continue
            parts += [words[kept:at], MASKED]
            at = kept = at + found
        return "".join((*parts, words[kept:]))

    def _at(self, words: str, at: int) -> int:
        """The length of the longest secret that begins here; 0: none does."""
        for form in self._forms.get(words[at : at + _SHORTEST], ()):
            if words.startswith(form, at):
                return len(form)
        return 0

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        for path in self._files():
            try:
                found = path.stat()
                stamp = (found.st_mtime_ns, found.st_size)
                if self._read.get(path) == stamp or not path.is_file():
                    continue
                with path.open("rb") as file:
                    content = file.read(_LONGEST_FILE).decode("utf-8", "replace")
            except OSError:
                continue  # not there, or not this user's: its words cannot come from here
            self._read[path] = stamp
            for line in content.splitlines():
                self._add(line)
                self._add(_last_field(line))
        self._looked_at = time.monotonic()

    def _add(self, secret: str) -> None:
        secret = secret.strip()
        if len(secret) < _SHORTEST or secret in self._secrets:
            return
        self._secrets.add(secret)
        for form in {*_forms(secret)}:
            if len(form) >= _SHORTEST:
                same = self._forms.setdefault(form[:_SHORTEST], [])
                same.append(form)
                same.sort(key=len, reverse=True)


def _last_field(line: str) -> str:
    """The password of a line of libpq's password files, without what stands before it."""
    fields = line.replace("\\\\", "\0").replace("\\:", "\1").split(":", 4)
    if len(fields) < 5:
        return ""
    return fields[4].replace("\0", "\\").replace("\1", ":")


def _forms(secret: str) -> Iterator[str]:
    """How programs write it: as it is, in JSON, in an address, in base64 (also within more), in hex."""
    yield secret
    for ascii_only in (False, True):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield secret.replace("\\", "\\\\").replace(":", "\\:")
    content = secret.encode("utf-8", "surrogateescape")
    yield from (content.hex(), content.hex().upper())
    yield b64encode(content).decode()
    for shift in range(3):
        # What of the code rests on the secret alone, whatever stands before and after it.
        coded = b64encode(b"\0" * shift + content).decode().rstrip("=")
        core = coded[-(-shift * 8 // 6) : (shift + len(content)) * 8 // 6]
        if len(core) >= 2 * _SHORTEST:
            yield from (core, core.replace("+", "-").replace("/", "_"))
    if len(content) >= 2 * _SHORTEST:
        # `base64` breaks its lines, so that a secret may be on two of them.
        for at in range(len(content) - _SHORTEST + 1):
            yield b64encode(content[at : at + _SHORTEST]).decode()


def files_of(sites: Iterable[Path], named: Iterable[Path]) -> Iterator[Path]:
    """The files with secrets: those of sites' folders, and others that are named."""
    for home in sites:
        for pattern in _OF_A_SITE:
            yield from home.glob(pattern)
    yield from named
