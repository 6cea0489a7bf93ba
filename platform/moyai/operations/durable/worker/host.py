"""One worker process: its lease, the queue, the bodies that it carries, and its routines."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, replace

from sqlalchemy.engine import URL

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.workers import Registration, register
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Fenced, Ledger
from moyai.operations.durable.carrying.patience import GivenUp
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.bounds import Bounds
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.files import Files
from moyai.operations.durable.conducting.on_record import OnRecord
from moyai.operations.durable.conducting.plans import KnownPlan, Plans
from moyai.operations.durable.conducting.steered import Steered
from moyai.operations.durable.knowledge import Knowledge, LastRead
from moyai.operations.durable.limits import memory
from moyai.operations.durable.limits.allowances import Allowances, Rate, hand_on
from moyai.operations.durable.limits.measuring import Measuring
from moyai.operations.durable.limits.turnover import Turnover
from moyai.operations.durable.living.lease import Heartbeat, Lease
from moyai.operations.durable.living.processes import Tell, host_id, kill, marked
from moyai.operations.durable.queue.dbos_queue import VERSION, BodyQueue
from moyai.operations.durable.troubles import Troubles
from moyai.operations.durable.worker.past import Past
from moyai.operations.durable.worker.routines import Parts, routines
from moyai.planning.fleet.plans import PlannedBody
from moyai.texts import Text

_LEASE_SECONDS = 30.0
_CONNECTIONS = 28
"""Most connections at a time for bodies; a server has 200 for all workers, commands and pages."""
ENDING = -1
"""The room of a worker that takes no more bodies and ends when it has done those in hand."""
_TAKEN = 75
"""Exit code of a process whose bodies another has taken."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker works."""

    url: URL
    """Of the worker's login."""
    worker: str
    heartbeat: int | None
    """The file descriptor of the supervisor's pipe."""
    bodies: int
    """Bodies at a time."""


