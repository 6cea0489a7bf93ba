"""A runbook carried out, step by step; what was done is on record before the next begins.

A step's record is `begun` before it does anything. Where its end never came on record, `once` steps are done
again only after a person said so; others are simply done again.
"""

from __future__ import annotations

from collections.abc import Iterator

from moyai.operations.runbooks.admitting import (
    admitted,
    going_forward,
    no_secrets,
    signed,
    still_open,
)
from moyai.operations.runbooks.course import Course
from moyai.operations.runbooks.events import Event
from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.runbook.commands import plain
from moyai.runbook.model import Runbook, Values


def begin(runbook: Runbook, values: Values, site: str, surroundings: Surroundings) -> RunRecord:
    """The record of a new run, of which nothing is done yet.

    Raises `UsageError` for a parameter with a secret in it, `Refused` where the person may not run it,
    `OperationFailed`.
    """
    now = surroundings.now()
    no_secrets(values, surroundings)
    record = RunRecord(
        id=surroundings.store.new_id(now),
        runbook=runbook.name,
        source_sha256=runbook.sha256,
        site=site,
        person=surroundings.person.name,
        begun_at=now.isoformat(),
        values=plain(values),
    )
    record = signed(runbook, record, surroundings)
    surroundings.store.save(record)
    return record


def run(
    runbook: Runbook, run_id: str, surroundings: Surroundings, first: str | None = None
) -> Iterator[Event]:
    """Carry a run on to its end, or to where it has to wait. `first`: the step to go on from, done or not.

    Raises `Refused` where it is carried out elsewhere or the runbook was changed since it began, `UsageError`
    for an unknown step, `OperationFailed` where nothing can be written.
    """
    with surroundings.store.held(run_id):
        record = going_forward(still_open(surroundings.store.load(run_id)))
        with surroundings.store.command(run_id):
            pass  # one that a killed run left would go on beside what is done now
        record = admitted(runbook, record, surroundings)
        yield from Course(runbook, record, surroundings).carry(first)


def take_back(runbook: Runbook, run_id: str, surroundings: Surroundings) -> Iterator[Event]:
    """Undo what a run has begun, in reverse, by the undo steps of each step. Raises as `run`."""
    with surroundings.store.held(run_id):
        record = still_open(surroundings.store.load(run_id))
        with surroundings.store.command(run_id):
            pass
        record = admitted(runbook, record, surroundings)
        yield from Course(runbook, record, surroundings).take_back()
