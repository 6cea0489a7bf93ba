"""Logs of runs, one file each, the owner's alone, without secrets, and not more than needed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.stacks import MASKED, StackId

_KEPT_RUNS = 10
"""Logs kept for each stack."""
_LARGEST = 8 << 20
"""Bytes after which one log takes no more."""
_SHORTEST = 6
"""A secret with fewer characters is not searched for: it would blacken half the text."""
_TELLING = re.compile(r"SECRET|TOKEN|PASSWORD|PASSPHRASE|PRIVATE_KEY", re.IGNORECASE)


class Redactor:
    """Replaces every secret it was told of. Told while a program runs, so that it grows."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, value: object) -> None:
        """Learn a secret: a text, or all texts within lists and mappings."""
        if isinstance(value, str):
            for part in {value, *value.splitlines()}:
                if len(part.strip()) >= _SHORTEST and part.strip() not in self._secrets:
                    self._secrets.add(part.strip())
                    self._pattern = None
        elif isinstance(value, Mapping):
            for part in value.values():
                self.add(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                self.add(part)

    def clean(self, text: str) -> str:
        """The text with `[secret]` for each secret, also where it is written as JSON."""
        if not self._secrets:
            return text
        if self._pattern is None:
            snapshot = tuple(self._secrets)  # programs add to it in other threads
            forms = {form for secret in snapshot for form in _forms(secret)}
            # The longest first: one form may be the beginning of another, and what was left of
            # it would stay: the second of two backslashes, in JSON.
            known = sorted(forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(re.escape(form) for form in known))
        return self._pattern.sub(MASKED, text)


def _forms(secret: str) -> tuple[str, ...]:
    """How a secret may be written: as it is, and within JSON, with and without other scripts."""
    as_json = (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
    return tuple(dict.fromkeys((secret, *as_json)))


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """What of an environment must not be written down: credentials, and the passphrase's words."""
    found = [
        value
        for name, value in environment.items()
        if _TELLING.search(name) and not name.endswith("_FILE")
    ]
    passphrase = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if passphrase:
        try:
            found.append(Path(passphrase).read_text().strip())
        except OSError:
            return found  # the engine will say that it cannot read it
    return found


class RunLog:
    """The log of one run of one stack."""

    def __init__(self, folder: Path, stack: StackId, action: str, redactor: Redactor) -> None:
        self._redactor = redactor
        self._written = 0
        place = folder / stack.project / stack.name
        private_folder(place)
        _thin_out(place)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self.path = place / f"{moment}-{action}.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(self.path, flags, 0o600)

    def write(self, text: str) -> None:
        """Append, without secrets. A full disk ends the log, not the run."""
        content = self._redactor.clean(text).encode()
        if self._written + len(content) > _LARGEST:
            return
        self._written += len(content)
        try:
            os.write(self._handle, content)
        except OSError:
            self._written = _LARGEST

    def close(self) -> None:
        """No more is written."""
        os.close(self._handle)


def rotate(log: Path, largest: int = _LARGEST) -> None:
    """Begin a long-lived log anew where it has grown large; the one before is kept as `….1`."""
    try:
        if log.stat().st_size > largest:
            log.replace(log.with_name(f"{log.name}.1"))
    except FileNotFoundError:
        return


def _thin_out(folder: Path) -> None:
    logs = sorted(folder.glob("*.log"))
    for log in logs[: max(len(logs) - _KEPT_RUNS + 1, 0)]:
        log.unlink(missing_ok=True)
