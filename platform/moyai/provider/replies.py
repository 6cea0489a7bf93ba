"""How failures are told to the engine."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from moyai.provider.properties import Secrets, to_struct
from moyai.provider.resources import Live
from moyai.texts import Lang, Text

_LOCALE_VARIABLES = ("MOYAI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language() -> Lang:
    """The language of this process: MOYAI_LANG, then the locale, then English."""
    for variable in _LOCALE_VARIABLES:
        value = os.environ.get(variable, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def half_made(context: Any, live: Live, reasons: list[str], secrets: Secrets) -> NoReturn:
    """End an RPC so that the engine keeps the resource, and completes it by its next update."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=live.id,
        properties=to_struct(live.outputs, secrets),
        inputs=to_struct(live.inputs, secrets),
        reasons=reasons,
    )
    message = "\n".join(reasons)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError  # abort raises


def describe_bug(error: Exception) -> Text:
    """An unexpected exception as a sentence: its type and where, not its words.

    Words of an exception can be a property's value, and so a secret's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = " ← ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    name = type(error).__name__
    return Text(
        f"プラグインの不具合です（{name}）: {where}", f"a bug in the plugin ({name}): {where}"
    )
