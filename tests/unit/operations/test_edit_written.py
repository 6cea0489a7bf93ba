"""An edit is in a worker's file where the file says it, whatever else it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.sample import lay_out
from tests.unit.planning.fleet.made_plans import body, plan, wave

from moyai.operations.kinds.edit import Written
from moyai.operations.kinds.kind import Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.registry.change import EntryEdit, change_tenant
from moyai.registry.load import require

CODE = "272043"
PAYMENT = EntryEdit("services.eapp-b.settings.payment", "both")


class Worker:
    """A worker's copy of the file, and the step over an edit of what it was at first."""

    def __init__(self, folder: Path) -> None:
        self.file = lay_out(folder)
        self._base = require(self.file).sha256

    def edit(self, *changes: EntryEdit) -> None:
        before = self.file.read_bytes()
        self.file.write_bytes(change_tenant(require(self.file), before, CODE, changes).content)

    def looks(self, *changes: EntryEdit, code: str = CODE) -> str:
        """The SHA-256 that the step puts on record."""
        made = plan([wave(1)], [body(CODE)])
        edits = tuple({"key": one.key, "value": one.value} for one in changes)
        given = {"base_sha256": self._base, "code": code, "edits": edits}
        approved = replace(made, kind="edit", parameters=given)
        work = Work("20261126-1", approved, made.body(CODE), 1, "", {}, frozenset())
        return str(Written(cast("SiteSource", self)).do(work)["sha256"])

    def session(self) -> SimpleNamespace:
        return SimpleNamespace(workspace=SimpleNamespace(registry=require(self.file)))


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


def test_the_file_before_the_edit_and_any_third_one_are_not_taken_for_it(worker: Worker) -> None:
    out = EntryEdit("lgwan", None)
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, out)
    worker.edit(EntryEdit("services.chat.settings.retention_days", "400"))
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, out)
    worker.edit(PAYMENT)
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, out)
    worker.edit(out)
    assert worker.looks(PAYMENT, out) == require(worker.file).sha256


def test_a_service_or_body_that_has_left_the_file_has_no_edit(worker: Worker) -> None:
    worker.edit(PAYMENT)
    assert worker.looks(PAYMENT)
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, EntryEdit("services.gone.settings.payment", "both"))
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, EntryEdit("lgwan.deep.er", "1"))
    with pytest.raises(Unavailable):
        worker.looks(PAYMENT, code="999999")
