"""What is said of a snapshot in its first line, to be read without opening it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from moyai.sandbox.keeping.doubts import BEGINNING

_SUFFIX = ".snapshot"


class DamagedError(Exception):
    """A snapshot file that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is said of a snapshot without opening it."""

    taken_at: datetime
    """When the last request that it holds had ended (UTC)."""
    versions: str
    """Python's and moto's; another moto may not understand this one's objects."""
    digests: tuple[str, ...]
    """Contents in the object store."""

    def to_line(self) -> bytes:
        """As the file's first line."""
        document = {
            "taken_at": self.taken_at.isoformat(),
            "versions": self.versions,
            "digests": sorted(self.digests),
        }
        return json.dumps(document).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Header:
        """From the file's first line. Raises `DamagedError`."""
        try:
            document = json.loads(line)
            moment = datetime.fromisoformat(document["taken_at"])
            return cls(moment, str(document["versions"]), tuple(document["digests"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"its first line is damaged ({type(error).__name__})") from None


def snapshot_files(folder: Path) -> tuple[Path, ...]:
    """The snapshots of a folder, newest first."""
    return tuple(sorted(folder.glob(f"*{_SUFFIX}"), reverse=True))


def snapshot_name(number: int) -> str:
    """The file name of the n-th snapshot."""
    return f"{number:012d}{_SUFFIX}"


def newest_snapshot(folder: Path) -> datetime:
    """When the newest snapshot was taken; the beginning of time where none can be read."""
    for path in snapshot_files(folder):
        header = read_header(path)
        if header is not None:
            return header.taken_at
    return BEGINNING


def read_header(path: Path) -> Header | None:
    """A snapshot's first line; None where it is damaged."""
    with path.open("rb") as stream:
        line = stream.readline()
    try:
        return Header.from_line(line)
    except DamagedError:
        return None
