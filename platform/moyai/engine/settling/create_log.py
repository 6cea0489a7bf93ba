"""Creates that began and did not end well, on disk for the next run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_SETTLING_SECONDS = 2.0
_QUIET = '{"quiet": true}\n'


class CreateLog:
    """Creates of one stack that began and did not end well, on disk while a run goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def unsettled(self) -> dict[str, Mapping[str, Any]]:
        """URN → state that was to be created (`[secret]` for secrets), of earlier runs."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return {}
        left: dict[str, Mapping[str, Any]] = {}
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # cut off while it was written: its create had not begun
            if "state" in entry:
                left[entry["urn"]] = entry["state"]
            elif "urn" in entry:
                left.pop(entry["urn"], None)
        return left

    def let_settle(self) -> None:
        """Wait until calls of a run that was killed just now have come to their ends.

        A plugin that outlives its engine still ends the call that it is in: what is read before
        that would soon be wrong. An engine that ended by itself has waited for all calls.
        """
        try:
            age = time.time() - self._path.stat().st_mtime
            if self._path.read_text().endswith(_QUIET):
                return
        except FileNotFoundError:
            return
        time.sleep(min(max(_SETTLING_SECONDS - age, 0.0), _SETTLING_SECONDS))

    def open(self, unsettled: Mapping[str, Mapping[str, Any]]) -> None:
        """Begin a run, with what earlier ones left in it still."""
        fresh = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(fresh, flags, 0o600)
        for urn, state in unsettled.items():
            self.begin(urn, state)
        fresh.replace(self._path)

    def begin(self, urn: str, state: Mapping[str, Any]) -> None:
        """A create begins."""
        self._write({"urn": urn, "state": state})

    def end(self, urn: str) -> None:
        """It ended well and is on record."""
        self._write({"urn": urn})

    def close(self, *, settled: bool, quiet: bool) -> None:
        """End the run; a settled log is empty. `quiet`: no call can be under way any more."""
        assert self._handle is not None
        if quiet:
            with suppress(OSError):
                os.write(self._handle, _QUIET.encode())
        os.close(self._handle)
        if settled:
            self._path.unlink()

    def _write(self, entry: Mapping[str, Any]) -> None:
        """A full disk is no reason to leave the engine alone: its own writes fail, and tell."""
        assert self._handle is not None
        with suppress(OSError):
            os.write(self._handle, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
