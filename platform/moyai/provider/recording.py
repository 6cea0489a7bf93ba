"""Writing down every call that a plugin makes, for a benchmark that replays the changing ones."""

from __future__ import annotations

import json
import threading
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import boto3

_READING = ("Describe", "Get", "List", "Head", "Lookup", "BatchGet")


def is_mutating(operation: str) -> bool:
    """Whether an operation changes anything, by AWS's own way of naming them."""
    return not operation.startswith(_READING)


def record_calls(session: boto3.Session, place: Path) -> None:
    """Append one JSON line for each call of a session's clients.

    A line has service, region, operation, params, response, mutating and seconds. Bodies and
    secrets' values are left out.
    """
    lock = threading.Lock()
    begun = threading.local()

    def before(params: Any, **_: Any) -> None:
        begun.at = time.perf_counter()
        begun.params = params

    def after(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
        line = {
            "service": model.service_model.service_name,
            "operation": model.name,
            "mutating": is_mutating(model.name),
            "status": http_response.status_code,
            "params": begun.params,
            "response": {key: value for key, value in parsed.items() if key != "ResponseMetadata"},
            "seconds": round(time.perf_counter() - begun.at, 6),
        }
        words = json.dumps(line, default=_plain, ensure_ascii=False)
        with lock, place.open("a", encoding="utf-8") as lines:
            lines.write(words + "\n")

    def remember(params: Any, model: Any, context: Any, **_: Any) -> None:
        del model
        begun.region = context.get("client_region")
        begun.params = {key: value for key, value in params.items() if key != "SecretString"}
        begun.at = time.perf_counter()

    del before
    session.events.register("provide-client-params.*.*", remember)
    session.events.register("after-call.*.*", after)


def _plain(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return None
