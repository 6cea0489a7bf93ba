"""Bodies that go on by one call: what is on record of each is what its own call would have put there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from counting import make_plan
from tests.planned import create
from tests.sandbox.hands import begin, register

from moyai.audit.details import plain
from moyai.audit.verify import verify
from moyai.operations.database.audit_reading import heads, records
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.carrying.combining import Combining, _Call, _in_one
from moyai.operations.durable.carrying.ledger import (
    _GO_ON,
    _TOGETHER,
    Ended,
    Ledger,
    Next,
    Taken,
    _going_on,
)

CODES = ("100000", "100001", "100002")
FOUND = {"release": "第1.2版", "nested": {"b": [1, None], "a": True}}
_STEPS = sa.text(
    "SELECT code, step, ordinal, status, key, claim, looked, result, done_at IS NULL FROM moyai.step "
    "ORDER BY code, ordinal"
)


class Office:
    """Three bodies in hand, and calls that go together."""

    def __init__(self, places: Logins, folder: Path) -> None:
        self.worker = open_engine(places.of("moyai_worker"))
        operator = open_engine(places.of("moyai_operator"))
        register(self.worker, "w1")
        with operator.begin() as connection:
            self.operation = create(connection, make_plan(folder, len(CODES)), None)
        operator.dispose()
        assert all(begin(self.worker, self.operation, code) for code in CODES)
        self.ledger = Ledger(self.worker, "w1")
        taken = [self.ledger.take(self.operation, code, 1) for code in CODES]
        self.taken: list[Taken] = [one for one in taken if one is not None]

    def together(self, *asked: tuple[Taken, Ended | None, Next]) -> list[_Call] | None:
        """Their answers, or None where nothing was done."""
        calls = [_Call(_GO_ON, _going_on(*one), _TOGETHER) for one in asked]
        with psycopg.Connection.connect(self._url, autocommit=True) as connection:
            return calls if _in_one(connection, calls) else None

    @property
    def _url(self) -> str:
        url = self.worker.url.set(drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def steps(self) -> list[tuple[Any, ...]]:
        with self.worker.connect() as connection:
            return [tuple(row) for row in connection.execute(_STEPS)]

    def chain(self, code: str) -> list[tuple[Any, ...]]:
        """What its records say, but for their places in the chain."""
        with self.worker.connect() as connection:
            found = list(records(connection, f"body:{code}"))
            [head] = heads(connection, f"body:{code}")
        assert not verify(found, (head,)), "its hashes and its head are right"
        return [
            (
                *(one.actor, one.action, one.operation, one.plan_sha256),
                *(one.step, one.attempt, one.result, json.dumps(plain(one.details))),
            )
            for one in found
        ]


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    found = Office(places, tmp_path)
    yield found
    found.worker.dispose()


def _next(name: str) -> Next:
    return Next(name, 1 + ("first", "second", "third").index(name), "k" * 32)


def test_what_is_on_record_is_what_each_ones_own_call_would_have_put_there(office: Office) -> None:
    alone, *others = office.taken
    first, second = Ended("first", FOUND), Ended("second", {}, looked=True)
    for ended, following in ((None, "first"), (first, "second"), (second, "third")):
        assert office.ledger.go_on(alone, ended, _next(following)) == "run"
        answered = office.together(*((one, ended, _next(following)) for one in others))
        assert answered is not None
        assert [call.answer for call in answered] == ["run", "run"]
    own, *those = [office.chain(code) for code in CODES]
    assert len(own) == 4, "its plan, its beginning, and two steps"
    assert those == [own, own]
    rows = office.steps()
    assert [row[1:] for row in rows[3:6]] == [row[1:] for row in rows[:3]]
    assert [row[1:] for row in rows[6:]] == [row[1:] for row in rows[:3]]


def test_one_of_whom_another_has_the_body_leaves_all_undone(office: Office) -> None:
    office.together(*((one, None, _next("first")) for one in office.taken))
    assert office.ledger.take(office.operation, CODES[1], 1) is not None
    rows, chains = office.steps(), [office.chain(code) for code in CODES]
    going_on = [(one, Ended("first", {}), _next("second")) for one in office.taken]
    assert office.together(*going_on) is None
    assert (office.steps(), [office.chain(code) for code in CODES]) == (rows, chains)


@pytest.mark.parametrize("ended", [None, Ended("first", {})])
def test_what_was_done_is_not_done_again_where_its_answer_was_lost(
    office: Office, ended: Ended | None
) -> None:
    if ended is not None:
        office.together(*((one, None, _next("first")) for one in office.taken))
    asked = [(one, ended, _next("first" if ended is None else "second")) for one in office.taken]
    assert office.together(*asked) is not None
    rows, chains = office.steps(), [office.chain(code) for code in CODES]
    assert office.together(*asked) is None
    assert [office.ledger.go_on(*one) for one in asked] == ["run"] * 3
    assert (office.steps(), [office.chain(code) for code in CODES]) == (rows, chains)


@pytest.mark.parametrize("result", [{"key": "-----BEGIN PRIVATE KEY-----"}, None])
def test_what_no_record_may_have_is_not_kept_together_either(
    office: Office, result: dict[str, Any] | None
) -> None:
    office.together(*((one, None, _next("first")) for one in office.taken))
    rows = office.steps()
    calls = [(one, Ended("first", {}), _next("second")) for one in office.taken[:2]]
    given = [list(_going_on(*one)) for one in calls]
    given[1][5] = None if result is None else json.dumps(result)
    with psycopg.Connection.connect(office._url, autocommit=True) as connection:
        assert not _in_one(connection, [_Call(_GO_ON, one, _TOGETHER) for one in given])
    assert office.steps() == rows


def test_a_failure_and_an_end_are_sent_by_themselves(office: Office) -> None:
    combining = Combining(office.worker, together={_GO_ON: _TOGETHER})
    [one, *_] = office.taken
    failed = Ended("first", {}, error={"what": {"ja": "", "en": ""}})
    assert not _TOGETHER.fits(_going_on(one, failed, None))
    assert not _TOGETHER.fits(_going_on(one, Ended("first", {}), None))
    assert combining.ask(_GO_ON, _going_on(one, None, _next("first"))) == "run"
