"""What is put on record after work inside a body that took long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.sample import SAMPLE

from moyai.engine.stacks import RunResult, StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.errors import SITE_UNREAD, OperationFailed, SiteTrouble
from moyai.operations.deploys.after_run import AfterRun
from moyai.operations.deploys.events import StackEnded
from moyai.operations.inside.jobs import Inside
from moyai.operations.site.site_state import SiteState
from moyai.planning.plans import PlannedStack
from moyai.registry.load import require
from moyai.texts import same

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

    def migrate(self, *_: Any) -> None:
        """Nothing."""

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
    AfterRun(require(SAMPLE), state, inside, lambda: False).engine(planned, result)
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
