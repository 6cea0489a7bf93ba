"""Lines of deeds by hand: a file for each, held open by the command as long as it is at work."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moyai.audit.notes import Note
from moyai.audit.records import FEDERATION, chain_of
from moyai.engine.files import disk_trouble, private_folder
from moyai.errors import OperationFailed
from moyai.json_value import JsonValue
from moyai.operations.evidence.lines import Line, LineFiles
from moyai.texts import JAPAN, Text

ENDS = frozenset({"end", "lost"})
"""Events of a deed's last line: the command said how it ended, or it never will."""


class DeedFiles(LineFiles):
    """A file for each deed; those that have ended and are in the chains are kept in a folder of their own, so
    that to see whether anything waits stays quick."""

    of = "deed"
    suffix = ".jsonl"

    def title(self, key: str) -> Text:
        """See `LineFiles.title`."""
        return Text(f"手作業 {key} の記録", f"the lines of {key}")

    def new_id(self, now: datetime) -> str:
        """An id that no other deed gets: day and time in Japan, the part of the second, by which ids stand in
        the order of their deeds, and chance."""
        part = now.microsecond * 2**20 // 10**6
        return f"d{now.astimezone(JAPAN):%Y%m%d-%H%M%S}-{part:05x}{secrets.randbelow(2**12):03x}"

    def notes(self, line: Line) -> dict[str, Note]:
        """See `LineFiles.notes`: the federation's, and those of the bodies that the line is about, each
        of which is told of itself alone."""
        found = line.read()
        # By them the chains are held against each other.
        codes = {"codes": tuple(sorted(found["bodies"]))} if found["bodies"] else {}
        told = {**codes, **found["federation"]}
        made = {FEDERATION: _note(line, found, found["result"], told)}
        for code, one in found["bodies"].items():
            details = {name: value for name, value in one.items() if name != "result"}
            made[chain_of(code)] = _note(line, found, one["result"], details)
        return made

    def place(self, key: str) -> Path:
        """See `LineFiles.place`."""
        open_one = self.folder / f"{key}{self.suffix}"
        kept = self._kept / open_one.name
        return kept if kept.exists() else open_one

    def all_ids(self) -> tuple[str, ...]:
        """See `LineFiles.all_ids`."""
        kept = {path.name.removesuffix(self.suffix) for path in self._kept.glob(f"*{self.suffix}")}
        return tuple(sorted({*self.ids(), *kept}))

    def chained(self, key: str) -> int:
        """See `LineFiles.chained`; all lines of one that is kept are."""
        if (self._kept / f"{key}{self.suffix}").exists():
            return len(self.lines(key))
        return super().chained(key)

    def put_chained(self, key: str, number: int) -> None:
        """See `LineFiles.put_chained`; of one that is kept it is known."""
        if not (self._kept / f"{key}{self.suffix}").exists():
            super().put_chained(key, number)

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Be at work: for whoever looks meanwhile, its end is still to come. Raises `OperationFailed`."""
        path = self.folder / f"{key}{self.suffix}"
        try:
            handle = _locked(path)
        except OSError as error:
            raise disk_trouble(error, str(path)) from error
        try:
            yield
        finally:
            # Unlocked, and not only closed: a process that was forked from this one has it too.
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def before_putting(self, key: str) -> None:
        """Say of a command that ended without a word that it did: it was killed, or its machine went off."""
        with suppress(OSError, OperationFailed):
            handle = os.open(self.folder / f"{key}{self.suffix}", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with suppress(
                    ValueError, TypeError, KeyError, AttributeError
                ):  # damaged: told as such
                    self._say_lost(key)
            finally:
                os.close(handle)

    def settled(self, key: str) -> None:
        """See `LineFiles.settled`: it is put beside where its last line is there too."""
        path = self.folder / f"{key}{self.suffix}"
        lines = self.lines(key)
        with suppress(OSError):
            if lines and _event(lines[-1]) in ENDS and path.exists():
                path.rename(private_folder(self._kept) / path.name)
                self._mark(key).unlink(missing_ok=True)

    def _say_lost(self, key: str) -> None:
        lines = self.lines(key)
        if not lines:
            # It was killed before it did anything.
            (self.folder / f"{key}{self.suffix}").unlink(missing_ok=True)
            return
        found = [line.read() for line in lines]
        if any(one.get("event") in ENDS for one in found):
            return
        told = {"found_at": datetime.now(UTC).isoformat(), "begun_at": found[0]["at"]}
        codes = {code for one in found for code in one["bodies"]}
        bodies = {code: {"result": "lost", **told} for code in sorted(codes)}
        same = {name: found[0][name] for name in ("deed", "kind", "plan_sha256")}
        self.put(
            key,
            {
                **same,
                "event": "lost",
                "by": "moyai",
                "at": None,
                "told": {},
                "result": "lost",
                "federation": told,
                "bodies": bodies,
            },
        )

    @property
    def _kept(self) -> Path:
        return self.folder / "kept"


def deed_files(home: Path) -> DeedFiles:
    """Those of a site; `home` is its folder on this machine."""
    return DeedFiles(home / "deeds")


def _locked(path: Path) -> int:
    """A file that is there, made where it is not, with a lock: one without lines yet may be taken for one whose
    command was killed, and away with."""
    private_folder(path.parent)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)


def _event(line: Line) -> str | None:
    try:
        return str(line.read()["event"])
    except (ValueError, TypeError, KeyError):
        return None


def _note(
    line: Line, found: Mapping[str, Any], result: str, details: Mapping[str, JsonValue]
) -> Note:
    moment = {} if found["at"] is None else {"done_at": found["at"]}
    return Note(
        actor=found["by"],
        action=f"hand.{found['kind']}",
        plan_sha256=found["plan_sha256"],
        step=None,
        result=str(result),
        details={**found["told"], **details, **moment, "evidence_sha256": line.sha256},
    )