class Host:
    """The process. `run` returns once it was asked to end and what it had in hand is done."""

    def __init__(self, place: Place, knowledge: Knowledge, tell: Tell) -> None:
        self._place = place
        self._tell = tell
        self._read = LastRead(knowledge.registry)
        self._knowledge = knowledge = replace(knowledge, registry=self._read)
        # A thread that carries a body has a connection for a moment at each step. Connections beyond the
        # pool's size are closed after each use, and opening one costs more than ten steps.
        size = 4 + min(place.bodies, _CONNECTIONS)
        self._engine = open_engine(place.url, pool_size=size, name=f"moyai-worker {place.worker}")
        dbos = open_engine(place.url, pool_size=size, name=f"moyai-dbos {place.worker}")
        self._queue = BodyQueue(dbos, place.worker)
        self._ledger = Ledger(self._engine, place.worker)
        self._troubles = Troubles(tell)
        self._plans = Plans(self._engine)
        self._approved = Approved(self._engine, self._plans, knowledge)
        self._bounds = Bounds(knowledge)
        self._on_record = OnRecord(self._engine)
        self._steered = Steered(self._engine, knowledge.registry)
        self._files = Files(self._engine, knowledge, place.worker, tell)
        self._conductor = Conductor(
            *(dbos, self._queue, self._plans, knowledge, self._approved, tell),
            *(self._files, self._bounds, self._troubles, self._on_record, self._steered),
        )
        self._measuring = Measuring(self._engine, place.worker)
        self._allowances = Allowances(self._engine, Rate(knowledge.registry))
        self._ending = threading.Event()
        self._stirred = threading.Event()
        """Set when a body has ended, or this process is to end: the conductor looks."""
        number = secrets.randbits(31)
        self._lease = Lease(place.url, place.worker, number, self._lost)
        self._lease.went_back = self._went_back
        self._turnover = Turnover(place.bodies, self._lease.stir)
        self._number = number
        self._past = Past(self._engine, knowledge, tell)

    def run(self) -> None:
        """Work until `end`. Raises `OperationFailed` where the lease cannot be had."""
        self._register()
        self._lease.beat = Heartbeat(self._place.heartbeat, self._alone)
        if not self._lease.start(_LEASE_SECONDS):
            raise OperationFailed(
                Text("ワーカーのリースを得られません。", "the worker's lease cannot be had.")
            )
        if self._ending.is_set():  # told so while it started
            self._lease.end()
            return
        hand_on(self._allowances.start())
        self._past.compare()  # before anything is taken off the queue
        self._queue.start(self._carry, self._place.bodies)
        self._lease.room = self._room
        self._tell(f"worker {self._place.worker} takes {self._place.bodies} bodies at a time")
        threads = [one.start(self._ending) for one in routines(self._parts())]
        self._ending.wait()
        self._queue.stop(24 * 3600)
        for thread in threads:
            thread.join(5)
        self._lease.end()

    def end(self) -> None:
        """Take no more bodies; end when those in hand are done."""
        self._lease.room = lambda: ENDING
        self._ending.set()
        self._stirred.set()

    def _parts(self) -> Parts:
        return Parts(
            url=self._place.url,
            worker=self._place.worker,
            engine=self._engine,
            queue=self._queue,
            plans=self._plans,
            knowledge=self._knowledge,
            conductor=self._conductor,
            files=self._files,
            measuring=self._measuring,
            past=self._past,
            troubles=self._troubles,
            last_read=self._read.last,
            tell=self._tell,
            ending=self._ending,
            stirred=self._stirred,
        )

    def _register(self) -> None:
        place = self._place
        own = Registration(
            place.worker, self._number, host_id(), os.getppid(), os.getpid(), VERSION
        )
        with self._engine.begin() as connection:
            register(connection, own)

    def _room(self) -> int:
        """Asked at each touch of the lease: by memory, and by how quickly bodies end."""
        if self._ending.is_set():
            return ENDING
        if self._files.last is not None:
            return 0
        at_once = self._place.bodies
        in_hand, measured = self._queue.in_hand(), self._measuring
        capacity = memory.capacity(at_once, in_hand, measured.body_bytes, measured.used_bytes)
        return capacity if capacity < at_once else self._turnover.room()

    def _alone(self) -> None:
        """Neither its supervisor nor its guardian lives: were this frozen, nobody would end what it started."""
        self._end_at_once("nobody watches it any more")

    def _lost(self) -> None:
        """Another has this worker's bodies: nothing more may be done here."""
        self._end_at_once("another worker has taken over")

    def _went_back(self) -> None:
        """What is in hand was begun in a past that the database does not know any more."""
        self._end_at_once("the operations database went back to an older copy")

    def _end_at_once(self, why: str) -> None:
        self._tell(f"worker {self._place.worker}: {why}; ends at once")
        kill(marked(self._place.worker))
        os._exit(_TAKEN)

    def _carry(self, operation: str, code: str, attempt: int) -> None:
        known = self._plans.of(operation)
        if known.plan.site != self._knowledge.site:
            # Its conductor puts it on the queue again, until a worker of its own site takes it.
            self._tell(f"{operation} {code} is of the site {known.plan.site}: left to its workers")
            return
        if self._files.older((known.plan.registry_sha256,)) is not None:
            # As above: until this worker has the newer file, or another takes it.
            self._tell(f"{operation} {code} is left to workers with the newer tenants.yaml")
            return
        taken = self._ledger.take(operation, code, attempt)
        if taken is None:
            return
        kind = self._knowledge.kind(known.plan.kind)
        try:
            with self._measuring.carrying(known.plan.kind, code):
                Carrying(
                    ledger=self._ledger,
                    kind=kind,
                    plan=known.plan,
                    body=self._body(operation, known, code),
                    taken=taken,
                    cleared=None,
                    needs_approval=kind.needs_approval,
                    hindered=lambda: (
                        self._files.older()
                        or self._on_record.altered_now(operation, known)
                        or self._steered.hindrance(operation, known)
                        or self._bounds.hindrance(operation, known, code)
                    ),
                    altered=lambda: self._on_record.altered_now(operation, known),
                    approved=lambda: self._approved.of(operation),
                    counted=lambda moment: self._approved.at(operation, moment),
                    troubles=self._troubles,
                    ending=self._ending.is_set,
                ).run()
        except Fenced:
            self._tell(f"{operation} {code}: another worker has it")
        except GivenUp:
            self._tell(f"{operation} {code} waits, and this worker ends: left to others as it is")
        self._turnover.ended()
        self._stirred.set()

    def _body(self, operation: str, known: KnownPlan, code: str) -> PlannedBody:
        """With the frozen days that tenants.yaml has by now, where it can be read."""
        try:
            return self._bounds.of(operation, known).bodies[code]
        except MoyaiError:
            return known.body(code)
