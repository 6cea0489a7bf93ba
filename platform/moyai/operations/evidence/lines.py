"""Lines of evidence in files: on the disk before anything goes on; and how many of them are in the chains.

The files come first, so that work can be done while the operations database is away, or was never set up.
"""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from moyai.engine.files import disk_trouble, private_folder, write_private
from moyai.errors import OperationFailed
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.audit.notes import Note
    from moyai.operations.database.noting import Of


@dataclass(frozen=True, slots=True)
class Line:
    """A line of evidence as it is in the file."""

    content: bytes
    """Without its line feed."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def read(self) -> Mapping[str, Any]:
        """What it says. Raises `ValueError` where it is damaged."""
        try:
            found = json.loads(self.content)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(found, dict):
            raise ValueError("no record")
        return found


class LineFiles(ABC):
    """A file for each run or deed, the owner's alone, and how much of it is in the audit chains."""

    of: Of
    """Whose lines they are, as the database knows them."""
    suffix = ".evidence.jsonl"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def notes(self, line: Line) -> dict[str, Note]:
        """Chain → what it is told of a line. ValueError, TypeError, KeyError, AttributeError: it is damaged."""

    @abstractmethod
    def title(self, key: str) -> Text:
        """What the lines of one are called."""

    def ids(self) -> tuple[str, ...]:
        """All that may have lines in no chain."""
        return _ids(self.folder, self.suffix)

    def all_ids(self) -> tuple[str, ...]:
        """All that have lines."""
        return self.ids()

    def place(self, key: str) -> Path:
        """Where the lines of one are."""
        return self.folder / f"{key}{self.suffix}"

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """Append a line, which is on the disk when this returns. Raises `OperationFailed`."""
        path = self.place(run)
        line = json.dumps(record, ensure_ascii=False, sort_keys=True)
        try:
            private_folder(path.parent)
            path.touch(mode=0o600)
            with path.open("r+b") as file:
                is_first = file.truncate(_whole(file)) == 0
                file.seek(0, os.SEEK_END)
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if is_first:
                _sync(path.parent)
        except OSError as error:
            raise disk_trouble(error, str(path)) from error

    def lines(self, key: str) -> tuple[Line, ...]:
        """The lines of one; one that was half written when its process was killed is none."""
        path = self.place(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise disk_trouble(error, str(path)) from error
        return tuple(Line(one) for one in content.split(b"\n")[:-1])

    def chained(self, key: str) -> int:
        """How many lines of one are in the audit chains, as far as this machine knows."""
        try:
            content = self._mark(key).read_bytes()
        except OSError:
            return 0
        return int(content) if content.isdigit() else 0

    def put_chained(self, key: str, number: int) -> None:
        """That so many are. Raises `OperationFailed`."""
        try:
            write_private(self._mark(key), str(number).encode())
        except OSError as error:
            raise disk_trouble(error, str(self.folder)) from error

    def waiting(self, key: str) -> int:
        """How many lines of one are in no chain yet."""
        return max(len(self.lines(key)) - self.chained(key), 0)

    def all_waiting(self) -> int:
        """How many lines wait altogether. What cannot be read waits as one line."""
        return sum(self.waiting_or_unread(key) for key in self.ids())

    def waiting_or_unread(self, key: str) -> int:
        """The same; what cannot be read waits as one line."""
        try:
            return self.waiting(key)
        except OperationFailed:
            return 1

    @abstractmethod
    def before_putting(self, key: str) -> None:
        """Called before lines of one are put into the chains."""

    @abstractmethod
    def settled(self, key: str) -> None:
        """Called where every line of one is in the chains."""

    def _mark(self, key: str) -> Path:
        return self.folder / f"{key}.chained"


def key_of(found: str, lines: tuple[Line, ...]) -> str:
    """What a run or deed is called among all machines'; `lines` is not empty."""
    return f"{found}.{lines[0].sha256[:16]}"


def _ids(folder: Path, suffix: str) -> tuple[str, ...]:
    return tuple(sorted(path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}")))


def _whole(file: BinaryIO) -> int:
    """How many bytes of a file are whole lines: a process that was killed while it wrote left part of one."""
    size = file.seek(0, os.SEEK_END)
    while size:
        size -= 1
        file.seek(size)
        if file.read(1) == b"\n":
            return size + 1
    return 0


def _sync(folder: Path) -> None:
    """A new file's name is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
