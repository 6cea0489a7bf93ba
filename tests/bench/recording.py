"""Writing down every AWS call of a deploy, for the floor, which replays the changing ones."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import date, datetime
from json import dumps
from pathlib import Path
from typing import Any

from botocore.session import Session

from moyai.provider.properties import HIDDEN

_RECORDER = Path(__file__).parent / "recorder"
_READING = ("Describe", "Get", "List", "Head", "Lookup", "BatchGet", "Search", "Query", "Scan")
_NO_CHANGE = ("AssumeRole", "Decrypt", "Encrypt", "GenerateDataKey", "Sign", "Verify")
_LONGEST = 4096
"""Signs of one text of an answer that are kept."""
_BEGUN = "moyai_begun"


def is_mutating(operation: str) -> bool:
    """Whether an operation changes anything, by AWS's own way of naming them."""
    return not operation.startswith((*_READING, *_NO_CHANGE))


def recorded(path: Path) -> dict[str, str]:
    """Variables that let a command, and all that it starts, write their calls into a file."""
    root = _RECORDER.parents[2]
    return {"PYTHONPATH": f"{_RECORDER}:{root}", "BENCH_RECORD_CALLS": str(path)}


def record_calls(session: Session, path: Path) -> None:
    """Append one JSON line for each call of the clients that a session makes from now on.

    A line has `service`, `region`, `operation`, `params`, `response` (long texts cut), `mutating`,
    `error` (AWS's code, or null) and `seconds`. Values that AWS's own models call sensitive are
    left out. Several processes may write to one file.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def begin(params: Any, model: Any, context: Any, **_: Any) -> None:
        told = _plain(params, model.input_shape, None)
        context[_BEGUN] = (told, time.perf_counter())

    def end(http_response: Any, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        params, begun = context.pop(_BEGUN, ({}, time.perf_counter()))
        failed = http_response.status_code >= 300
        answer = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        line = {
            "service": model.service_model.service_name,
            "region": context.get("client_region"),
            "operation": model.name,
            "params": params,
            "response": {} if failed else _plain(answer, model.output_shape, _LONGEST),
            "mutating": is_mutating(model.name),
            "error": parsed.get("Error", {}).get("Code") if failed else None,
            "seconds": round(time.perf_counter() - begun, 6),
        }
        os.write(handle, dumps(line, ensure_ascii=False).encode() + b"\n")

    session.register("provide-client-params.*.*", begin)
    session.register("after-call.*.*", end)


def _hidden(value: Any) -> Any:
    """A sensitive value's form, so that a call can be made again, with none of its words."""
    if isinstance(value, Mapping):
        return {f"{HIDDEN}{number}": _hidden(item) for number, item in enumerate(value.values())}
    if isinstance(value, (list, tuple)):
        return [_members(item) if isinstance(item, Mapping) else _hidden(item) for item in value]
    return HIDDEN


def _members(item: Mapping[str, Any]) -> dict[str, Any]:
    """A structure in a list keeps its members' names, which are the service's own."""
    return {key: _hidden(value) for key, value in item.items()}


def _plain(value: Any, shape: Any, longest: int | None) -> Any:
    """A parameter or answer as JSON, without what its model calls sensitive."""
    if shape is not None and shape.metadata.get("sensitive"):
        return _hidden(value)
    if isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        inner = getattr(shape, "value", None)
        return {key: _plain(item, members.get(key, inner), longest) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        member = getattr(shape, "member", None)
        return [_plain(item, member, longest) for item in value]
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (int, float)) or value is None:
        return value
    return {"bytes": len(value) if isinstance(value, (bytes, bytearray)) else None}
