"""What is on record of one body's carrying: each call is done once and as a whole, with others at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from moyai.audit.details import checked, plain
from moyai.json_value import JsonValue
from moyai.operations.database.attempts import STEPS, step_records
from moyai.operations.database.left import StepRecord
from moyai.operations.database.lost import is_lost, is_passing
from moyai.operations.durable.carrying.combining import Combining, Together
from moyai.operations.notices.happenings import Happening
from moyai.operations.notices.record import documents
from moyai.planning.fleet.durations import service_of
from moyai.planning.fleet.plans import OperationPlan

FENCED = "MY001"
_AGAIN_SECONDS = 0.3
"""Between two tries to reach a server that is away."""
_TAKE = "SELECT moyai.take(%s, %s, %s, %s)"
_GO_ON = (
    "SELECT moyai.go_on(%s, %s, %s, %s, %s, CAST(%s AS jsonb), CAST(%s AS jsonb), %s, %s, %s, %s)"
)
_GO_ON_TOGETHER = (
    "SELECT moyai.go_on_together(CAST(%s AS text[]), CAST(%s AS text[]), CAST(%s AS bigint[]), "
    "CAST(%s AS text[]), CAST(%s AS boolean[]), CAST(CAST(%s AS text[]) AS jsonb[]), "
    "CAST(%s AS text[]), CAST(%s AS integer[]), CAST(%s AS text[]))"
)
_FINISH = (
    "SELECT moyai.finish(%s, %s, %s, %s, %s, CAST(%s AS jsonb), %s, CAST(%s AS jsonb), %s, "
    "CAST(%s AS jsonb))"
)
_PUT_BACK = "SELECT moyai.put_back(%s, %s, %s, %s, CAST(%s AS jsonb), CAST(%s AS jsonb), %s)"
_LOOK_AGAIN = "SELECT moyai.look_again(%s, %s, %s, %s, CAST(%s AS jsonb))"
_STANDS = (
    "SELECT jsonb_build_object('now', clock_timestamp(), 'wanted', o.wanted) FROM moyai.body b "
    "JOIN moyai.operation o ON o.id = b.operation_id WHERE b.operation_id = %s AND b.code = %s "
    "AND b.claim = %s AND b.status = 'running'"
)
_TELL_WAIT = "SELECT moyai.tell_wait(%s, %s, %s, CAST(%s AS jsonb))"
_TELL = "SELECT moyai.tell(%s, CAST(%s AS jsonb))"
_TAKES_OVER = (
    "SELECT plan::jsonb #> ARRAY['parameters', 'takes_over', %s] FROM moyai.operation WHERE id = %s"
)
_SUCCESSOR = (
    "WITH touched AS MATERIALIZED (SELECT DISTINCT operation_id FROM moyai.step "
    "WHERE code = %s AND ordinal > 1 AND operation_id <> %s) "
    "SELECT o.id FROM moyai.operation o JOIN touched ON touched.operation_id = o.id "
    "WHERE o.plan::jsonb #>> ARRAY['parameters', 'takes_over', %s, 'operation'] = %s LIMIT 1"
)
_CHANGED_AT = (
    "WITH given AS (SELECT CAST(%s AS text) AS operation, CAST(%s AS text) AS code, "
    "CAST(%s AS integer) AS attempt, CAST(%s AS text[]) AS names) "
    "SELECT to_jsonb(coalesce(min(s.intended_at) FILTER (WHERE s.step = ANY (given.names)), "
    "min(s.intended_at))) FROM moyai.step s JOIN given ON s.operation_id = given.operation "
    "AND s.code = given.code AND s.attempt = given.attempt"
)
_HAND_OVER = f"{_GO_ON} FROM moyai.hand_over(%s, %s, %s, %s, CAST(%s AS jsonb))"
_BEHIND = """SELECT moyai.found_behind('{"by": "fence"}')"""
_VERIFIED = (
    "SELECT to_jsonb(max(s.done_at)) FROM moyai.step s JOIN moyai.operation o ON o.id = s.operation_id "
    "WHERE o.kind = 'backup' AND s.code = %s AND s.step = %s AND s.status = 'done' "
    "AND s.result ? 'manifest'"
)
_OWED = (
    "SELECT to_jsonb(EXISTS (SELECT 1 FROM moyai.debt d JOIN moyai.operation o ON o.id = d.operation_id "
    "WHERE d.code = %s AND d.kind = %s AND split_part(d.subject, ' ', 1) = %s AND o.site = %s AND o.id <> %s "
    "AND d.opened_at <= %s AND (d.closed_at IS NULL OR d.closed_at > %s)))"
)


class Fenced(Exception):  # nobody's error: the body is another's by now
    """Another carrying has the body; this one ends, and writes nothing more."""


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
    earlier: tuple[StepRecord, ...] = ()
    """Of the attempts before, the oldest first."""
    epoch: int = 1
    """Of the operations database: a later one begins where it was restored from a copy."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How a body in hand stands now."""

    now: datetime
    """By the server's clock."""
    wanted: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a step. `error` has the sentences that people read, or is None."""

    name: str
    result: Mapping[str, JsonValue]
    looked: bool = False
    error: Mapping[str, JsonValue] | None = None
    error_signature: str | None = None
    """What failures of one cause have in common."""


@dataclass(frozen=True, slots=True)
class Next:
    """A step that is about to begin."""

    name: str
    ordinal: int
    key: str


class Ledger:
    """The record of one worker's carryings. May be used by several threads."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        self._engine = engine
        self._combining = Combining(engine, together={_GO_ON: _TOGETHER})
        self._worker = worker

    def take(self, operation: str, code: str, attempt: int) -> Taken | None:
        """Take a body that was begun; None where that attempt is over."""
        found = self._call(_TAKE, (operation, code, attempt, self._worker))
        if found is None:
            return None
        steps = step_records(found["steps"])
        return Taken(
            operation,
            code,
            attempt,
            found["claim"],
            steps,
            found["error"] if any(step.status == "failed" for step in steps) else None,
            step_records(found["earlier"]),
            found["epoch"],
        )

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        """Put a step's end and the next one's beginning on record; what is wanted (`run`, `pause`,
        `cancel`, `stop`). Raises `Fenced`."""
        return str(self._call(_GO_ON, _going_on(taken, ended, following)))

    def finish(
        self,
        taken: Taken,
        status: str,
        *,
        ended: Ended | None = None,
        error: Mapping[str, JsonValue] | None = None,
        error_signature: str | None = None,
    ) -> None:
        """Put the body's end on record, with a debt where work stays owed; and the end of the last step,
        where that is not on record yet. Raises `Fenced`."""
        self._call(
            _FINISH,
            (
                *_of(taken),
                None if ended is None else ended.name,
                ended is not None and ended.looked,
                None if ended is None else _json(ended.result),
                status,
                _json(error),
                error_signature,
                None,
            ),
        )

    def stands(self, taken: Taken) -> Stands:
        """How a body in hand stands now. Raises `Fenced`."""
        found = self._call(_STANDS, _of(taken))
        if found is None:
            raise Fenced
        return _stands(found)

    def tell_wait(self, taken: Taken, waits: Mapping[str, JsonValue] | None) -> Stands:
        """Put in sight why a body in hand waits (None: it goes on); how it stands. Raises `Fenced`."""
        return _stands(self._call(_TELL_WAIT, (*_of(taken), _json(waits))))

    def tell(self, taken: Taken, happening: Happening) -> None:
        """Put on record what operators are told of; each key once."""
        told = json.dumps(documents([happening]), ensure_ascii=False)
        self._call(_TELL, (taken.operation, told))

    def changed_at(self, taken: Taken, changing: Set[str]) -> datetime:
        """When this attempt, which has begun a step, began the first of those named, or its first; by the
        server's clock."""
        given = (taken.operation, taken.code, taken.attempt, sorted(changing))
        return datetime.fromisoformat(self._call(_CHANGED_AT, given))

    def inherited(self, operation: str, code: str) -> tuple[StepRecord, ...]:
        """All steps of a body that an operation began, with those of the operations that it took over."""
        over = self._call(_TAKES_OVER, (code, operation))
        own = step_records(self._call(STEPS, ([operation], [code])))
        if over is None or over["way"] == "afresh":
            return own
        return (*self.inherited(over["operation"], code), *own)

    def successor(self, taken: Taken) -> str | None:
        """The operation that has taken the body over from this one; None: none has."""
        code = taken.code
        found = self._call(_SUCCESSOR, (code, taken.operation, code, taken.operation))
        return None if found is None else str(found)

    def hand_over(
        self,
        taken: Taken,
        before: str,
        error: Mapping[str, JsonValue],
        ended: Ended | None,
        following: Next,
    ) -> str:
        """As `go_on` to the first step that changes something, and with it put on record that this operation
        has the body from now on that another left half-way; `error` is what is said there. Raises `Fenced`."""
        given = (*_going_on(taken, ended, following), *_of(taken), before, _json(error))
        return str(self._call(_HAND_OVER, given))

    def look_again(self, taken: Taken, step: str, result: Mapping[str, JsonValue]) -> None:
        """Put on record what a step that is done found when it was done once more. Raises `Fenced`."""
        self._call(_LOOK_AGAIN, (*_of(taken), step, _json(result)))

    def verified(self, code: str, service: str) -> datetime | None:
        """When a backup of a body was last restored by way of trial, in UTC; None: never."""
        found = self._call(_VERIFIED, (code, f"restore-test:{service}"))
        return None if found is None else datetime.fromisoformat(found).astimezone(UTC)

    def owed(self, taken: Taken, plan: OperationPlan, moment: datetime) -> bool:
        """Whether other operations owed a body work of a plan's kind and service at a moment."""
        given = (taken.code, plan.kind, service_of(plan.subject), plan.site, taken.operation)
        return bool(self._call(_OWED, (*given, moment, moment)))

    def found_behind(self) -> None:
        """Put on record that the operations database is older than what a body's own has on record."""
        self._call(_BEHIND, ())

    def put_back(
        self,
        taken: Taken,
        waits: Mapping[str, JsonValue],
        seconds: int,
        *,
        ended: Ended | None = None,
    ) -> None:
        """Let a body of which nothing was changed wait again, for some seconds at least; `waits` says why.
        Raises `Fenced`."""
        self._call(
            _PUT_BACK,
            (
                *_of(taken),
                None if ended is None else ended.name,
                None if ended is None else _json(ended.result),
                _json(waits),
                seconds,
            ),
        )

    def _call(self, statement: str, given: Sequence[object]) -> Any:
        """Ask until there is an answer: the functions know what they were asked before."""
        while True:
            try:
                return self._combining.ask(statement, given)
            except (sa.exc.DBAPIError, psycopg.Error) as error:
                cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
                if getattr(cause, "sqlstate", None) == FENCED:
                    raise Fenced from None
                if is_lost(error):
                    self._engine.dispose()  # the others are of the same server
                elif not is_passing(error):
                    raise
            except sa.exc.TimeoutError:
                pass  # all connections wait for a server that does not answer
            time.sleep(_AGAIN_SECONDS)


def _stands(found: Mapping[str, Any]) -> Stands:
    return Stands(datetime.fromisoformat(found["now"]), found["wanted"])


def _going_on(taken: Taken, ended: Ended | None, following: Next | None) -> tuple[object, ...]:
    return (
        *_of(taken),
        None if ended is None else ended.name,
        ended is not None and ended.looked,
        None if ended is None else _json(ended.result),
        None if ended is None else _json(ended.error),
        None if ended is None else ended.error_signature,
        None if following is None else following.name,
        None if following is None else following.ordinal,
        None if following is None else following.key,
    )


def _goes_on(given: Sequence[object]) -> bool:
    """Whether a step ended well, or none did, and another begins."""
    error, following = given[6], given[8]
    return error is None and following is not None


_TOGETHER = Together(_GO_ON_TOGETHER, (0, 1, 2, 3, 4, 5, 8, 9, 10), _goes_on)


def _of(taken: Taken) -> tuple[str, str, int]:
    return taken.operation, taken.code, taken.claim


def _json(value: Mapping[str, JsonValue] | None) -> str | None:
    """Plain values alone, as audit records have them too."""
    return None if value is None else json.dumps(plain(checked(value)), ensure_ascii=False)
