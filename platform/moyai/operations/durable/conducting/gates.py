"""The look at a wave's bodies after its soak: the next wave begins only where all of them are well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa

from moyai.audit.details import checked, plain
from moyai.errors import MoyaiError
from moyai.operations.durable.carrying.failures import NOBODY_CAN_SAY, bug, signature, to_document
from moyai.operations.durable.conducting.plans import KnownPlan, Plans
from moyai.operations.durable.knowledge import Knowledge

_LOCK = sa.text("SELECT pg_try_advisory_lock(7703, hashtext(:what))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(7703, hashtext(:what))")
_WANTED = sa.text(
    "SELECT true FROM moyai.wave WHERE operation_id = :id AND number = :number "
    "AND status = 'soaking' AND soak_until <= clock_timestamp() "
    "AND (healthy_at IS NULL OR healthy_at < soak_until)"
)
_DONE = sa.text(
    "SELECT code FROM moyai.body WHERE operation_id = :id AND wave = :number AND status = 'done' "
    "ORDER BY position"
)
_HEALTHY = sa.text("SELECT moyai.pass_gate(:id, :number)")
_HELD = sa.text("SELECT moyai.hold_at_gate(:id, CAST(:unwell AS jsonb))")
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Gates:
    """Looks at waves whose soak has passed. One worker at a time looks at a wave."""

    engine: sa.Engine
    plans: Plans
    knowledge: Knowledge

    def look(self, wanted: Mapping[str, tuple[int, ...]]) -> None:
        """Look at the waves that are wanted, operation → numbers, and put on record what is found."""
        for operation, numbers in wanted.items():
            for number in numbers:
                self._wave(operation, number)

    def _wave(self, operation: str, number: int) -> None:
        """Looked at between transactions: a look takes longer than a session may stand in one."""
        known = self.plans.of(operation)
        turn = {"what": f"{operation}/{number}"}
        with self.engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(_LOCK, turn).scalar():
                return
            try:
                self._look_at(connection, operation, number, known)
            finally:
                connection.execute(_UNLOCK, turn)

    def _look_at(
        self, connection: sa.Connection, operation: str, number: int, known: KnownPlan
    ) -> None:
        given = {"id": operation, "number": number}
        if not connection.execute(_WANTED, given).scalar():
            return  # another worker looked meanwhile
        codes = [str(row[0]) for row in connection.execute(_DONE, given)]
        try:
            found = self._unwell(known, codes)
        except NOBODY_CAN_SAY:
            return  # at a later look
        with self.engine.begin() as writing:
            if found:
                writing.execute(_HELD, {"id": operation, "unwell": _written(found)})
            else:
                writing.execute(_HEALTHY, given)

    def _unwell(self, known: KnownPlan, codes: list[str]) -> dict[str, MoyaiError]:
        """Those that are not well, and why. Raises one of `NOBODY_CAN_SAY`."""
        kind = self.knowledge.kind(known.plan.kind)

        def looked(code: str) -> MoyaiError | None:
            try:
                kind.is_well(known.plan, known.plan.body(code))
            except NOBODY_CAN_SAY:
                raise
            except MoyaiError as error:
                return error
            except Exception as error:  # a bug must not pass for health
                return bug(error)
            return None

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate") as pool:
            answers = dict(zip(codes, pool.map(looked, codes), strict=True))
        return {code: error for code, error in answers.items() if error is not None}


def _written(found: Mapping[str, MoyaiError]) -> str:
    unwell = [
        {
            "code": code,
            "error": plain(checked(to_document(error))),
            "signature": signature("soak", error),
        }
        for code, error in found.items()
    ]
    return json.dumps(unwell, ensure_ascii=False)
