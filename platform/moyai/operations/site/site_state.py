"""What is on record on one site: read once for a command, and doubted where there is reason to."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from moyai.canonical_json import sha256_of
from moyai.engine.sites import Doubt
from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.records import RecordStore, StackRecord, Written
from moyai.errors import OperationFailed, Refused
from moyai.planning.conditions import Recorded
from moyai.texts import Text

PLANNED = "moyai:planned"
"""Key of a stack's configuration: the fingerprint that goes on record once it has ended, as JSON."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a run that is about to begin found on record, and what it put there."""

    before: StackRecord
    was_written: bool
    by: str | None
    """Who had written it."""
    noted: StackRecord


class SiteState:
    """Records and checkpoints of a site."""

    def __init__(
        self,
        records: RecordStore,
        checkpoints: CheckpointStore,
        doubts: Callable[[], Iterable[Doubt]],
    ) -> None:
        """`doubts` reads the site's spans whose changes may be lost."""
        self.store = records
        self._checkpoints = checkpoints
        self._read_doubts = doubts
        self._doubts = tuple(doubts())
        self._loaded: dict[str, dict[str, StackRecord]] = {}
        self._lost: dict[StackId, Text] = {}
        self._damaged: set[StackId] = set()
        self._begun: dict[StackId, _Begun] = {}

    def doubt_anew(self) -> None:
        """Read the site's doubts again: it was started just now, and may have found more."""
        self._doubts = tuple(self._read_doubts())

    def records(self, project: str) -> tuple[StackRecord, ...]:
        """All records of a project, by stack name."""
        return tuple(record for _, record in sorted(self._project(project).items()))

    def record(self, stack: StackId) -> StackRecord:
        """The record of one stack; an empty one where there is none."""
        return self._project(stack.project).get(stack.name) or StackRecord(stack)

    def save(self, record: StackRecord) -> None:
        """Put a record in place of the one known here. Raises `Refused` where another one is there."""
        written, known = self._written(record.stack), self.record(record.stack)
        is_known = written.record is None or written.record == known
        if not (is_known and self._swap(record, written)):
            raise _written_by_another(record.stack, self.store.read(record.stack).by)

    def change(self, stack: StackId, change: Callable[[StackRecord], StackRecord]) -> StackRecord:
        """Write a record anew from what is there at that moment, on disk and here; what it is then.

        Where another process or machine writes meanwhile, `change` is called again with what that wrote.
        Raises `Refused` where others write without an end.
        """
        written = self._written(stack)
        for _ in range(_TRIES):
            record = change(written.record or self.record(stack))
            if record == written.record or self._swap(record, written):
                self._project(stack.project)[stack.name] = record
                return record
            time.sleep(random.SystemRandom().uniform(0, _PAUSE_SECONDS))
            written = self._written(stack)
        raise _written_by_another(stack, written.by)

    def begin(self, stack: StackId) -> bool:
        """Put on record that a run is about to touch a stack.

        False where another command put something on record since it was read: nothing is noted
        then, and what is there now counts.
        """
        written, before = self._written(stack), self.record(stack)
        if written.record is None or written.record == before:
            noted = replace(before, running_since=datetime.now(UTC))
            if self._swap(noted, written):
                self._begun[stack] = _Begun(before, written.record is not None, written.by, noted)
                return True
            written = self._written(stack)
        if written.record is not None:
            self._project(stack.project)[stack.name] = written.record
        return False

    def end(self, stack: StackId, change: Callable[[StackRecord], StackRecord]) -> StackRecord:
        """Put on record what a run came to that was begun here, from what is there at that moment.

        Where a later run of the stack has ended since, that counts, and nothing is changed; the mark of one
        that has begun since stays. Raises as `change`.
        """
        begun = self._begun.get(stack)

        def mine(record: StackRecord) -> StackRecord:
            if begun is None:
                return replace(change(record), running_since=None)
            if _last_end(record) != _last_end(begun.noted):
                return record
            is_mine = record.running_since == begun.noted.running_since
            return replace(change(record), running_since=None if is_mine else record.running_since)

        return self.change(stack, mine)

    def settle(self, stack: StackId, sha256: str) -> bool:
        """Put on record the end of a run whose process died before it did: whether it is there then.

        Only where the engine ended well, by the stack's history, after the mark on record was made, by a plan
        whose fingerprint has this hash, and nothing has changed the checkpoint since. Raises as `change`.
        """
        before, last = self.record(stack), self._checkpoints.last_update(stack)
        since, planned = before.running_since, None if last is None else _planned(last.config)
        if since is None or last is None or planned is None or sha256_of(planned) != sha256:
            return False
        if last.ended_at < since.replace(microsecond=0):
            return False  # of a run before
        facts = self.outputs(stack).get("facts")

        def ended(record: StackRecord) -> StackRecord:
            if (record.running_since, _last_end(record)) != (since, _last_end(before)):
                return record  # somebody runs it, or has
            return replace(
                record,
                fingerprint=planned,
                checkpoint_sha256=self._checkpoints.sha256(stack),
                applied_at=last.ended_at,
                failure=None,
                running_since=None,
                facts=facts if isinstance(facts, dict) else record.facts,
            )

        return self.change(stack, ended).applied_at == last.ended_at

    def take_back(self, stack: StackId) -> None:
        """Put back what `begin` found, where it was called, as the run touched nothing after all.

        What another command put on record meanwhile stays.
        """
        begun = self._begun.pop(stack, None)
        if begun is None:
            return
        written = self._written(stack)
        if written.record == begun.noted:
            if self._put_back(begun, written):
                self._project(stack.project)[stack.name] = begun.before
                return
            written = self._written(stack)
        if written.record is None:
            self._project(stack.project)[stack.name] = StackRecord(stack)
            return

        def without_mark(record: StackRecord) -> StackRecord:
            if record.running_since != begun.noted.running_since:
                return record
            # Whoever ran when this began has ended since, or runs still.
            has_ended = _last_end(record) != _last_end(begun.noted)
            return replace(record, running_since=None if has_ended else begun.before.running_since)

        self.change(stack, without_mark)

    def leave(self, stack: StackId, checkpoint_sha256: str | None) -> None:
        """The same of a run that the engine began and that changed nothing.

        `checkpoint_sha256`: as it is written now, with nothing else in it; None: whoever runs next looks at it.
        """
        begun = self._begun.get(stack)
        self.take_back(stack)
        if begun is None or checkpoint_sha256 is None or not begun.was_written:
            return

        def written(record: StackRecord) -> StackRecord:
            is_known = record.checkpoint_sha256 == begun.before.checkpoint_sha256
            return replace(record, checkpoint_sha256=checkpoint_sha256) if is_known else record

        self.change(stack, written)

    def _put_back(self, begun: _Begun, written: Written) -> bool:
        if begun.was_written:
            return self.store.swap(begun.before, written.token, begun.by)
        return self.store.forget(begun.before.stack, written.token)

    def outputs_of(self, project: str, names: Iterable[str]) -> dict[str, Mapping[str, object]]:
        """Outputs by stack name, from the checkpoints; a stack without one is left out."""
        found: dict[str, Mapping[str, object]] = {}
        for name in names:
            stack = StackId(project, name)
            if self._checkpoints.sha256(stack) is not None:
                found[name] = self._checkpoints.outputs(stack)
        return found

    def outputs(self, stack: StackId) -> Mapping[str, object]:
        """Outputs of one stack; empty where it has no checkpoint."""
        return self.outputs_of(stack.project, (stack.name,)).get(stack.name, {})

    def recorded(self, stack: StackId) -> Recorded:
        """What is on record of one stack, and what speaks against it, for `moyai.planning`.

        A record that was damaged or gone is made from its checkpoint: releases and facts, but no
        times.
        """
        record = self.record(stack)
        is_applied = record.applied_at is not None
        return Recorded(
            name=stack.name,
            fingerprint=record.fingerprint,
            releases=record.releases,
            facts=record.facts,
            moving=record.moving,
            applied_at=record.applied_at,
            verified_at=record.verified_at,
            running_since=record.running_since,
            failure=record.failure,
            rebuilt=None if is_applied else self._lost.get(stack),
            doubt=self._doubt(record) if is_applied else None,
        )

    def _doubt(self, record: StackRecord) -> Text | None:
        found = self._checkpoints.sha256(record.stack)
        if found is None:
            return Text(
                "状態ファイルがない（写しに戻し、現状を読み直す）",
                "its checkpoint is gone: goes back to a copy, and reads what is live",
            )
        if self._checkpoints.is_open(record.stack):
            return Text(
                "更新が途中（実行中か、中断した。続きから行う）",
                "an update of it runs or was cut off: goes on from there",
            )
        if found != record.checkpoint_sha256:
            return Text(
                "状態ファイルがもやいの外で変わった（現状を読み直す）",
                "its checkpoint was changed outside Moyai: reads what is live",
            )
        for span in self._doubts:
            if self._may_have_lost(record, span):
                return Text(
                    "拠点が変更を失ったおそれがある（現状を読み直す）",
                    "the site may have lost what was applied: reads what is live",
                )
        return None

    def _may_have_lost(self, record: StackRecord, span: Doubt) -> bool:
        if record.applied_at is None or not span.since <= record.applied_at <= span.until:
            return False
        return record.verified_at is None or record.verified_at < span.until

    def _written(self, stack: StackId) -> Written:
        """A stack's record as it is now."""
        found = self.store.read(stack)
        is_empty = found.record == StackRecord(stack)
        return Written(None, found.token, found.by) if is_empty else found

    def _swap(self, record: StackRecord, written: Written) -> bool:
        """Put a record in place of what was read; False where another one is there by now."""
        if written.record is None and written.token is not None and record.stack in self._damaged:
            self.store.put_aside(record.stack)
        if not self.store.swap(record, written.token):
            return False
        self._damaged.discard(record.stack)
        self._project(record.stack.project)[record.stack.name] = record
        return True

    def _project(self, project: str) -> dict[str, StackRecord]:
        if project not in self._loaded:
            records, damaged = self.store.load_all(project)
            for name in damaged:
                stack = StackId(project, name)
                records[name] = self._rebuilt(stack) or StackRecord(stack)
                self._damaged.add(stack)
                self._lost[stack] = _DAMAGED
            for name in set(self._checkpoints.names(project)) - records.keys():
                rebuilt = self._rebuilt(StackId(project, name))
                if rebuilt is not None:
                    records[name] = rebuilt
                    self._lost[rebuilt.stack] = _GONE
            self._loaded[project] = records
        return self._loaded[project]

    def _rebuilt(self, stack: StackId) -> StackRecord | None:
        """What a record can be made anew from; None where the stack has no resources."""
        try:
            checkpoint = self._checkpoints.read(stack)
        except OperationFailed:
            return StackRecord(stack)  # damaged too; its copies are read with a refresh
        if checkpoint is None or not checkpoint.resources:
            return None
        outputs = checkpoint.outputs
        services, facts = outputs.get("services"), outputs.get("facts")
        return StackRecord(
            stack,
            releases={
                name: str(service["release"])
                for name, service in (services if isinstance(services, dict) else {}).items()
            },
            facts=facts if isinstance(facts, dict) else {},
        )


