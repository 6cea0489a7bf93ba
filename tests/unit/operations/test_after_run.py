"""What is put on record after work inside a body that took long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.sample import SAMPLE, lay_out

from moyai.engine.stacks import RunResult, StackId, Step
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.errors import SITE_UNREAD, FileTrouble, OperationFailed, SiteTrouble
from moyai.operations.deploys.after_run import AfterRun
from moyai.operations.deploys.events import StackEnded
from moyai.operations.inside.jobs import Inside
from moyai.operations.site.site_state import SiteState
from moyai.planning.plans import PlannedStack
from moyai.registry.load import require
from moyai.texts import Text, same

STACK = StackId("moyai-tenant", "272027")
UPGRADED = {"chat": "1.1.0"}
PLANNED = PlannedStack(
    *("moyai-tenant", "272027", "岸和田市", "update", ()),
    releases={"chat": "1.0.0"},
    checks=("chat",),
    needs_engine=False,
)


@dataclass
class _Inside:
    """Another command puts a release on record while health is looked at."""

    other: SiteState
    fails: bool
    approved: list[str] = field(default_factory=list)

    def migrate(self, *_: Any, approved: str) -> None:
        """Nothing but what was looked at."""
        self.approved.append(approved)

    def health(self, *_: Any) -> None:
        self.other.change(
            STACK,
            lambda record: replace(record, releases=UPGRADED, moving={"eapp-b": "1.1.0"}),
        )
        if self.fails:
            raise OperationFailed(same("ill"))


@pytest.mark.parametrize("fails", [False, True])
def test_a_check_takes_back_nothing_that_an_upgrade_put_on_record(
    tmp_path: Path, fails: bool
) -> None:
    def opened() -> SiteState:
        blobs = FolderBlobs(tmp_path)
        return SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)

    state = opened()
    state.save(StackRecord(STACK, {"engine": "1"}, releases={"chat": "1.0.0"}, failure=same("old")))
    inside = cast("Inside", _Inside(opened(), fails))
    AfterRun(require(SAMPLE), state, inside, lambda: False).inside_only(PLANNED)
    found = opened().record(STACK)
    assert (found.releases, found.moving) == ({"chat": "1.1.0"}, {"eapp-b": "1.1.0"})
    assert found.failure == (same("ill") if fails else None)


def test_a_runs_end_takes_back_nothing_that_an_upgrade_put_on_record(tmp_path: Path) -> None:
    def opened() -> SiteState:
        blobs = FolderBlobs(tmp_path)
        return SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)

    state = opened()
    state.save(StackRecord(STACK, {"engine": "1"}, releases={"chat": "1.0.0"}))
    assert state.begin(STACK)
    inside = cast("Inside", _Inside(opened(), fails=False))
    planned = replace(
        PLANNED,
        fingerprint={"engine": "2"},
        releases={"chat": "1.0.0", "eapp-b": "1.0.0"},
        onboarding=("eapp-b",),
    )
    result = RunResult(STACK, True, (), (), {}, "new", 1.0)
    after = AfterRun(require(SAMPLE), state, inside, lambda: False)
    after.look(planned)
    after.engine(planned, result)
    found = opened().record(STACK)
    assert found.releases == {"chat": "1.1.0", "eapp-b": "1.0.0"}
    assert found.moving == {"eapp-b": "1.1.0"}
    assert (found.fingerprint, found.checkpoint_sha256) == ({"engine": "2"}, "new")
    assert (found.running_since, found.failure) == (None, None)


def test_words_that_may_quote_another_body_stay_out_of_a_bodys_record(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    state = SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)
    error = SiteTrouble(same("tenants[999999] is wrong"))
    result = RunResult(STACK, False, (), (), {}, None, 0.0, error)
    [ended] = AfterRun(require(SAMPLE), state, None, lambda: False).engine(PLANNED, result)
    assert cast("StackEnded", ended).error is error
    assert state.record(STACK).failure == SITE_UNREAD


def _opened(folder: Path) -> SiteState:
    blobs = FolderBlobs(folder)
    return SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)


@pytest.mark.parametrize("needs_engine", [True, False])
def test_an_onboarding_applies_the_migrations_that_were_looked_at(
    tmp_path: Path, needs_engine: bool
) -> None:
    registry = require(lay_out(tmp_path / "project"))
    state = _opened(tmp_path / "state")
    inside = _Inside(_opened(tmp_path / "state"), fails=False)
    planned = replace(PLANNED, checks=(), onboarding=("chat",), needs_engine=needs_engine)
    after = AfterRun(registry, state, cast("Inside", inside), lambda: False)
    after.look(planned)
    migration = next((registry.services["chat"].manifest.folder / "migrations").glob("0001*"))
    before = hashlib.sha256(migration.read_bytes()).hexdigest()
    migration.write_bytes(migration.read_bytes() + b"\nCREATE TABLE other (id int);\n")
    if needs_engine:
        after.engine(planned, RunResult(STACK, True, (), (), {}, "new", 1.0))
    else:
        after.inside_only(planned)
    [approved] = inside.approved
    assert approved.startswith("1:")
    assert before.startswith(approved.partition(":")[2].partition(",")[0])


def test_an_onboarding_whose_files_were_edited_before_it_looked_applies_nothing(
    tmp_path: Path,
) -> None:
    registry = require(lay_out(tmp_path / "project"))
    state = _opened(tmp_path / "state")
    inside = _Inside(_opened(tmp_path / "state"), fails=False)
    planned = replace(PLANNED, checks=(), onboarding=("chat",))
    migration = next((registry.services["chat"].manifest.folder / "migrations").glob("0001*"))
    migration.write_bytes(migration.read_bytes() + b"\nCREATE TABLE other (id int);\n")
    after = AfterRun(registry, state, cast("Inside", inside), lambda: False)
    after.look(planned)
    *_, ended = after.inside_only(planned)
    assert isinstance(cast("StackEnded", ended).error, FileTrouble)
    assert inside.approved == []
    assert state.record(STACK).releases == {}


@pytest.mark.parametrize("failed", [None, same("ill before")])
def test_a_run_that_its_program_refused_leaves_the_record_as_it_was(
    tmp_path: Path, failed: Text | None
) -> None:
    state = _opened(tmp_path)
    record = StackRecord(STACK, {"engine": "1"}, "old", failure=failed, releases={"chat": "1.0.0"})
    state.save(record)
    assert state.begin(STACK)
    result = RunResult(STACK, False, (), (), {}, "old", 1.0, FileTrouble(same("edited")))
    [ended] = AfterRun(require(SAMPLE), state, None, lambda: False).engine(PLANNED, result)
    assert cast("StackEnded", ended).error is result.error
    assert _opened(tmp_path).record(STACK) == record


def test_a_run_that_changed_something_before_its_program_refused_is_a_failed_one(
    tmp_path: Path,
) -> None:
    state = _opened(tmp_path)
    state.save(StackRecord(STACK, {"engine": "1"}, "old"))
    assert state.begin(STACK)
    steps = (Step("create", "aws:s3/bucket:Bucket", "a"),)
    result = RunResult(STACK, False, steps, (), {}, "new", 1.0, FileTrouble(same("edited")))
    AfterRun(require(SAMPLE), state, None, lambda: False).engine(PLANNED, result)
    found = _opened(tmp_path).record(STACK)
    assert (found.failure, found.checkpoint_sha256) == (SITE_UNREAD, "new")
