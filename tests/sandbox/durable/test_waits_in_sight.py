"""A body that waits for a file says so, hears what is wanted of it, and keeps no worker from ending."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import AWAY, BROKEN, LOST, Counted, blind, effects, make_plan
from tests.planned import create
from tests.sandbox.hands import begin, register
from workers import Fleet

from moyai.errors import UsageError
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import debts, shown
from moyai.operations.database.rows import BodyRow
from moyai.operations.database.writing import want
from moyai.operations.durable import troubles
from moyai.operations.durable.carrying import back, patience
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.carrying.patience import GivenUp
from moyai.operations.durable.troubles import Troubles
from moyai.operations.inside import away
from moyai.texts import same

CODE = "100000"
_ALL = sa.text("SELECT string_agg(content, '') FROM moyai.audit")


@dataclass
class Office:
    """One operation, whose bodies are carried in threads."""

    operator: sa.Engine
    worker: sa.Engine
    folder: Path
    log: list[str] = field(default_factory=list)
    operation: str = ""
    is_ending: bool = False

    def __post_init__(self) -> None:
        self.plan = make_plan(self.folder, 2)
        self.pool = ThreadPoolExecutor(2)
        self.troubles = Troubles(self.log.append)
        with self.operator.begin() as connection:
            self.operation = create(connection, self.plan, None)
        register(self.worker)
        register(self.worker, "w2")

    def begin(self, code: str = CODE) -> Future[None]:
        """Begin a body, and carry it until it has ended."""
        assert begin(self.worker, self.operation, code)
        return self.carry(code)

    def carry(self, code: str = CODE, worker: str = "w1") -> Future[None]:
        ledger = Ledger(self.worker, worker)
        taken = ledger.take(self.operation, code, 1)
        assert taken is not None
        given = (ledger, Counted(), self.plan, self.plan.body(code), taken)
        more = {"troubles": self.troubles, "ending": lambda: self.is_ending}
        return self.pool.submit(Carrying(*given, **more).run)

    def want(self, wanted: str) -> None:
        with self.operator.begin() as connection:
            want(connection, self.operation, wanted, "operator:o@example.jp")

    def body(self, code: str = CODE) -> BodyRow:
        with self.operator.connect() as connection:
            return next(one for one in shown(connection, self.operation).bodies if one.code == code)

    def until(self, wanted: Callable[[BodyRow], bool], code: str = CODE) -> BodyRow:
        deadline = time.monotonic() + 20
        while not wanted(found := self.body(code)):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def waits(self, code: str = CODE) -> BodyRow:
        return self.until(_waits_in_hand, code)


def _waits_in_hand(body: BodyRow) -> bool:
    return body.status == "running" and body.waits is not None


@pytest.fixture
def office(places: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.02)
    engines = [open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker")]
    office = Office(engines[0], engines[1], tmp_path)
    yield office
    for path in tmp_path.glob("*.blind"):
        path.unlink()
    office.pool.shutdown()
    for engine in engines:
        engine.dispose()


def test_the_reason_is_in_sight_as_long_as_it_holds(office: Office) -> None:
    file = blind(office.folder, CODE, "write-2")
    done = office.begin()
    body = office.waits()
    assert body.status == "running"
    assert body.waits is not None
    assert "tenants.yaml" in body.waits.en
    assert "tenants.yaml" in body.waits.ja
    file.unlink()
    done.result(20)
    assert (office.body().status, office.body().waits) == ("done", None)
    assert effects(office.folder, CODE) == ["1 write-1", "1 write-2", "1 write-3"]


def test_a_site_that_is_away_is_waited_for_and_named(office: Office) -> None:
    file = blind(office.folder, CODE, "write-2", AWAY)
    done = office.begin()
    waits = office.waits().waits
    assert waits is not None
    assert AWAY in waits.en
    file.unlink()
    done.result(20)
    assert office.body().status == "done"


def test_the_log_says_a_cause_once_for_all_bodies_and_once_that_it_is_over(office: Office) -> None:
    codes = (CODE, "100001")
    files = [blind(office.folder, code, "write-1") for code in codes]
    done = [office.begin(code) for code in codes]
    for code in codes:
        office.waits(code)
    for file in files:
        file.unlink()
    for one in done:
        one.result(20)
    said, over = office.log
    assert said == f"{office.operation} {CODE} waits: {BROKEN}"
    assert "nothing waits any more for that" in over


@pytest.mark.parametrize(("why", "words"), [(AWAY, AWAY), (LOST, "waits for databases of bodies")])
def test_operators_are_told_once_of_what_lasts_however_many_bodies_wait(
    office: Office, monkeypatch: pytest.MonkeyPatch, why: str, words: str
) -> None:
    monkeypatch.setattr(troubles, "LASTING_SECONDS", 0.1)
    codes = (CODE, "100001")
    files = [blind(office.folder, code, "write-1", why) for code in codes]
    done = [office.begin(code) for code in codes]
    told = sa.text("SELECT event, code, facts->'reason'->>'en' FROM moyai.happening")
    deadline = time.monotonic() + 20
    while len(office.troubles.told()) < len(codes):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for file in files:
        file.unlink()
    for one in done:
        one.result(20)
    with office.operator.connect() as connection:
        [(event, code, reason)] = connection.execute(told).all()
    assert (event, code) == ("stalled", None)
    assert words in reason


def test_what_is_wrong_elsewhere_in_the_file_comes_on_no_record(office: Office) -> None:
    file = blind(office.folder, CODE, "write-2")
    done = office.begin()
    assert "999999" not in str(office.waits())
    file.unlink()
    done.result(20)
    with office.operator.connect() as connection:
        content = connection.execute(_ALL).scalar_one()
    assert CODE in content
    assert "999999" not in content


def test_a_stop_ends_a_body_that_waits_and_takes_it_back(office: Office) -> None:
    blind(office.folder, CODE, "write-2")
    done = office.begin()
    office.waits()
    office.want("stop")
    done.result(20)
    assert (office.body().status, office.body().waits) == ("cancelled", None)
    assert effects(office.folder, CODE) == ["1 write-1", "1 -write-2", "1 -write-1"]


def test_a_stop_holds_a_body_that_cannot_be_taken_back_and_says_what_was_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back, "STOP_SECONDS", 0.1)
    blind(office.folder, CODE, "write-3")
    blind(office.folder, CODE, "-write-2")
    done = office.begin()
    office.waits()
    office.want("stop")
    done.result(20)
    body = office.body()
    assert (body.status, body.waits) == ("held", None)
    assert body.error is not None
    assert body.error["touched"]["en"] == "Not taken back: write-2, write-1."
    with office.operator.connect() as connection:
        assert [one.code for one in debts(connection)] == [CODE]


def test_a_file_that_is_saved_while_a_body_is_to_stop_is_waited_for(office: Office) -> None:
    blind(office.folder, CODE, "write-3")
    file = blind(office.folder, CODE, "-write-2")
    done = office.begin()
    office.waits()
    office.want("stop")
    office.until(lambda one: one.step == "-write-2" and one.waits is not None)
    file.unlink()
    done.result(20)
    assert office.body().status == "cancelled"
    assert effects(office.folder, CODE)[-2:] == ["1 -write-2", "1 -write-1"]


@pytest.mark.parametrize("wanted", ["pause", "cancel"])
def test_a_body_of_which_nothing_was_changed_holds_up_no_pause_and_no_cancel(
    office: Office, wanted: str
) -> None:
    blind(office.folder, CODE, "read")
    done = office.begin()
    office.waits()
    office.want(wanted)
    done.result(20)
    assert office.body().status == "waiting"
    assert effects(office.folder, CODE) == []


@pytest.mark.parametrize("wanted", ["pause", "cancel"])
def test_a_body_that_was_begun_to_be_changed_goes_on_to_its_end(
    office: Office, wanted: str
) -> None:
    file = blind(office.folder, CODE, "write-1")
    done = office.begin()
    office.waits()
    office.want(wanted)
    with pytest.raises(TimeoutError):
        done.result(0.5)
    assert office.body().waits is not None
    file.unlink()
    done.result(20)
    assert office.body().status == "done"


def test_a_worker_that_ends_leaves_a_body_that_waits_to_another(office: Office) -> None:
    file = blind(office.folder, CODE, "write-2")
    done = office.begin()
    office.waits()
    office.is_ending = True
    with pytest.raises(GivenUp):
        done.result(20)
    assert office.body().status == "running"
    assert office.body().waits is not None
    office.is_ending = False
    file.unlink()
    office.carry(worker="w2").result(20)
    assert (office.body().status, office.body().waits) == ("done", None)
    assert effects(office.folder, CODE) == ["1 write-1", "1 write-2", "1 write-3"]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "_LONGEST_PAUSE_SECONDS", 0.05)


@pytest.mark.usefixtures("soon")
def test_a_database_that_does_not_answer_is_waited_for_in_sight(office: Office) -> None:
    file = blind(office.folder, CODE, "write-2", LOST)
    done = office.begin()
    waits = office.waits().waits
    assert waits is not None
    assert "the body's database has not answered since 20" in waits.en
    assert "団体のデータベースが 20" in waits.ja
    assert LOST.rstrip(".") in waits.en
    time.sleep(0.5)
    assert office.body().waits == waits, (
        "the same words through many tries, so that it is told once"
    )
    file.unlink()
    done.result(20)
    assert (office.body().status, office.body().waits) == ("done", None)
    assert effects(office.folder, CODE) == ["1 write-1", "1 write-2", "1 write-3"]
    assert office.log[-1].endswith("goes on, and nothing waits any more for that")
    assert len(office.log) == 2


@pytest.mark.usefixtures("soon")
def test_a_database_that_stays_away_fails_the_body_and_says_since_when(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "AWAY_SECONDS", 0.3)
    blind(office.folder, CODE, "write-2", LOST)
    office.begin().result(20)
    body = office.body()
    assert (body.status, body.waits) == ("failed", None)
    assert body.error is not None
    assert "has not answered since 20" in body.error["what"]["en"]
    assert LOST in body.error["what"]["en"]
    assert effects(office.folder, CODE) == ["1 write-1", "1 -write-2", "1 -write-1"]


@pytest.mark.usefixtures("soon")
def test_a_stop_ends_a_body_whose_database_is_away_and_its_way_back_waits_for_that(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back, "STOP_SECONDS", 0.1)
    blind(office.folder, CODE, "write-3", LOST)
    file = blind(office.folder, CODE, "-write-2", LOST)
    done = office.begin()
    office.waits()
    office.want("stop")
    office.until(lambda one: one.step == "-write-2" and one.waits is not None)
    with pytest.raises(TimeoutError):
        done.result(0.5)
    file.unlink()
    done.result(20)
    assert (office.body().status, office.body().waits) == ("cancelled", None)
    assert effects(office.folder, CODE)[-2:] == ["1 -write-2", "1 -write-1"]


@pytest.mark.usefixtures("soon")
def test_a_way_back_whose_database_stays_away_holds_the_body(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "AWAY_SECONDS", 0.3)
    blind(office.folder, CODE, "write-3", LOST)
    blind(office.folder, CODE, "-write-2", LOST)
    office.begin().result(20)
    body = office.body()
    assert (body.status, body.waits) == ("held", None)
    assert body.error is not None
    assert "Taking it back failed too: the body's database has not" in body.error["what"]["en"]


@pytest.mark.parametrize("wanted", ["pause", "cancel"])
def test_a_database_that_is_away_holds_up_no_pause_of_a_body_that_is_as_it_was(
    office: Office, wanted: str
) -> None:
    blind(office.folder, CODE, "read", LOST)
    done = office.begin()
    office.waits()
    office.want(wanted)
    done.result(20)
    assert office.body().status == "waiting"


def test_what_is_approved_is_waited_for_and_not_taken_for_lapsed(office: Office) -> None:
    assert begin(office.worker, office.operation, CODE)
    ledger = Ledger(office.worker, "w1")
    taken = ledger.take(office.operation, CODE, 1)
    assert taken is not None
    troubles = [UsageError(same("it is being edited"))] * 3

    def approved() -> frozenset[str]:
        if troubles:
            raise troubles.pop()
        return frozenset({"plan"})

    carrying = Carrying(
        ledger,
        Counted(),
        office.plan,
        office.plan.body(CODE),
        taken,
        cleared=None,
        needs_approval=True,
        approved=approved,
        troubles=office.troubles,
    )
    carrying.run()
    assert office.body().status == "done"
    assert office.log[0].endswith("waits: it is being edited")


@contextmanager
def _fleet(places: Logins, folder: Path) -> Iterator[Fleet]:
    fleet = Fleet(places, open_engine(places.of("moyai_operator")), folder)
    try:
        yield fleet
    finally:
        fleet.close()


def test_a_real_worker_ends_though_a_body_waits_and_the_next_goes_on_with_it(
    places: Logins, tmp_path: Path
) -> None:
    file = blind(tmp_path, CODE, "write-2")
    with _fleet(places, tmp_path) as fleet:
        operation = fleet.plan(make_plan(tmp_path, 1))
        fleet.start()
        fleet.until(operation, lambda view: _waits_in_hand(view.bodies[0]), 60)
        [first] = fleet.supervisors
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
        file.unlink()
        fleet.start()
        view = fleet.ended(operation)
        assert view.row.status == "done"
        fleet.counted_once(view)
        assert "left to others as it is" in fleet.logs()
