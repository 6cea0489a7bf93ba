"""One worker's parts in this process: the conductor, a carrier of bodies, and the sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from counting import Counted, counted_kind
from tests.planned import create
from tests.sample import SAMPLE
from tests.sandbox.hands import register

from moyai.errors import MoyaiError
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge, LastRead
from moyai.operations.durable.queue.dbos_queue import VERSION, BodyQueue
from moyai.operations.durable.troubles import Troubles
from moyai.operations.notices.channels import Channels
from moyai.operations.notices.sender import Sender, Sources
from moyai.planning.fleet.plans import OperationPlan
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Notifications, OperationSettings

_ROOM = sa.text(
    "UPDATE moyai.worker SET room = 100, seen_at = clock_timestamp() + interval '1 day' "
    "WHERE id = 'w1'"
)


@cache
def _sample() -> Registry:
    return require(SAMPLE)


class NoQueue(BodyQueue):
    """Keeps what is put on it."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, str, int]] = []
        self.version = VERSION

    def put(self, connection: sa.Connection, carrier: str, body: tuple[str, str, int]) -> None:
        self.bodies.append(body)

    def put_all(
        self, connection: sa.Connection, bodies: Sequence[tuple[str, tuple[str, str, int]]]
    ) -> None:
        self.bodies += [body for _, body in bodies]


@dataclass
class Office:
    """All of it. `told` says whom."""

    operator: sa.Engine
    worker: sa.Engine
    owner: sa.Engine
    folder: Path
    told: Notifications
    log: list[str] = field(default_factory=list)
    trouble: MoyaiError | None = None
    """Why tenants.yaml cannot be read."""

    def __post_init__(self) -> None:
        self.sample = _sample()
        self.read = LastRead(self.registry)
        self.plans = Plans(self.worker)
        self.queue = NoQueue()
        self.conductor = self.new_conductor()
        self.sender = self.new_sender()
        register(self.worker)
        with self.owner.begin() as connection:
            connection.execute(_ROOM)

    def registry(self) -> Registry:
        """tenants.yaml now."""
        if self.trouble is not None:
            raise self.trouble
        return replace(self.sample, operations=OperationSettings(notifications=self.told))

    def new_conductor(self, troubles: Troubles | None = None) -> Conductor:
        """Another, which knows nothing that is not on record."""
        knowledge = Knowledge("sandbox", kind=counted_kind, registry=self.read)
        approved = Approved(self.worker, self.plans, knowledge)
        given = (self.worker, self.queue, self.plans, knowledge, approved)
        return Conductor(*given, troubles=troubles)

    def new_sender(self) -> Sender:
        """Another worker's."""
        sources = Sources(self._plan, lambda name: counted_kind(name).title)
        channels = Channels(self.read, dict, self.read.last)
        return Sender(self.worker, channels, sources, self.log.append)

    def _plan(self, operation: str) -> tuple[OperationPlan, str]:
        known = self.plans.of(operation)
        return known.plan, known.sha256

    def plan(self, plan: OperationPlan) -> str:
        """Put an operation on record."""
        with self.operator.begin() as connection:
            return create(connection, plan, None)

    def carry(self) -> None:
        """Carry every body on the queue to its end."""
        ledger = Ledger(self.worker, "w1")
        while self.queue.bodies:
            operation, code, attempt = self.queue.bodies.pop()
            taken = ledger.take(operation, code, attempt)
            known = self.plans.of(operation)
            if taken is not None:
                body = known.plan.body(code)
                Carrying(ledger, Counted(), known.plan, body, taken).run()

    def go_on(self, times: int = 3) -> None:
        """Look and carry so many times."""
        for _ in range(times):
            self.conductor.look()
            self.carry()
        self.conductor.look()

    def send(self) -> None:
        """Write and send all that is due."""
        while self.sender.look():
            pass

    def rows(self, words: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        with self.operator.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(words))]

    def happenings(self) -> list[tuple[object, ...]]:
        """Events and bodies, in order."""
        return self.rows("SELECT event, code FROM moyai.happening ORDER BY id")
