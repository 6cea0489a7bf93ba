"""What this machine's workers have in hand, noted beside stacks: for when the operations database is away.

The database is what says so; a note only stands in for it. One that its worker left, as it died or as the body
is held, says that the body may be half-way still.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from moyai.engine.files import private_folder, write_private
from moyai.engine.stacks import StackId


@dataclass(frozen=True, slots=True)
class HandNote:
    """Who has a body in hand, by what its worker knew."""

    operation: str
    kind: str
    subject: str
    planned_by: str
    step: str


def note(home: Path, stack: StackId, found: HandNote) -> None:
    """Write it down; not where that cannot be. `home`: the folder of the site's work on this machine."""
    with suppress(OSError):
        path = _path(home, stack)
        private_folder(path.parent)
        write_private(path, json.dumps(asdict(found), ensure_ascii=False).encode())


def noted(home: Path, stack: StackId) -> HandNote | None:
    """What is written down, or None."""
    try:
        return HandNote(**json.loads(_path(home, stack).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def forget(home: Path, stack: StackId) -> None:
    """The body has come to its end, or is known not to be in hand."""
    with suppress(OSError):
        _path(home, stack).unlink(missing_ok=True)


def _path(home: Path, stack: StackId) -> Path:
    return home / "work" / stack.project / stack.name / "in-hand"
