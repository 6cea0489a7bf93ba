"""What is said: in both languages, one line where it is one, with what to do next."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operations.notices.scenes import (
    ERROR,
    OSAKA,
    SAKAI,
    TODAY,
    happened,
    registry,
    scene,
    told,
)

from moyai.operations.notices.audiences import notices
from moyai.operations.notices.scene import BodyNow, Happened
from moyai.operations.notices.words import for_operators
from moyai.registry.operation_settings import Event

KANA = re.compile(r"[\u3040-\u30ff]")
ALL = [
    happened(Event.APPROVAL_WANTED, subjects=("plan", f"unverified-restore:{OSAKA}")),
    happened(Event.APPROVAL_WANTED, subjects=("wave:2",)),
    happened(
        Event.APPROVAL_WANTED,
        subjects=("plan",),
        reason=ERROR["what"],
        until="2026-11-28T11:00:00+00:00",
    ),
    happened(Event.WAVE_HELD, wave=1, codes=(OSAKA,), reason=ERROR["what"]),
    happened(Event.WAVE_HELD, wave=None, codes=(), reason=ERROR["what"]),
    happened(Event.WINDOW_MISSED, OSAKA, reason=ERROR["what"], begins=None),
    *(
        happened(Event.DONE, status=one, reason=ERROR["what"])
        for one in ("done", "failed", "cancelled", "expired")
    ),
    *(
        happened(Event.DEBT, OSAKA, status=one, error=ERROR)
        for one in ("failed", "skipped", "moved")
    ),
    happened(Event.BODY_HELD, OSAKA, status="held", error=ERROR),
    happened(Event.STALLED, reason=ERROR["what"]),
]


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.event}-{one.facts.get('status')}")
def test_each_says_what_happened_what_was_touched_and_what_to_do_in_both_languages(
    one: Happened,
) -> None:
    found = told(one, scene(_271004="failed"))
    assert found
    for notice in found:
        text = notice.content.text
        for heading in ("■ 何があったか", "■ 触れたもの", "■ 次にすること"):
            assert heading in text.ja
        for heading in ("What happened", "What was touched", "What to do next"):
            assert heading in text.en
        assert KANA.search(text.en) is None
        assert "None" not in text.ja + text.en
        assert "{" not in text.ja + text.en
        assert notice.content.subject.ja.startswith("[もやい] ")
        if not notice.audience.startswith("body:"):
            assert re.search(r"moyai operation (show|report) 20261126-3", text.ja)


@pytest.mark.parametrize("left", ["skipped", "moved"])
def test_the_mail_of_one_that_left_a_body_out_says_so_and_what_to_do(left: str) -> None:
    one = happened(Event.DONE, status="done", reason=ERROR["what"])
    [first, *_] = told(one, scene(_271004=left))
    text = first.content.text.ja
    assert "終了しましたが、未了の団体があります" in text
    assert "大阪市（271004）" in text
    assert "moyai operation retry 20261126-3" in text
    assert "することはありません" not in text


def test_an_approval_that_still_holds_is_not_told_as_what_stops_the_work() -> None:
    [first, *_] = told(ALL[2])
    text = first.content.text.ja
    assert "承認の期限が作業より先に来ます" in first.content.subject.ja
    assert "期限までは、承認されたとおりに進みます。" in text
    assert "承認: moyai operation approve 20261126-3" in text


def test_a_held_wave_says_who_failed_why_and_how_to_go_on() -> None:
    [first, *_] = told(ALL[3], scene(_271004="failed"))
    text = first.content.text.ja
    assert "適用枠「第1」が保留になりました" in text
    assert "大阪市（271004）: 失敗しました。移行に失敗しました。" in text
    assert "moyai operation retry 20261126-3" in text
    assert "moyai operation resume 20261126-3 --wave 1" in text


def test_each_approval_is_asked_for_with_its_command() -> None:
    [first, *_] = told(ALL[0])
    lines = [line.strip() for line in first.content.text.ja.split("\n")]
    assert "承認: moyai operation approve 20261126-3" in lines
    assert f"承認: moyai operation approve 20261126-3 unverified-restore:{OSAKA}" in lines


def test_what_is_not_a_wave_is_resumed_without_one() -> None:
    [first, *_] = told(ALL[4])
    assert "一斉作業が保留になりました" in first.content.text.ja
    assert "--wave" not in first.content.text.ja


ANY = st.text(max_size=60)
ACTED_UPON = set(map(chr, (*range(32), *range(0x7F, 0xA0), *range(0x2028, 0x202F), 0x2066, 0x2069)))


@given(ANY)
def test_words_from_elsewhere_stay_on_their_lines(what: str) -> None:
    said = {"ja": what or "x", "en": what or "x"}
    one = happened(Event.DEBT, OSAKA, status="failed", error={"what": said, "remedy": said})
    where = scene()
    plain = told(happened(Event.DEBT, OSAKA, status="failed", error={"what": ERROR["what"]}), where)
    for notice, other in zip(told(one, where), plain, strict=True):
        assert "\n" not in notice.content.subject.ja + notice.content.subject.en
        lines = notice.content.text.ja.split("\n")
        assert len(lines) <= len(other.content.text.ja.split("\n")) + 1
        assert not set("".join(lines)) & ACTED_UPON


def test_many_bodies_are_counted() -> None:
    group = [happened(Event.DEBT, f"{at:06}", status="failed", error=ERROR) for at in range(50)]
    told_of = for_operators(group, scene())
    assert "50 団体" in told_of.title.ja
    assert told_of.what[-1].ja == "ほか 20 件"


def test_a_body_that_was_cancelled_before_it_was_begun_is_told_that_nothing_was_changed() -> None:
    now = BodyNow(
        "cancelled", {"what": {"ja": "取り消されました", "en": "it was cancelled"}}, is_begun=False
    )
    where = replace(scene(), bodies={OSAKA: now})
    [its] = [
        one for one in told(happened(Event.DONE, status="cancelled"), where) if one.code == OSAKA
    ]
    assert "何も変更していません。" in its.content.text.ja
    assert "Nothing was touched." in its.content.text.en


@pytest.mark.parametrize("status", ["failed", "cancelled", "held"])
def test_an_end_of_a_version_before_is_not_said_to_be_taken_back(status: str) -> None:
    where = replace(scene(), bodies={OSAKA: BodyNow(status, ERROR)})
    [its] = [one for one in told(happened(Event.DONE, status="failed"), where) if one.code == OSAKA]
    assert "戻しました" not in its.content.text.ja
    assert "報告にあります" in its.content.text.ja
    assert "taken back" not in its.content.text.en


def test_what_was_touched_is_told_of_each_body_where_it_differs() -> None:
    def ended(code: str, touched: str) -> Happened:
        error = {**ERROR, "touched": {"ja": f"{touched}。", "en": f"{touched}."}}
        return happened(Event.DEBT, code, status="failed", error=error)

    where = scene(_271004="failed", _271403="failed")
    one, other = ended(OSAKA, "A"), ended(SAKAI, "B")
    text = notices([one, other], where, registry(), TODAY)[0].content.text
    assert "大阪市（271004）: A。堺市（271403）: B。" in text.ja
    assert "大阪市 (271004): A. 堺市 (271403): B." in text.en
    same = notices([one, ended(SAKAI, "A")], where, registry(), TODAY)[0].content.text
    assert "■ 触れたもの\n  A。\n" in same.ja
