"""How statuses, counts and moments of operations look in tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from moyai.operations.database.rows import BodyRow, OperationRow, OperationView, WaveRow
from moyai.planning.fleet.status_words import (
    BODIES,
    DONE_BUT_OWED,
    DONE_BUT_UNSEEN,
    OPERATIONS,
    WAVES,
    ended_word,
    word,
)
from moyai.texts import JAPAN
from moyai_cli.language import LANG
from moyai_cli.views.operation_records import body_record

_COLOURS = {
    "done": "green",
    "running": "cyan",
    "soaking": "cyan",
    "failed": "red",
    "held": "red",
    "skipped": "yellow",
    "moved": "yellow",
    "paused": "yellow",
    "planned": "yellow",
    "waiting": "dim",
    "cancelled": "dim",
    "expired": "dim",
}


OPERATION_STYLES = {
    **{word(OPERATIONS, code, LANG): _COLOURS[code] for code in OPERATIONS},
    DONE_BUT_OWED.of(LANG): "yellow",
    DONE_BUT_UNSEEN.of(LANG): "yellow",
}


WAVE_STYLES = {
    **{word(WAVES, code, LANG): _COLOURS[code] for code in WAVES},
    word(BODIES, "cancelled", LANG): _COLOURS["cancelled"],
}


BODY_STYLES = {word(BODIES, code, LANG): _COLOURS[code] for code in BODIES}


def status_of(row: OperationRow) -> str:
    """How an operation stands, for people: one that left bodies out is not called done."""
    return ended_word(row.kind, row.status, row.counts).of(LANG)


def wave_word(view: OperationView, wave: WaveRow) -> str:
    """How a wave stands, for people: one that was called off before any of its bodies began is not done."""
    begun = any(body.wave == wave.number and body.attempts for body in view.bodies)
    if view.row.status in ("cancelled", "expired") and wave.status == "done" and not begun:
        return word(BODIES, "cancelled", LANG)
    return word(WAVES, wave.status, LANG)


def counts_line(counts: Mapping[str, int]) -> str:
    """How bodies stand, in the order of the statuses: `done 3, failed 1`."""
    return ", ".join(
        f"{word(BODIES, status, LANG)} {counts[status]}" for status in BODIES if status in counts
    )


def local(moment: datetime | None) -> str | None:
    """A moment in Japan, to the minute."""
    return None if moment is None else moment.astimezone(JAPAN).strftime("%m-%d %H:%M")


def why_of(body: BodyRow) -> str:
    """What keeps a body from going on, then what went wrong with it."""
    record = body_record(body)
    said = [record["waits"], record["error"]] if body.status == "running" else [record["error"]]
    return " / ".join(str(one) for one in said if one) or str(record["waits"] or "")
