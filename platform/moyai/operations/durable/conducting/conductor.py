"""What begins, waits, holds and ends: `planning.fleet.conducting` decides, this reads and writes.

One worker at a time looks, under an advisory lock of each transaction; the clock is the server's.
A body that begins is put on the queue in the transaction that begins it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.deciding import (
    Alive,
    alive,
    busy,
    conduct,
    my_turn,
    room,
    waves,
)
from moyai.operations.database.epochs import behind
from moyai.operations.database.lost import is_lost, is_passing
from moyai.operations.durable.carrying.failures import bug
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.bounds import Bounds
from moyai.operations.durable.conducting.debts import Debts
from moyai.operations.durable.conducting.files import Files
from moyai.operations.durable.conducting.half_way import in_sight
from moyai.operations.durable.conducting.lapsing import Lapsing
from moyai.operations.durable.conducting.on_record import OnRecord
from moyai.operations.durable.conducting.plans import KnownPlan, Plans
from moyai.operations.durable.conducting.standing import Standing
from moyai.operations.durable.conducting.steered import Steered
from moyai.operations.durable.conducting.stranded import Stranded
from moyai.operations.durable.conducting.unread import Unread
from moyai.operations.durable.conducting.unreadable import cancelling, give_up
from moyai.operations.durable.conducting.waiting import Waiting
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.queue.dbos_queue import BodyQueue
from moyai.operations.durable.troubles import Troubles
from moyai.operations.notices.happenings import happened, stalled
from moyai.operations.notices.record import tell
from moyai.planning.fleet.conducting import Decision, decide
from moyai.planning.fleet.exceptions import Bounded
from moyai.planning.fleet.states import OperationState
from moyai.planning.fleet.wanted import needs_approval
from moyai.texts import Text

_STRANDED_SECONDS = 1.0
"""Between two searches for bodies that no workflow carries."""


class Conductor:
    """The conductor of one worker process; its looks exclude those of others."""

    def __init__(
        self,
        engine: sa.Engine,
        queue: BodyQueue,
        plans: Plans,
        knowledge: Knowledge,
        approved: Approved,
        say: Callable[[str], None] = lambda _words: None,
        files: Files | None = None,
        bounds: Bounds | None = None,
        troubles: Troubles | None = None,
        on_record: OnRecord | None = None,
        steered: Steered | None = None,
    ) -> None:
        """`say`: a line of the worker's log. `files`: whether tenants.yaml is older; None: never.
        `troubles`: the worker's."""
        self._files = files
        self._bounds = bounds or Bounds(knowledge)
        self._on_record = OnRecord(engine) if on_record is None else on_record
        self._refused: Text | None = None
        self._engine = engine
        self._say = say
        self._said: dict[str, str] = {}
        self._unread = Unread(engine, Troubles(say) if troubles is None else troubles)
        self._stranded = Stranded(queue)
        self._debts = Debts(knowledge.site, knowledge.registry, knowledge.releases)
        self._queue = queue
        self._knowledge = knowledge
        self._plans = plans
        self._approved = approved
        self._standing = Standing()
        self._waiting = Waiting()
        self._lapsing = Lapsing()
        self._steered = steered or Steered(engine, knowledge.registry)
        self._searched = -_STRANDED_SECONDS
        self.gates: dict[str, tuple[int, ...]] = {}
        """Operation → waves whose bodies' health is to be looked at now."""

    def look(self) -> bool:
        """One look at all operations that have not ended; whether to look again soon: something moved,
        or another worker was looking, who may not have seen what has ended here."""
        try:
            return self._look()
        except BaseException:
            self._forget()
            raise

    def _look(self) -> bool:
        """Each operation in a transaction of its own: its row is locked before chains of the audit, as by
        persons' commands, and what is wrong with one operation holds up no other."""
        with self._engine.begin() as connection:
            if my_turn(connection) is None:
                self.gates = {}  # another conducts, and looks
                return True
            if behind(connection) is not None:
                self.gates = {}  # nobody knows what was done since: a person says how it goes on
                self._forget()
                return False
            rows = alive(connection, self._knowledge.site)
            knowns = {row.id: known for row in rows if (known := self._known(row.id)) is not None}
            if self._is_others(connection, knowns.values()):
                return False
            moved = self._put_back_stranded(connection, knowns)
        self._settle()
        for memory in (
            self._standing,
            self._waiting,
            self._plans,
            self._bounds,
            self._on_record,
            self._lapsing,
            self._steered,
        ):
            memory.keep_only(knowns)
        self._said = {row.id: self._said[row.id] for row in rows if row.id in self._said}
        self._unread.keep_only({row.id for row in rows})
        for row in rows:
            known = knowns.get(row.id)
            if known is not None:
                moved = self._alone(row.id, partial(self._conduct, row, known)) or moved
            elif row.wanted in ("cancel", "stop"):
                moved = self._alone(row.id, partial(self._cancel, row)) or moved
        return moved

    def _is_others(self, connection: sa.Connection, knowns: Iterable[KnownPlan]) -> bool:
        """Whether operations are left to a worker that has a newer tenants.yaml, as debts and gates are."""
        if self._files is None:
            return False
        self._refused = self._files.older(one.plan.registry_sha256 for one in knowns)
        if self._refused is None:
            return False
        self.gates = {}  # nobody is found well by an older file
        return self._files.others(connection)

    def _settle(self) -> None:
        if self._debts.is_due and self._refused is None:
            with suppress(MoyaiError), self._engine.begin() as connection:
                if my_turn(connection) is not None:
                    self._debts.look(connection)

    def _alone(self, operation: str, do: Callable[[sa.Connection, datetime], bool]) -> bool:
        """One operation's part of a look; whether to look again soon. Raises where the database is away."""
        try:
            with self._engine.begin() as connection:
                now = my_turn(connection)
                moved = now is None or do(connection, now)
        except MoyaiError as error:  # tenants.yaml while it is being edited
            self._unread.meet(operation, error, self._waiting)
            return False
        except sa.exc.TimeoutError:
            raise
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            if is_lost(error):
                raise
            if is_passing(error):
                self._forget(operation)
                return True
            cause = getattr(error, "orig", None) or error
            self._say_once(operation, f"cannot go on: {type(cause).__name__}")
        except Exception as error:  # whatever its plan leads to
            self._say_once(operation, f"cannot go on: {bug(error).what.en}")
        else:
            self._unread.over(operation)
            return moved
        self._forget(operation)
        return False

    def _forget(self, operation: str | None = None) -> None:
        """What was read and told of an operation, or of all, may have been rolled back."""
        for memory in (self._standing, self._waiting, self._lapsing):
            memory.forget(operation)

    def _conduct(
        self, row: Alive, known: KnownPlan, connection: sa.Connection, now: datetime
    ) -> bool:
        altered = self._on_record.altered(connection, row.id, known, row.version)
        if altered is not None and row.wanted in ("cancel", "stop"):
            return self._cancel(row, connection, now)
        clear = {} if altered else self._approved.until(connection, row.id)
        places, state = room(connection), self._state(connection, row, known, altered, clear)
        plan = known.plan if state.unjudged else self._bounds.of(row.id, known).plan
        steps = self._knowledge.kind(known.plan.kind).steps
        decision = in_sight(
            connection, row.id, known, steps, state, decide(plan, state, now, places)
        )
        waited = self._waiting.told(row.id)
        if self._apply(connection, row, decision):
            told = happened(plan, state, decision, now, waited)
            ending = self._lapsing.look(row.id, plan, state, clear, now)
            tell(connection, row.id, [*told, *ending])
            why = altered if state.status == "planned" else _held_anew(state, decision)
            if why is not None and _changes(decision):
                tell(connection, row.id, [stalled(why, now)])
        return _changes(decision)

    def _cancel(self, row: Alive, connection: sa.Connection, _now: datetime) -> bool:
        """One whose plan is not known here: no plan has to be read for that."""
        # What follows is decided in another transaction: chains are locked by bodies' codes.
        if give_up(connection, row.id, self._stranded):
            return True
        given = cancelling(connection, row)
        if given is None:
            return False
        begun = conduct(connection, row, *given)
        if isinstance(begun, str):
            self._say_once(row.id, f"cannot go on: {begun}")
            return False
        return True

    def _say_once(self, operation: str, words: str) -> None:
        if self._said.get(operation) != words:
            self._said[operation] = words
            self._say(f"{operation} {words}")

    def _known(self, operation: str) -> KnownPlan | None:
        """Its plan; None for one of another version of the code, which holds up no other."""
        try:
            known = self._plans.of(operation)
            kind = self._knowledge.kind(known.plan.kind)
        except (sa.exc.DBAPIError, psycopg.Error):
            raise
        except Exception as error:  # whatever another version's plan leads to
            self._say_once(operation, f"is not known here, and left to others: {error!r:.200}")
            return None
        if kind.needs_approval and not needs_approval(known.plan):
            # Whether a kind needs approval is not for a plan to say.
            self._say_once(operation, "says that it needs no approval: left alone")
            return None
        return known

    def _state(
        self,
        connection: sa.Connection,
        row: Alive,
        known: KnownPlan,
        altered: Text | None,
        clear: Mapping[str, datetime],
    ) -> OperationState:
        unjudged = altered or self._refused
        steered = self._steered.of(connection, row.id, row.version, known)
        bounded = Bounded(known.plan, known.bodies) if unjudged else self._bounds.of(row.id, known)
        return OperationState(
            status=row.status,
            planned_at=row.planned_at,
            status_reason=row.reason,
            # Both let what waits be cancelled; how running bodies end is their carrying's.
            wanted="cancel" if row.wanted == "stop" else row.wanted,
            bodies=self._standing.of(connection, row.id),
            waves=waves(connection, row.id),
            approved=frozenset(clear),
            busy=busy(connection, row.id),
            released={
                what: datetime.fromisoformat(moment)
                for what, moment in row.released.items()
                if what not in steered.not_released
            },
            unjudged=unjudged,
            refused=steered.why or bounded.refused,
            refuses=bounded.waits,
            health_gates=self._knowledge.kind(known.plan.kind).gates_by_health,
        )

    def _apply(self, connection: sa.Connection, row: Alive, decision: Decision) -> bool:
        """Write what was decided; False where a person wanted something meanwhile, or the database says that it
        does not follow from what is on record: it is decided anew."""
        if _changes(decision):
            begun = conduct(connection, row, decision)
            if not isinstance(begun, list):
                if begun is not None:
                    self._say_once(row.id, f"cannot go on: {begun}")
                return False
            self._put_on_queue(connection, row.id, decision, begun)
        self._waiting.tell(connection, row.id, decision.waits)
        if decision.health_of:
            self.gates[row.id] = decision.health_of
        else:
            self.gates.pop(row.id, None)
        return True

    def _put_on_queue(
        self, connection: sa.Connection, operation: str, decision: Decision, begun: list[Any]
    ) -> None:
        """In the plan's order."""
        found = {code: (carrier, (operation, code, attempt)) for code, attempt, carrier in begun}
        self._queue.put_all(connection, [found[code] for code in decision.begin if code in found])

    def _put_back_stranded(self, connection: sa.Connection, known: Mapping[str, KnownPlan]) -> bool:
        """Bodies whose ticket carries them no further get another; looked for now and then."""
        if time.monotonic() - self._searched < _STRANDED_SECONDS:
            return False
        self._searched = time.monotonic()
        return self._stranded.put_back(connection, known)


def _held_anew(state: OperationState, decision: Decision) -> Text | None:
    """Why an operation that is held for one reason already is held for what this worker refuses, or None: of
    the first hold another notice tells."""
    status = decision.status
    is_held = state.status == "held" and status is not None and status.status == "held"
    return state.refused if is_held and status and status.reason == state.refused else None


def _changes(decision: Decision) -> bool:
    return bool(decision.begin or decision.bodies or decision.waves or decision.status)
