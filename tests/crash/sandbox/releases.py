"""Releases that a service of a campaign goes to, one after the other, each with migrations of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_FIRST = 1
"""The schema's version of release 1.0.0; 1.1.0 has another migration."""
RELEASES = 60


def release(number: int) -> str:
    """The release of a campaign, which are counted from 2; before the first it is 1.0.0."""
    return f"1.{number if number > 1 else 0}.0"


def migrations(number: int) -> Mapping[int, str]:
    """Schema version → the words that only that migration has."""
    first = _FIRST + 1 + 2 * (number - 2)
    expand = f"ALTER TABLE procedure ADD COLUMN crash_{number} text"
    contract = f"ALTER TABLE procedure DROP COLUMN IF EXISTS crash_{number - 1}"
    return {first + 1: expand, first + 2: contract}


def add_releases(folder: Path, service: str) -> None:
    """Each adds a column and drops the one of the release before it."""
    entries = []
    for number in range(2, RELEASES):
        found = migrations(number)
        for (version, words), phase in zip(found.items(), ("expand", "contract"), strict=True):
            name = f"{version:04}_crash_{number}_{phase}.sql"
            (folder / "migrations" / name).write_text(f"-- phase: {phase}\n{words};\n")
        entries.append(
            f"  {release(number)}:\n    image: moyai-{service}:{release(number)}\n"
            f"    schema_version: {max(found)}\n"
        )
    manifest = folder / "manifest.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("editions:\n", f"{''.join(entries)}editions:\n", 1)
    manifest.write_text(text, encoding="utf-8")
