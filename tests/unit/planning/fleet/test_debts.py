"""A debt is what a body lacks: whatever brings it there settles it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.planning.fleet.debts import (
    UPGRADE,
    Debt,
    Done,
    furthest,
    settled_by,
    what_settles,
    why_void,
)
from moyai.registry.load import require

THEN = datetime(2026, 11, 1, tzinfo=UTC)
DEBT = Debt(1, "272027", "upgrade", "eapp-b 1.1.0", THEN)
DONE = Done("20261102-1", "272027", "upgrade", "eapp-b 1.1.0", THEN + timedelta(days=1))
RELEASES = st.tuples(*[st.integers(0, 12)] * 3)


def _named(release: tuple[int, ...]) -> str:
    return "eapp-b " + ".".join(map(str, release))


@given(RELEASES, RELEASES)
def test_an_upgrade_settles_what_lacked_its_release_or_an_older_one(
    wanted: tuple[int, ...], brought: tuple[int, ...]
) -> None:
    debt, done = replace(DEBT, subject=_named(wanted)), replace(DONE, subject=_named(brought))
    assert (settled_by(debt, [done]) == done) is (brought >= wanted)


@pytest.mark.parametrize(
    "other",
    [
        {"code": "272043"},
        {"kind": "deploy"},
        {"subject": "eapp-a 1.1.0"},
        {"subject": "eapp-b"},
        {"ended_at": THEN - timedelta(seconds=1)},
    ],
)
def test_what_is_about_something_else_settles_nothing(other: dict[str, object]) -> None:
    assert settled_by(DEBT, [replace(DONE, **other)]) is None  # type: ignore[arg-type]


def test_a_backup_of_all_services_settles_that_of_one_and_not_the_other_way_round() -> None:
    debt, done = replace(DEBT, kind="backup", subject="chat"), replace(DONE, kind="backup")
    assert settled_by(debt, [replace(done, subject="")])
    assert settled_by(replace(debt, subject=""), [replace(done, subject="chat")]) is None


def test_the_first_that_settles_is_named() -> None:
    later = replace(DONE, operation="20261103-1", ended_at=THEN + timedelta(days=2))
    assert settled_by(DEBT, [later, DONE]) == DONE


def test_a_body_that_left_or_stopped_using_the_service_lacks_nothing() -> None:
    registry, day = require(SAMPLE), date(2026, 11, 26)
    assert why_void(DEBT, registry, day) is None
    assert why_void(replace(DEBT, code="999999"), registry, day) is not None
    assert why_void(replace(DEBT, subject="eapp-a 1.1.0"), registry, day) is not None
    assert why_void(replace(DEBT, kind="deploy", subject=""), registry, day) is None
    body = registry.tenant("272027")
    assert body is not None
    used = tuple(replace(one, until=date(2026, 1, 31)) for one in body.subscriptions)
    left = replace(registry, tenants=(replace(body, subscriptions=used),))
    assert why_void(DEBT, left, day) is not None


@given(RELEASES, RELEASES)
def test_an_upgrade_is_owed_exactly_where_the_body_runs_an_older_release(
    runs: tuple[int, ...], wanted: tuple[int, ...]
) -> None:
    registry, day = require(SAMPLE), date(2026, 11, 26)
    known = {DEBT.code: {"eapp-b": _named(runs).removeprefix("eapp-b ")}}
    found = why_void(replace(DEBT, subject=_named(wanted)), registry, day, known)
    assert (found is None) == (runs < wanted)
    assert why_void(replace(DEBT, kind="rotate", subject="eapp-b"), registry, day, known) is None


@pytest.mark.parametrize("subject", ["", "chat", "eapp-b"])
def test_a_look_is_not_owed(subject: str) -> None:
    registry, day = require(SAMPLE), date(2026, 11, 26)
    assert why_void(replace(DEBT, kind="check", subject=subject), registry, day) is not None
    assert why_void(replace(DEBT, kind="backup", subject=""), registry, day) is None


def test_what_settles_is_a_command() -> None:
    assert (
        "moyai upgrade eapp-b 1.1.0 272027"
        in what_settles("upgrade", "eapp-b 1.1.0", "272027", "20261101-1").ja
    )
    assert what_settles("check", "chat", "272027", "x").en == "moyai check 272027 --service chat"
    assert what_settles("deploy", "", "272027", "o").en == "moyai operation retry o 272027"


def test_the_newest_release_that_is_owed_pays_for_those_before() -> None:
    owed = [
        ("271004", UPGRADE, "chat 1.1.0"),
        ("271004", UPGRADE, "chat 1.10.0"),
        ("271004", UPGRADE, "chat 1.2.0"),
        ("271004", UPGRADE, "eapp-a 1.1.0"),
        ("272027", UPGRADE, "chat 1.1.0"),
        ("272027", "backup", "chat"),
    ]
    assert furthest(owed) == {
        ("271004", "chat"): "1.10.0",
        ("271004", "eapp-a"): "1.1.0",
        ("272027", "chat"): "1.1.0",
    }
