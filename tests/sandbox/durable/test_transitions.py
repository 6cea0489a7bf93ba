"""Whatever logins ask of the database, in whichever order: nothing is on record that could not be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.planned import create
from tests.sandbox.hands import register

from moyai.operations.audit.chains import verify_chains
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins

CODES = ("100000", "100001", "100002")
OPERATION = ("planned", "running", "paused", "held", "done", "failed", "cancelled", "expired")
BODY = ("done", "failed", "held", "skipped", "moved", "cancelled", "running", "waiting")
ENDED = frozenset({"done", "failed", "cancelled", "expired"})
AGAIN = frozenset({"failed", "held", "skipped", "moved"})
BAD = json.dumps({"what": {"ja": "だめ", "en": "bad"}})
NOW = datetime.now(UTC).isoformat()
Call = tuple[str, str, Mapping[str, object]]
"""Group, statement, and what it is given."""

codes = st.sampled_from(CODES)
person = st.sampled_from(("operator:a@example.jp", "approver:b@example.jp", "worker:w1", "moyai"))
claims = st.integers(0, 4)
WANT = st.fixed_dictionaries(
    {"wanted": st.sampled_from(("run", "pause", "cancel", "stop", "x")), "actor": person}
)
WAVES = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(1, 2),
            "status": st.sampled_from(("waiting", "running", "soaking", "held", "done")),
            "began_at": st.just(NOW),
            "soak_until": st.just(NOW),
        }
    ),
    max_size=2,
)
CONDUCT = (
    "SELECT moyai.conduct(:id, CAST(xmin AS text), :status, NULL, CAST(:cancelled AS jsonb), "
    "CAST(:waves AS jsonb), CAST(:begin AS text[])) FROM moyai.operation WHERE id = :id"
)
TAKE = "SELECT moyai.take(:id, :code, :attempt, 'w1')"
GO_ON = (
    "SELECT moyai.go_on(:id, :code, :claim, :ended, false, '{}', CAST(:error AS jsonb), NULL, :next, "
    "1, 'k')"
)
FINISH = (
    "SELECT moyai.finish(:id, :code, :claim, NULL, false, NULL, :status, CAST(:error AS jsonb), NULL, "
    "NULL)"
)
TELL_WAIT = "SELECT moyai.tell_wait(:id, :code, :claim, CAST(:waits AS jsonb))"
ABANDON = (
    "SELECT moyai.abandon(:id, :code, (SELECT carrier FROM moyai.body WHERE operation_id = :id "
    "AND code = :code), :status, CAST(:error AS jsonb))"
)
STEPS = st.sampled_from((None, "one", "two", "-one"))
ERRORS = st.sampled_from((None, BAD))


def _calls(
    group: str, statement: str, **given: st.SearchStrategy[object]
) -> st.SearchStrategy[Call]:
    return st.tuples(st.just(group), st.just(statement), st.fixed_dictionaries(given))


CALLS = st.one_of(
    st.tuples(st.just("operator"), st.just("SELECT moyai.want(:id, :wanted, :actor)"), WANT),
    _calls(
        "operator",
        "SELECT moyai.retry(:id, CAST(:codes AS text[]), :actor)",
        codes=st.lists(codes, max_size=3),
        actor=person,
    ),
    _calls(
        "operator",
        "SELECT moyai.release(:id, CAST(:what AS text[]), :actor)",
        what=st.lists(st.sampled_from(("wave:1", "operation", "wave:9")), max_size=2),
        actor=person,
    ),
    *[
        _calls(
            "worker",
            CONDUCT,
            status=st.sampled_from((None, "running", *OPERATION)),
            cancelled=st.lists(
                st.fixed_dictionaries({"code": codes, "reason": st.none()}), max_size=3
            ).map(json.dumps),
            waves=WAVES.map(json.dumps),
            begin=st.lists(codes, max_size=3),
        )
    ]
    * 3,
    *[_calls("worker", TAKE, code=codes, attempt=st.integers(1, 2))] * 2,
    *[_calls("worker", GO_ON, code=codes, claim=claims, ended=STEPS, error=ERRORS, next=STEPS)] * 2,
    *[
        _calls(
            "worker", FINISH, code=codes, claim=claims, status=st.sampled_from(BODY), error=ERRORS
        )
    ]
    * 2,
    _calls(
        "worker",
        "SELECT moyai.hold_at_gate(:id, CAST(:unwell AS jsonb))",
        unwell=codes.map(lambda code: json.dumps([{"code": code, "error": {}}])),
    ),
    _calls("worker", "SELECT moyai.next_ticket(:id, :code, NULL)", code=codes),
    _calls("worker", TELL_WAIT, code=codes, claim=claims, waits=st.sampled_from((None, "{}"))),
    _calls("worker", ABANDON, code=codes, status=st.sampled_from((None, *BODY)), error=ERRORS),
)


_STATUS = sa.text("SELECT status, wanted FROM moyai.operation WHERE id = :id")
_BODIES = sa.text("SELECT code, status, attempts, claim FROM moyai.body WHERE operation_id = :id")


@dataclass(frozen=True)
class Entry:
    """A body's entry."""

    status: str
    attempts: int
    claim: int


