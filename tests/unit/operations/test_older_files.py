"""A worker whose file is older than the one applied last works on no body by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.sample import SAMPLE
from tests.unit.operations.test_history import Kept
from tests.unit.planning.fleet.made_plans import body, plan, wave

from moyai.errors import SiteTrouble
from moyai.operations.kinds import deploy, rotate
from moyai.operations.kinds.kind import InDoubt, Step, Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade import preflight
from moyai.operations.site.history import History
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.texts import same

CODE = "272043"
STEPS = [deploy.Preflight, rotate.Preflight, preflight.Preflight]
Make = Callable[[SiteSource], Step]


@dataclass
class Worker:
    """Has the file that was applied before the last one."""

    documents: Kept
    registry: Registry

    def session(self) -> SimpleNamespace:
        workspace = SimpleNamespace(registry=self.registry)
        return SimpleNamespace(workspace=workspace, history=History(self.documents))

    def looks(self, make: Make, left: frozenset[str] = frozenset()) -> None:
        made = replace(
            plan([wave(1)], [body(CODE)]), parameters={"service": "eapp-b", "release": "1.1.0"}
        )
        work = Work(
            "20261126-1", made, made.body(CODE), 1, "", {}, frozenset(), left=frozenset(left)
        )
        make(cast("SiteSource", self)).do(work)


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    first = replace(require(SAMPLE), path=tmp_path / "tenants.yaml", sha256="a")
    found = Worker(Kept(), first)
    for sha256 in "ab":
        History(found.documents).remember(replace(first, sha256=sha256))
    return found


@pytest.mark.parametrize("make", STEPS)
def test_an_older_file_is_refused(worker: Worker, make: Make) -> None:
    with pytest.raises(Unavailable, match="another one was applied after it"):
        worker.looks(make)


@pytest.mark.parametrize("make", STEPS)
def test_so_is_one_of_which_nobody_can_say(worker: Worker, make: Make) -> None:
    worker.documents.write("history/tenants.json", b"{")
    with pytest.raises(Unavailable, match="is damaged"):
        worker.looks(make)


def test_an_upgrade_that_is_half_way_stays_held(worker: Worker) -> None:
    with pytest.raises(InDoubt, match="another one was applied after it"):
        worker.looks(preflight.Preflight, frozenset({"close-writes"}))


@pytest.mark.parametrize("make", STEPS)
def test_a_bucket_that_is_away_says_nothing_of_a_body(
    worker: Worker, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object, __: object) -> None:
        raise SiteTrouble(same("away"))

    monkeypatch.setattr(History, "older", away)
    with pytest.raises(SiteTrouble):
        worker.looks(make)
