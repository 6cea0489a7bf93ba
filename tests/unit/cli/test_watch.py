"""Watching ends where nothing goes on without a person, unless a person looks on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.cli.test_operations import view

from moyai.errors import MoyaiError
from moyai.operations.database.rows import OperationView
from moyai_cli.render import Output
from moyai_cli.views import operation_watch
from moyai_cli.views.operation_watch import follow_to_end


def _in_hand(one: OperationView) -> OperationView:
    first, second = one.bodies
    return replace(one, bodies=(first, replace(second, status="running", waits=None)))


HELD = view("held")
COURSE = (view("planned"), _in_hand(view("running")), _in_hand(HELD), HELD, HELD, view("failed"))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[OperationView]:
    """What was looked at."""
    seen: list[OperationView] = []
    course: Iterator[OperationView] = iter(COURSE)

    def shown(*_: Any) -> OperationView:
        seen.append(next(course))
        return seen[-1]

    monkeypatch.setattr(operation_watch, "shown", shown)
    monkeypatch.setattr(operation_watch, "workers", lambda _: 1)
    monkeypatch.setattr(operation_watch, "behind", lambda _: None)
    monkeypatch.setattr(operation_watch, "_SECONDS", 0.0)
    return seen


def _nowhere() -> Any:
    """No database: what is looked at does not come from there."""
    return nullcontext()


def _followed(output: Output = Output.TABLE, until_held: bool | None = None) -> MoyaiError:
    with pytest.raises(MoyaiError) as raised:
        follow_to_end(_nowhere, "20261126-1", output, until_held=until_held)
    return raised.value


@pytest.mark.parametrize("output", [Output.TABLE, Output.JSON])
def test_a_script_is_let_go_once_it_is_held_and_no_body_is_in_hand(
    looks: list[OperationView], output: Output
) -> None:
    error = _followed(output)
    assert int(error.exit_code) == 6
    assert len(looks) == 4, "bodies in hand are waited for, and approval"
    assert "is held, and nothing goes on until a person decides" in error.what.en
    assert error.remedy is not None
    assert "moyai operation resume 20261126-1 --wave 1" in error.remedy.en


def test_who_wants_its_end_is_told_once_what_is_wanted_and_waits(
    looks: list[OperationView], capsys: pytest.CaptureFixture[str]
) -> None:
    assert int(_followed(until_held=False).exit_code) == 4
    assert len(looks) == len(COURSE)
    told = capsys.readouterr().out
    assert told.count("nothing goes on until a person decides") == 1
    assert "moyai operation resume 20261126-1 --wave 1" in " ".join(told.split())


@pytest.mark.parametrize(("until_held", "code", "count"), [(None, 4, 6), (True, 6, 4)])
def test_at_a_terminal_it_goes_on_and_says_so_unless_told_otherwise(
    looks: list[OperationView],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    until_held: bool | None,
    code: int,
    count: int,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert (int(_followed(until_held=until_held).exit_code), len(looks)) == (code, count)
