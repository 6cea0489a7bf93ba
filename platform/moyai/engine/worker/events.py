"""The engine's events: read while they are written, and added up to what a run did.

The layout is `sdk/go/common/apitype/events.go` of the pinned engine. The engine writes `[secret]`
where a secret property stands; diagnostics are free text, and go through `Redactor` before they
are kept or shown anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from moyai.engine.stacks import Op, Step
from moyai.engine.state.checkpoint import name_of

_CHUNK = 1 << 20

_OPS: Mapping[str, Op] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "same": "same",
    "refresh": "refresh",
    "read": "read",
    "import": "import",
    "import-replacement": "import",
}
"""The engine's operations that stand for a resource of the program.

Left out: `create-replacement`, `delete-replaced`, `discard-replaced`, `read-replacement`,
`read-discard` and `remove-pending-replace`, the inner halves of a `replace`.
"""


class EventLog:
    """Lines of JSON that another process appends to a file."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._offset = 0
        self._rest = b""

    def new(self) -> Iterator[Mapping[str, Any]]:
        """The events that were written since the last call; a half line waits for its end."""
        while chunk := os.pread(self._handle, _CHUNK, self._offset):
            self._offset += len(chunk)
            lines = (self._rest + chunk).split(b"\n")
            self._rest = lines.pop()
            yield from (orjson.loads(line) for line in lines if line)


@dataclass(frozen=True, slots=True)
class Moved:
    """One resource began or ended a step."""

    step: Step
    done: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error that the engine, a provider or the program told. Not yet fit to be shown."""

    message: str
    name: str | None
    """The logical name of the resource, or None."""
    type: str | None


@dataclass(slots=True)
class Tally:
    """What a run did, as far as its events say. Fed by `take`."""

    steps: list[Step] = field(default_factory=list)
    drift: list[Step] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    summary: Mapping[str, int] = field(default_factory=dict)
    failed: list[Step] = field(default_factory=list)
    """Steps that began and did not end well."""
    begun: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Creates under way or failed: URN → the state that was to be created (`[secret]` for
    secrets), with `replaces`: whether another resource of that URN was there. What stays here when
    a run ends may or may not be there live."""
    _open: dict[tuple[str, str], Step] = field(default_factory=dict)
    _counted: set[tuple[str, str]] = field(default_factory=set)

    def take(self, event: Mapping[str, Any]) -> Moved | None:
        """Count one event; returns what a person should see of it."""
        if "resourcePreEvent" in event:
            return self._begin(event["resourcePreEvent"]["metadata"])
        if "resOutputsEvent" in event:
            return self._end(event["resOutputsEvent"]["metadata"])
        if "resOpFailedEvent" in event:
            self._fail(event["resOpFailedEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            self._hear(event["diagnosticEvent"])
        elif "errorEvent" in event:
            self.troubles.append(Trouble(event["errorEvent"]["error"], None, None))
        elif "summaryEvent" in event:
            self.summary = event["summaryEvent"]["resourceChanges"] or {}
        return None

    @property
    def under_way(self) -> tuple[Step, ...]:
        """Steps that began and of whose end nothing was heard."""
        return tuple(self._open.values())

    def _begin(self, metadata: Mapping[str, Any]) -> Moved | None:
        if metadata["op"] in ("create", "create-replacement") and metadata["new"].get("custom"):
            replaces = metadata["op"] == "create-replacement"
            self.begun[metadata["urn"]] = {**metadata["new"], "replaces": replaces}
        step = _step(metadata)
        if step is None or _is_frame(metadata):
            return None
        if step.op != "same":
            self._open[metadata["urn"], metadata["op"]] = step
        return Moved(step, done=False)

    def _end(self, metadata: Mapping[str, Any]) -> Moved | None:
        if metadata["op"] in ("create", "create-replacement"):
            self.begun.pop(metadata["urn"], None)
        was_refresh = self._open.pop((metadata["urn"], "refresh"), None)
        self._open.pop((metadata["urn"], metadata["op"]), None)
        step = _step(metadata)
        if step is None or _is_frame(metadata):
            return None
        if was_refresh is not None:
            self._compare(metadata, was_refresh)
            return Moved(was_refresh, done=True)
        if step.op not in ("same", "refresh"):
            if (metadata["urn"], metadata["op"]) in self._counted:
                return None  # a component ends once more when it registers its outputs
            self._counted.add((metadata["urn"], metadata["op"]))
            self.steps.append(step)
        return Moved(step, done=True)

    def _compare(self, metadata: Mapping[str, Any], read: Step) -> None:
        """Count what a refresh found different.

        Within an update its end is called `refresh` too; by itself, by what it comes to.
        """
        if metadata["new"] is None:
            self.drift.append(Step("delete", read.type, read.name))
        elif properties := _properties(metadata):
            self.drift.append(Step("update", read.type, read.name, properties))

    def _fail(self, metadata: Mapping[str, Any]) -> None:
        self._open.pop((metadata["urn"], metadata["op"]), None)
        step = _step(metadata)
        if step is not None and not _is_frame(metadata):
            self.failed.append(step)

    def _hear(self, diagnostic: Mapping[str, Any]) -> None:
        urn = diagnostic.get("urn") or None
        message = diagnostic["message"].strip()
        if diagnostic["severity"] == "error":
            name = name_of(urn) if urn else None
            self.troubles.append(Trouble(message, name, _type_of(urn) if urn else None))
        elif diagnostic["severity"] == "warning":
            self.warnings.append(message)


def _step(metadata: Mapping[str, Any]) -> Step | None:
    op = _OPS.get(metadata["op"])
    if op is None:
        return None
    properties = _properties(metadata) if op in ("update", "replace") else ()
    return Step(op, metadata["type"], name_of(metadata["urn"]), properties)


def _properties(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ()))


_FRAMES = frozenset({"pulumi:pulumi:Stack", "pulumi:pulumi:StackReference"})


def _is_frame(metadata: Mapping[str, Any]) -> bool:
    """The stack itself, references and providers frame the resources: no work of their own."""
    kind: str = metadata["type"]
    return kind in _FRAMES or kind.startswith("pulumi:providers:")


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]