@dataclass(frozen=True)
class Stand:
    """An operation and its bodies by code."""

    status: str
    wanted: str
    bodies: Mapping[str, Entry]


@dataclass
class Site:
    """One database, and how its newest operation stood."""

    engines: Mapping[str, sa.Engine]
    folder: Path
    operation: str = ""
    before: Stand = Stand("planned", "run", {})
    refusal: sa.exc.DBAPIError | None = None
    """Why the last call was refused."""

    def plan(self) -> None:
        plan = make_plan(self.folder, 3, waves=2, at_once=1)
        with self.engines["operator"].begin() as connection:
            self._end_others(connection)
            self.operation = create(connection, plan, None)
        self.before = self.now()

    def _end_others(self, connection: sa.Connection) -> None:
        with self.engines["owner"].begin() as owner:
            owner.execute(sa.text("TRUNCATE moyai.operation CASCADE"))

    def call(self, call: Call) -> bool:
        """Whether the database did it."""
        group, statement, given = call
        self.refusal = None
        try:
            with self.engines[group].begin() as connection:
                found = connection.execute(
                    sa.text(statement), {"id": self.operation, **given}
                ).scalar()
        except sa.exc.DBAPIError as error:
            self.refusal = error
            return False
        return statement is not CONDUCT or isinstance(found, list)

    def now(self) -> Stand:
        """As it is on record."""
        given = {"id": self.operation}
        with self.engines["operator"].connect() as connection:
            row = connection.execute(_STATUS, given).one()
            bodies = connection.execute(_BODIES, given).all()
        found = {one.code: Entry(one.status, one.attempts, one.claim) for one in bodies}
        return Stand(row.status, row.wanted, found)

    def look(self, group: str) -> None:
        """Hold what is on record against what may be."""
        was, now = self.before, self.now()
        statuses = [one.status for one in now.bodies.values()]
        if now.status in ENDED:
            assert not {"waiting", "running"} & set(statuses)
            assert now.status != "done" or not {"failed", "held"} & set(statuses)
        if now.status == "cancelled":
            assert now.wanted in ("cancel", "stop")
        if was.status in ENDED and now.status != was.status:
            assert (group, now.status) == ("operator", "running")
        assert statuses.count("running") <= 1
        for code in CODES:
            _look_at(group, was.bodies[code], now.bodies[code])
        self.before = now


def _is_a_refusal(error: sa.exc.DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", "")).startswith("MY")


def _look_at(group: str, was: Entry, now: Entry) -> None:
    change = (was.status, now.status)
    if group == "operator":
        assert (now.attempts, now.claim) == (was.attempts, was.claim)
        assert was.status == now.status or (was.status in AGAIN and now.status == "waiting")
    assert now.attempts - was.attempts in (0, 1)
    if now.attempts != was.attempts:
        assert (*change, now.claim) == ("waiting", "running", was.claim + 1)
    elif was.status != now.status and group == "worker":
        ends = {("running", end) for end in BODY[:6]}
        assert change in ends | {("waiting", "cancelled"), ("done", "held")}


@pytest.fixture(scope="module")
def site(lasting: Logins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    engines = {one: open_engine(lasting.of(f"moyai_{one}")) for one in ("operator", "worker")}
    engines["owner"] = open_engine(lasting.url, role="moyai_owner")
    register(engines["worker"])
    yield Site(engines, tmp_path_factory.mktemp("site"))
    for one in engines.values():
        one.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls=st.lists(CALLS, min_size=5, max_size=40))
def test_no_order_of_calls_leads_to_what_could_not_be(site: Site, calls: list[Call]) -> None:
    site.plan()
    for call in calls:
        done = site.call(call)
        assert done or site.refusal is None or _is_a_refusal(site.refusal), (call, site.refusal)
        site.look(call[0])
    looked = verify_chains(site.engines["operator"])
    # Each example plans anew under the same id, which no site does.
    findings = [one for each in looked for one in each.findings if one.kind != "other_plan"]
    assert findings == []


def test_such_calls_lead_somewhere(site: Site) -> None:
    """Or the test above would prove nothing."""
    site.plan()
    first = CODES[0]
    waves = json.dumps([{"number": 1, "status": "running"}])
    begun = {"status": "running", "cancelled": "[]", "waves": waves, "begin": [first]}
    failed = {"code": first, "claim": 2, "status": "failed", "error": BAD}
    person = {"actor": "operator:a@example.jp", "codes": [first]}
    for call in (
        ("worker", CONDUCT, begun),
        ("worker", TAKE, {"code": first, "attempt": 1}),
        ("worker", FINISH, failed),
        ("operator", "SELECT moyai.retry(:id, CAST(:codes AS text[]), :actor)", person),
        ("worker", CONDUCT, begun),
    ):
        assert site.call(call), (call, site.refusal)
        site.look(call[0])
    assert site.now().bodies[first] == Entry("running", 2, 3)
