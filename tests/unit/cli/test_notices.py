"""Notices as people and programs see them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from moyai.operations.database.notice_reading import NoticeRow
from moyai.registry.operation_settings import Event
from moyai.texts import Text
from moyai_cli.language import of
from moyai_cli.render import Output
from moyai_cli.views.notices import EVENTS, show_notices

AT = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
ROW = NoticeRow(
    "20261126-3",
    "wave_held",
    None,
    "webhook:hooks.example.jp",
    "webhook",
    AT,
    20,
    "given_up",
    None,
    None,
    Text("応答なし\x1b[2J", "no answer\x1b[2J"),
)


def test_a_notice_that_was_given_up_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    show_notices([ROW], Output.TABLE)
    shown = capsys.readouterr().out
    assert "given up" in shown or "断念" in shown
    assert "no answer" in shown or "応答なし" in shown
    assert "2026-11-26 22:05:00 JST" in shown
    assert "\x1b[2J" not in shown


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_a_word_for_people_and_its_name_for_programs(
    event: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    row = replace(ROW, event=str(event))
    show_notices([row], Output.JSON)
    assert json.loads(capsys.readouterr().out)[0]["event"] == str(event)
    assert set(EVENTS) == set(map(str, Event))
    show_notices([row], Output.TABLE)
    words = EVENTS[str(event)]
    assert of(words).split(maxsplit=1)[0] in capsys.readouterr().out


def test_programs_get_moments_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    show_notices([ROW], Output.JSON)
    [record] = json.loads(capsys.readouterr().out)
    assert record["at"] == "2026-11-26T13:05:00+00:00"
    assert (record["status"], record["attempts"], record["sent_at"]) == ("given_up", 20, None)
