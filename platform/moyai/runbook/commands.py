"""A step's arguments with the values in them, and the hash that approvals are bound to. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from moyai.runbook.lengths import Room
from moyai.runbook.model import Argument, Runbook, Value, Values
from moyai.runbook.templates import for_arguments

Plain = str | int | bool | None | list[str]


def arguments(run: tuple[Argument, ...], values: Values) -> tuple[str, ...]:
    """The command's arguments: each template becomes one of them, whatever its values are.

    Raises `jinja2.UndefinedError` where an answer is not there yet, `TooLong`.
    """
    room = Room()
    return tuple(word for part in run for word in _words(part, values, room))


def _words(part: Argument, values: Values, room: Room) -> Iterator[str]:
    if part.only_if is not None and values.get(part.only_if) in (None, False, (), ""):
        return
    rounds: list[Mapping[str, object]] = [values]
    if part.for_each is not None:
        items = values.get(part.for_each)
        rounds = [{**values, "each": one} for one in (items if isinstance(items, tuple) else ())]
    for known in rounds:
        for word in part.words:
            yield room.filled(for_arguments().from_string(word), known)


def plain(values: Values) -> dict[str, Plain]:
    """Values as JSON has them; dates are ISO 8601."""
    return {name: _plain(one) for name, one in values.items()}


def _plain(value: Value) -> Plain:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def content_hash(
    runbook: Runbook, values: Values, bodies: Mapping[str, Sequence[str]] | None = None
) -> str:
    """SHA-256 over canonical JSON of the runbook's content and its values: what a person approves.

    `values` are the parameters and the answers given up to the step that asks for an approval, as those are
    all that its commands depend on. `bodies`: parameter → codes that its selector means by now, so that a
    body that it means since makes the approval none.
    """
    content: dict[str, object] = {
        "moyai.runbook/1": runbook.name,
        "source_sha256": runbook.sha256,
        "values": plain(values),
    }
    if bodies is not None:
        content["bodies"] = {name: list(codes) for name, codes in bodies.items()}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
