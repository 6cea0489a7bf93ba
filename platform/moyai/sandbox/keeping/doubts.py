"""Spans in which changes may have been lost, kept until the site is reset."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.sites import Doubt
from moyai.sandbox.layout import read_json, write_json
from moyai.texts import Text

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when everything is in doubt."""


def read(path: Path) -> tuple[Doubt, ...]:
    """The doubts on record, oldest first. A damaged file is a doubt about everything."""
    if not path.exists():
        return ()
    document = read_json(path)
    try:
        assert isinstance(document, list)
        return tuple(_decode(entry) for entry in document)
    except (AssertionError, KeyError, TypeError, ValueError):
        reason = Text("疑いの記録が壊れている", "the record of doubts is damaged")
        return (Doubt(BEGINNING, datetime.now(UTC), reason),)


def add(path: Path, doubt: Doubt) -> None:
    """Put a doubt on record."""
    write_json(path, [_encode(entry) for entry in (*read(path), doubt)])


def _encode(doubt: Doubt) -> dict[str, str]:
    return {
        "since": doubt.since.isoformat(),
        "until": doubt.until.isoformat(),
        "ja": doubt.reason.ja,
        "en": doubt.reason.en,
    }


def _decode(entry: dict[str, str]) -> Doubt:
    since, until = (datetime.fromisoformat(entry[name]) for name in ("since", "until"))
    return Doubt(since, until, Text(entry["ja"], entry["en"]))
