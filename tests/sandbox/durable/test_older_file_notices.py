"""A worker with an older tenants.yaml tells nobody, gives up nothing and settles no debt by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import counted_kind, make_plan
from telling import Office
from tests.sandbox.notices.receivers import WebServer, web_server

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.notice_reading import notices
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.debts import Debts
from moyai.operations.durable.conducting.files import Files
from moyai.operations.durable.knowledge import Knowledge
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Event, Notifications, Webhook

OLD, NEW = "a" * 64, "b" * 64
_DUE = sa.text("UPDATE moyai.notice SET next_try_at = clock_timestamp()")
_EXPIRED = sa.text("UPDATE moyai.operation SET planned_at = planned_at - interval '30 days'")


class Worker(Office):
    """One with a file that is set."""

    file = OLD

    def __post_init__(self) -> None:
        super().__post_init__()
        self.knowledge = Knowledge("sandbox", counted_kind, self.registry)
        self.files = Files(self.worker, self.knowledge, "w1", self.log.append, 0)
        self.sender.held_back = self.files.older
        self.conductor = Conductor(
            *(self.worker, self.queue, self.plans, self.knowledge),
            Approved(self.worker, self.plans, self.knowledge),
            *(self.log.append, self.files),
        )

    def registry(self) -> Registry:
        return replace(super().registry(), sha256=self.file)

    def planned(self, file: str, approval_seconds: int = 0) -> str:
        made = make_plan(self.folder, 1)
        return self.plan(replace(made, registry_sha256=file, approval_seconds=approval_seconds))

    def notices(self) -> list[tuple[str, str, str]]:
        with self.operator.connect() as connection:
            found = notices(connection, operation=None, unsent=False, limit=50)
        return [(one.event, one.audience, one.status) for one in found]

    def status(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT status, reason->>'en' FROM moyai.operation ORDER BY planned_at")


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server(None) as server:
        yield server


@pytest.fixture
def worker(places: Logins, tmp_path: Path) -> Iterator[Worker]:
    operator, engine = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    owner = open_engine(places.url, role="moyai_owner")
    yield Worker(operator, engine, owner, tmp_path, Notifications())
    for one in (operator, engine, owner):
        one.dispose()


def _told(web: WebServer, folder: Path) -> Notifications:
    secret = folder / "secret"
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    secret.chmod(0o600)
    return Notifications(webhooks=(Webhook(web.url, str(secret), tuple(Event)),))


def test_what_happened_stays_open_until_a_worker_with_the_newest_file_addresses_it(
    worker: Worker, web: WebServer
) -> None:
    worker.planned(OLD, 3600)
    worker.conductor.look()
    worker.planned(NEW)
    worker.send()
    assert worker.notices() == [("approval_wanted", "", "open")]
    worker.file, worker.told = NEW, _told(web, worker.folder)
    worker.send()
    assert [(event, status) for event, _, status in worker.notices()] == [
        ("approval_wanted", "sent")
    ]
    assert len(web.posted) == 1


def test_no_notice_is_given_up_by_a_worker_that_does_not_know_its_new_address(
    worker: Worker, web: WebServer
) -> None:
    worker.told = _told(web, worker.folder)
    web.status = 500
    worker.planned(OLD, 3600)
    worker.conductor.look()
    worker.sender.look()
    with worker.owner.begin() as connection:
        connection.execute(_DUE)
    known, worker.told, web.status = worker.told, Notifications(), 204
    worker.planned(NEW)
    for _ in range(2):
        worker.sender.look()
    assert [status for _, _, status in worker.notices()] == ["waiting"]
    worker.file, worker.told = NEW, known
    with worker.owner.begin() as connection:
        connection.execute(_DUE)
    worker.new_sender().look()
    assert worker.notices()[-1][2] == "sent"


def test_an_operation_neither_expires_nor_asks_for_approval_by_an_older_file(
    worker: Worker,
) -> None:
    worker.planned(OLD)
    worker.planned(NEW, 3600)
    with worker.owner.begin() as connection:
        connection.execute(_EXPIRED)
    for _ in range(2):
        worker.conductor.look()
    [_, (status, reason)] = worker.status()
    assert status == "planned"
    assert "older than the one" in str(reason)
    assert ("approval_wanted", None) not in worker.happenings()
    worker.file = NEW
    worker.conductor.look()
    assert worker.status()[1][0] == "expired"


def test_no_debt_is_settled_by_an_older_file(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(Debts, "look", lambda _self, _connection: looked.append(worker.file))
    worker.planned(OLD)
    worker.planned(NEW)
    worker.conductor.look()
    assert looked == []
    worker.file = NEW
    worker.conductor.look()
    assert looked == [NEW]
