"""A plan as it is shown before it is on record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, wave

from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import Limits
from moyai.planning.openings import ALWAYS, Calendar
from moyai.registry.maintenance import Freeze
from moyai_cli.render import Output
from moyai_cli.views.intended import show_intended
from moyai_cli.views.whole_plan import plan_lines

FROZEN = Calendar(ALWAYS, (Freeze(date(2026, 11, 20), date(2026, 11, 30), "選挙"),))


def test_a_plan_for_any_time_says_whose_freeze_it_waits_for_and_until_when(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = plan([wave(1)], [body("a", calendar=FROZEN), body("b", calendar=Calendar(ALWAYS, ()))])
    foreseen = forecast(made, PLANNED)
    show_intended(made, (), foreseen, Output.TABLE)
    told = capsys.readouterr().out
    assert "a 団体a: waits for the end of its freeze, 2026-12-01" in told
    assert "b 団体b: waits" not in told
    assert "no window is waited for, but 1 body waits for the end of a freeze" in told
    show_intended(made, (), foreseen, Output.JSON)
    document = json.loads(capsys.readouterr().out)
    assert document["frozen"] == {"a": datetime(2026, 11, 30, 15, tzinfo=UTC).isoformat()}
    lines = plan_lines(made, (), foreseen)
    assert any("waits for no maintenance window; frozen 2026-11-20" in one for one in lines)


@pytest.mark.parametrize("mode", ["strict", "soft"])
def test_a_wave_is_told_in_the_same_words_before_and_after_it_is_on_record(
    capsys: pytest.CaptureFixture[str], mode: Literal["strict", "soft"]
) -> None:
    one = replace(wave(1, most=4, soak=90), limits=Limits(4, 0, mode), needs_approval=True)
    made = plan([one], [body("a")])
    foreseen = forecast(made, PLANNED)
    show_intended(made, (), foreseen, Output.TABLE)
    [before] = [one for one in capsys.readouterr().out.splitlines() if one.startswith("wave 1")]
    assert before in plan_lines(made, (), foreseen)
    assert ("one after another" in before) == (mode == "strict")


def test_a_plan_whose_approval_would_run_out_before_its_window_says_so_and_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = replace(
        plan([wave(1)], [body("a", calendar=WEEKEND)]),
        planned_at=PLANNED - timedelta(days=1),
        approval_seconds=72 * HOUR,
    )
    foreseen = forecast(made, made.planned_at)
    show_intended(made, (), foreseen, Output.TABLE)
    told = capsys.readouterr().out
    assert (
        "an approval given now holds until 2026-11-28 10:00:00 JST, and 1 body is foreseen" in told
    )
    assert "approve it from 2026-11-25 23:01:00 JST on" in told
    assert "operations.approval_hours in tenants.yaml to 86 at least (it is 72)" in told
    show_intended(made, (), foreseen, Output.JSON)
    early = json.loads(capsys.readouterr().out)["approval_ends_before"]
    assert early["bodies"] == [{"code": "a", "begins": "2026-11-28T13:00:00+00:00"}]
    assert (early["approval_hours"], early["suffices_later"]) == (86, True)


def test_a_plan_that_its_approval_reaches_says_nothing_of_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = replace(plan([wave(1)], [body("a", calendar=WEEKEND)]), approval_seconds=72 * HOUR)
    show_intended(made, (), forecast(made, PLANNED), Output.TABLE)
    assert "approval" not in capsys.readouterr().out
    show_intended(made, (), forecast(made, PLANNED), Output.JSON)
    assert json.loads(capsys.readouterr().out)["approval_ends_before"] is None
