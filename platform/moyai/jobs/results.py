"""The one line that a job hands back, as both halves know it: `MOYAI-RESULT {json}`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moyai.errors import ExitCode, MoyaiError
from moyai.texts import Text, document_of

MARK = "MOYAI-RESULT "
LINE_BYTES = 16_000
"""ECS cuts a log line after 16 KiB into several events."""
WITH_RESULT = frozenset({ExitCode.DONE, ExitCode.BUG, ExitCode.FAILED})
"""Exit codes of jobs that wrote their result: they end themselves. A killed one has another."""

AWAY = "away"
"""In a result: the database was not reached, or the connection to it was lost on the way. The same job may
end well later."""

Fields = Mapping[str, Any]
"""JSON's own types."""


class JobError(MoyaiError):
    """Why a job failed, in the job's own words; `code` is for machines.

    Made only of words of this package, names, numbers and PostgreSQL's error classes: nothing that a
    library says about a connection or a request goes into it, as that may hold a password.
    """

    def __init__(
        self,
        code: str,
        what: Text,
        *,
        touched: Text | None = None,
        remedy: Text | None = None,
        fields: Fields | None = None,
    ) -> None:
        super().__init__(what, touched=touched, remedy=remedy)
        self.code = code
        self.fields = fields or {}
        """What the job found before it failed; part of its result."""


def line_of(verb: str, *, ok: bool, milliseconds: float, fields: Fields) -> str:
    """The line to print."""
    document = {"verb": verb, "ok": ok, "ms": round(milliseconds, 1), **fields}
    line = MARK + json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    assert len(line.encode()) < LINE_BYTES, "results are short: names, numbers and sentences"
    return line


def failure_fields(error: JobError) -> dict[str, Any]:
    """A failure as fields of the result."""
    said = {
        "reason": error.what,
        "touched": error.touched,
        "remedy": error.remedy,
    }
    texts = {name: document_of(text) for name, text in said.items() if text is not None}
    return {"code": error.code, **texts, **error.fields}


def find(lines: Iterable[str]) -> dict[str, Any] | None:
    """The last result among a log's lines, or None."""
    found: dict[str, Any] | None = None
    for line in lines:
        if line.startswith(MARK):
            try:
                document = json.loads(line[len(MARK) :])
            except ValueError:
                continue  # cut off while it was written
            if isinstance(document, dict):
                found = document
    return found
