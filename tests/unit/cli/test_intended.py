"""A plan as it is shown before it is on record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal

import pytest
from tests.unit.planning.fleet.made_plans import PLANNED, body, plan, wave

from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import Limits
from moyai.planning.openings import ALWAYS, Calendar
from moyai.registry.models import Freeze
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