def _planned(config: Mapping[str, str]) -> dict[str, str] | None:
    """The fingerprint that a run was planned with, as its configuration says; None: it says none."""
    try:
        found = json.loads(config[PLANNED])
    except (KeyError, ValueError):
        return None
    return {str(part): str(one) for part, one in found.items()} if isinstance(found, dict) else None


def _last_end(record: StackRecord) -> tuple[object, ...]:
    """What every run's end changes, and nothing else."""
    return record.applied_at, record.checkpoint_sha256


def _written_by_another(stack: StackId, by: str | None) -> Refused:
    return Refused(
        Text(
            f"{stack} の記録は、その間に別のコマンドが書き換えました（{by or '?'}）。",
            f"the record of {stack} was rewritten by another command meanwhile ({by or '?'}).",
        ),
        touched=Text("この記録には何も書いていません。", "Nothing was written to this record."),
        remedy=Text(
            "そのコマンドが終わるのを待って、もう一度実行してください。いまの記録から行います。",
            "Wait for that command to end, then run it again: it begins from what is there.",
        ),
    )


_TRIES = 40
_PAUSE_SECONDS = 0.2
_DAMAGED = Text(
    "記録が壊れている（状態ファイルと現状から作り直す）",
    "its record is damaged: made anew from its checkpoint and what is live",
)
_GONE = Text(
    "環境はあるが記録がない（状態ファイルと現状から作り直す）",
    "it is there, but its record is gone: made anew from its checkpoint and what is live",
)
