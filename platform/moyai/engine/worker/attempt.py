"""A run with the stack's lock in hand: what an earlier one left is settled, and the engine runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from moyai.engine.settling.create_log import CreateLog
from moyai.engine.settling.ids import locator
from moyai.engine.settling.repair import (
    Repair,
    plan_repair,
    tell_cuts,
    unrelated_drift,
    without_pending,
)
from moyai.engine.settling.search import Search
from moyai.engine.stacks import StackRun
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.toolchain.version import VERSION
from moyai.engine.worker.engine import write_project
from moyai.engine.worker.equipment import Equipment
from moyai.engine.worker.events import Tally
from moyai.engine.worker.listener import Listener
from moyai.engine.worker.messages import Failure, Outcome, Setup, failure_of
from moyai.engine.worker.starts import EngineEnd, EngineStarter
from moyai.errors import MoyaiError
from moyai.texts import Text


@dataclass(slots=True)
class Made:
    """An outcome while it is put together."""

    tally: Tally = field(default_factory=Tally)
    failure: Failure | None = None
    after: Checkpoint | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)
    repaired: list[Text] = field(default_factory=list)
    gave_way: bool = False

    def outcome(self, seconds: float) -> Outcome:
        """What the driver is told."""
        return Outcome(
            steps=tuple(self.tally.steps),
            drift=tuple(self.tally.drift),
            outputs=self.outputs,
            checkpoint_sha256=None if self.after is None else self.after.sha256,
            seconds=seconds,
            failure=self.failure,
            repaired=tuple(self.repaired),
            summary=dict(self.tally.summary),
            gave_way=self.gave_way,
        )


class Attempt:
    """One run of one stack, which is locked."""

    def __init__(self, equipment: Equipment, run: StackRun, engines: EngineStarter) -> None:
        self._equipment = equipment
        self._store = equipment.store
        self._run = run
        self._engines = engines
        self._creates = CreateLog(equipment.work_folder(run.stack) / "journal.jsonl")
        self._made = Made()

    def carry_out(self) -> Made:
        """Do it. Raises `MoyaiError` or `OSError` where it cannot begin or go on."""
        before = self._read()
        action = self._run.action
        if before is None and action in ("refresh", "destroy"):
            return self._made  # there is nothing
        if before is None:
            self._store.create(self._run.stack)
        try:
            self._write_project(before)
            if action == "preview":
                self._start(self._run.refresh, None)
            else:
                self._change(before)
        finally:
            if before is None and action == "preview":
                self._store.remove(self._run.stack)
        return self._made

    def _read(self) -> Checkpoint | None:
        """The checkpoint; one that is damaged or gone is replaced by a copy where that is safe."""
        stack = self._run.stack
        try:
            self._store.fold(stack)
            found = self._store.read(stack)
        except MoyaiError:
            if not self._goes_back():
                raise
        else:
            if found is not None or not self._goes_back():
                return found
        self._store.fold(stack)
        self._made.repaired.append(
            Text(
                "壊れたか消えた状態ファイルを写しに戻し、現状を読み直しました。",
                "went back from a damaged or missing checkpoint to a copy of it, and read what is "
                "live.",
            )
        )
        return self._store.read(stack)

    def _goes_back(self) -> bool:
        """Take a copy for a checkpoint that is damaged or gone: only where a refresh follows."""
        is_update = self._run.refresh and self._run.action == "up"
        return is_update and self._store.restore(self._run.stack)

    def _write_project(self, before: Checkpoint | None) -> None:
        kit, stack = self._equipment, self._run.stack
        secrets = _secrets(kit.setup, before)
        salt = secrets.get("encryptionsalt")
        if isinstance(salt, str) and kit.secrets.open(stack, salt):
            secrets = {}  # the service does them
        write_project(kit.work_folder(stack), self._run, kit.setup.packages, secrets)

    def _start(self, refresh: bool, creates: CreateLog | None) -> EngineEnd:
        listener = Listener(self._run.stack, self._equipment.control, creates)
        self._made.tally = listener.tally
        ended = self._engines.start(refresh, listener)
        self._made.failure = ended.failure
        return ended

    def _change(self, before: Checkpoint | None) -> None:
        began = time.time()
        repair = self._settle(before)
        ended: EngineEnd | None = None
        try:
            refresh = self._run.refresh or repair.needed
            ended = self._start(refresh, self._creates)
            if before is not None and self._balks(repair):
                ended = None
                self._store.replace(self._run.stack, without_pending(before))
                ended = self._start(refresh, self._creates)
        finally:
            settled = ended is not None and ended.failure is None
            self._creates.close(settled=settled, quiet=ended is not None and ended.by_itself)
        self._look_after(ended.checkpoint)
        self._remember(began)
        if settled:
            steps = self._made.tally.steps
            self._made.repaired += tell_cuts(repair.cuts, self._made.after, steps)
        self._made.tally.drift = unrelated_drift(self._made.tally.drift, repair.cuts)

    def _settle(self, before: Checkpoint | None) -> Repair:
        """Put into the checkpoint what earlier runs left open, and open the log of creates."""
        setup, stack = self._equipment.setup, self._run.stack
        unsettled = self._creates.unsettled()
        repair = Repair(None, ())
        if before is not None and (unsettled or before.pending):
            self._creates.let_settle()
            within = Search(setup.environment, setup.region, setup.account_id)
            repair = plan_repair(before, unsettled, locator(within, self._store, stack, before))
        if repair.document is not None:
            self._store.replace(stack, repair.document)
        self._creates.open(unsettled)
        return repair

    def _balks(self, repair: Repair) -> bool:
        """Whether the provider could not even read what was put in for a create cut off."""
        suspects = {cut.urn.split("::")[-1] for cut in repair.cuts if cut.located.id is not None}
        named = {trouble.name for trouble in self._made.tally.troubles}
        failed = self._made.failure is not None and not self._made.tally.steps
        return failed and bool(named & suspects)

    def _look_after(self, folded: Checkpoint | None) -> None:
        try:
            self._made.after = folded or self._store.read(self._run.stack)
        except MoyaiError as error:
            # What made the run fail comes first; a damaged checkpoint tells itself next time.
            self._made.failure = self._made.failure or failure_of(error)
        if self._made.after is not None:
            self._made.outputs = self._made.after.outputs

    def _remember(self, began: float) -> None:
        """Put the update into the stack's history; that it is not there spoils nothing."""
        update = {
            "kind": "update" if self._run.action == "up" else self._run.action,
            "startTime": int(began),
            "message": "",
            "environment": {"pulumi.version": f"v{VERSION}"},
            "config": dict(self._run.config),
            "version": 0,
            "result": "succeeded" if self._made.failure is None else "failed",
            "endTime": int(time.time()),
            "resourceChanges": dict(self._made.tally.summary),
        }
        with suppress(OSError, MoyaiError):
            self._store.add_history(self._run.stack, update)


def _secrets(setup: Setup, before: Checkpoint | None) -> Mapping[str, object]:
    """How the stack's secrets are encrypted, for its settings file."""
    state = before.secrets_state if before is not None else {}
    if "salt" in state:
        return {"encryptionsalt": state["salt"]}
    if "url" in state:
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}
    if setup.salt is not None:
        return {"encryptionsalt": setup.salt}
    return {"secretsprovider": setup.secrets_provider}
