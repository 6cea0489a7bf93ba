"""What is on record of one body's carrying: each call is one transaction and one round trip."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from moyai.audit.pieces import Pieces
from moyai.operations.database.connecting import is_lost
from moyai.registry.models import JsonValue

FENCED = "MY001"
_AGAIN_SECONDS = 0.3
"""Between two tries to reach a server that is away."""
_TAKE = sa.text("SELECT moyai.take(:operation, :code, :attempt, :worker)")
_GO_ON = sa.text(
    "SELECT moyai.go_on(:operation, :code, :claim, :ended, :looked, CAST(:result AS jsonb), "
    "CAST(:error AS jsonb), :signature, :next, :ordinal, :key, CAST(:records AS jsonb))"
)
_FINISH = sa.text(
    "SELECT moyai.finish(:operation, :code, :claim, :status, CAST(:error AS jsonb), :signature, "
    "CAST(:result AS jsonb), CAST(:record AS jsonb), CAST(:debt AS jsonb))"
)


class Fenced(Exception):  # nobody's error: the body is another's by now
    """Another carrying has the body; this one ends, and writes nothing more."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step on record. `status`: `intended`, `done`, `failed`."""

    name: str
    ordinal: int
    status: str
    result: Mapping[str, Any]
    """Of a failed one: its error."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A body in hand."""

    operation: str
    code: str
    attempt: int
    claim: int
    steps: tuple[StepRecord, ...]
    error: Mapping[str, Any] | None
    """Why it is being taken back, where it is."""
    signature: str | None
    wanted: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a step. `error` has the sentences that people read, or is None."""

    name: str
    result: Mapping[str, JsonValue]
    looked: bool = False
    error: Mapping[str, JsonValue] | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """A step that is about to begin."""

    name: str
    ordinal: int
    key: str


class Ledger:
    """The record of one worker's carryings. May be used by several threads."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._worker = worker

    def take(self, operation: str, code: str, attempt: int) -> Taken | None:
        """Take a body that was begun; None where that attempt is over."""
        given = {"operation": operation, "code": code, "attempt": attempt}
        found = self._call(_TAKE, {**given, "worker": self._worker})
        if found is None:
            return None
        steps = tuple(
            StepRecord(one["step"], one["ordinal"], one["status"], one["result"] or {})
            for one in found["steps"]
        )
        return Taken(
            operation,
            code,
            attempt,
            found["claim"],
            steps,
            found["error"] if any(step.status == "failed" for step in steps) else None,
            found["signature"],
            found["wanted"],
        )

    def go_on(
        self, taken: Taken, ended: Ended | None, following: Next | None, records: Sequence[Pieces]
    ) -> str:
        """Put a step's end and the next one's beginning on record; what is wanted (`run`, `pause`,
        `cancel`, `stop`). Raises `Fenced`."""
        answer = self._call(
            _GO_ON,
            {
                **_of(taken),
                "ended": None if ended is None else ended.name,
                "looked": ended is not None and ended.looked,
                "result": None if ended is None else _json(ended.result),
                "error": None if ended is None else _json(ended.error),
                "signature": None if ended is None else ended.signature,
                "next": None if following is None else following.name,
                "ordinal": None if following is None else following.ordinal,
                "key": None if following is None else following.key,
                "records": _json([list(record) for record in records]),
            },
        )
        return str(answer)

    def finish(
        self,
        taken: Taken,
        status: str,
        record: Pieces,
        *,
        error: Mapping[str, JsonValue] | None = None,
        signature: str | None = None,
        result: Mapping[str, JsonValue] | None = None,
        debt: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Put the body's end on record, with a debt where work stays owed. Raises `Fenced`."""
        given = {"status": status, "signature": signature, "record": _json(list(record))}
        documents = {"error": _json(error), "result": _json(result), "debt": _json(debt)}
        self._call(_FINISH, {**_of(taken), **given, **documents})

    def _call(self, statement: sa.TextClause, given: Mapping[str, object]) -> Any:
        """Ask until there is an answer: the functions know what they were asked before."""
        while True:
            try:
                with self._engine.connect() as connection:
                    return connection.execute(statement, given).scalar()
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == FENCED:
                    raise Fenced from None
                if not is_lost(error):
                    raise
            time.sleep(_AGAIN_SECONDS)


def _of(taken: Taken) -> dict[str, object]:
    return {"operation": taken.operation, "code": taken.code, "claim": taken.claim}


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
