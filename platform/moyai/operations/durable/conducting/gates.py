"""The look at a wave's bodies after its soak: the next wave begins only where all of them are well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from moyai.audit.details import checked, plain
from moyai.errors import MoyaiError
from moyai.operations.database.gates import gate_bodies, gate_turn, hold_at_gate, pass_gate
from moyai.operations.durable.carrying.failures import bug, error_signature, with_touched
from moyai.operations.durable.conducting.plans import KnownPlan, Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.troubles import Troubles, why_stalled
from moyai.operations.inside.away import Absence, DatabaseAway
from moyai.operations.kinds.answers import answer_of
from moyai.operations.kinds.kind import NOBODY_CAN_SAY
from moyai.operations.notices.happenings import stalled
from moyai.operations.notices.record import tell
from moyai.texts import Text

_AT_ONCE = 4
_ALL_STAYS = Text(
    "予定した変更はすべて終わっていて、そのまま残ります。",
    "All that was planned had been done, and stays as it is.",
)


@dataclass(frozen=True, slots=True)
class Gates:
    """Looks at waves whose soak has passed. One worker at a time looks at a wave."""

    engine: sa.Engine
    plans: Plans
    knowledge: Knowledge
    troubles: Troubles = field(default_factory=Troubles)
    _absences: dict[tuple[str, str], Absence] = field(default_factory=dict)
    """Of bodies' databases, by operation and code."""

    def look(self, wanted: Mapping[str, tuple[int, ...]]) -> None:
        """Look at the waves that are wanted, operation → numbers, and put on record what is found."""
        for operation, numbers in wanted.items():
            for number in numbers:
                self._wave(operation, number)

    def _wave(self, operation: str, number: int) -> None:
        """Looked at between transactions: a look takes longer than a session may stand in one."""
        known = self.plans.of(operation)
        with self.engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            with gate_turn(connection, operation, number) as is_mine:
                if is_mine:
                    self._look_at(connection, operation, number, known)

    def _look_at(
        self, connection: sa.Connection, operation: str, number: int, known: KnownPlan
    ) -> None:
        codes = gate_bodies(connection, operation, number)
        if codes is None:
            return  # another worker looked meanwhile
        try:
            found = self._unwell(operation, known, codes)
        except NOBODY_CAN_SAY as error:
            if self.troubles.met(_who(operation, number), error):
                told = stalled(why_stalled(error), datetime.now(UTC))
                with self.engine.begin() as writing:
                    tell(writing, operation, [told])
            return  # at a later look
        self.troubles.over(_who(operation, number))
        with self.engine.begin() as writing:
            if found:
                hold_at_gate(writing, operation, _written(found))
            else:
                pass_gate(writing, operation, number)

    def _unwell(
        self, operation: str, known: KnownPlan, codes: Sequence[str]
    ) -> dict[str, MoyaiError]:
        """Those that are not well, and why; one whose database does not answer only after a while. Raises one
        of `NOBODY_CAN_SAY`."""
        kind = self.knowledge.kind(known.plan.kind)

        def looked(code: str) -> MoyaiError | None:
            try:
                found = answer_of(lambda: kind.is_well(known.plan, known.plan.body(code)))
            except DatabaseAway as away:
                absence = self._absences.setdefault((operation, code), Absence())
                judged = absence.judge(away.failure)
                if isinstance(judged, DatabaseAway):
                    raise judged from away
                self._absences.pop((operation, code))
                return judged
            except NOBODY_CAN_SAY:
                raise
            except Exception as error:  # a bug must not pass for health
                return bug(error)
            self._absences.pop((operation, code), None)
            return found

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate") as pool:
            answers = dict(zip(codes, pool.map(looked, codes), strict=True))
        return {code: error for code, error in answers.items() if error is not None}


def _who(operation: str, number: int) -> str:
    return f"{operation} (wave {number}, after its soak)"


def _written(found: Mapping[str, MoyaiError]) -> list[dict[str, object]]:
    return [
        {
            "code": code,
            "error": plain(checked(with_touched(error, _ALL_STAYS))),
            "signature": error_signature("soak", error),
        }
        for code, error in found.items()
    ]
