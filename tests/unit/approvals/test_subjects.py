"""Subjects are read as they are written, and a line that is signed has one meaning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.approvals.subjects import (
    EXCEPTIONS,
    PLAN,
    Subject,
    approval_line,
    body,
    parse,
    read_approval_line,
    risk,
    signed_line,
    wave,
)

CODES = st.from_regex(r"[0-9]{6}", fullmatch=True)
SUBJECTS = (
    st.sampled_from((PLAN, EXCEPTIONS))
    | st.builds(wave, st.integers(1, 9999))
    | st.builds(body, CODES)
    | st.builds(risk, st.sampled_from(("unverified-restore", "no-backup")), CODES)
)


@given(SUBJECTS)
def test_a_subject_is_read_as_it_is_written(subject: object) -> None:
    assert parse(str(subject)) == subject


def test_subjects_look_as_the_decision_says() -> None:
    written = ("plan", "exceptions", "wave:2", "body:271004", "unverified-restore:271004")
    made = (PLAN, EXCEPTIONS, wave(2), body("271004"), risk("unverified-restore", "271004"))
    assert tuple(map(str, made)) == written


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "",
            "Plan",
            "plan ",
            "plan:271004",
            "exceptions:271004",
            "wave:",
            "wave:0",
            "wave:02",
            "wave:271004",
        ),
        *("body:27100", "body:271004\n", "body:２７１００４", "body:271004 wave:1"),
        *("x y:271004", "-x:271004"),
    ],
)
def test_what_is_no_subject_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no subject"):
        parse(wrong)


def test_the_signed_line_is_three_words() -> None:
    assert signed_line("20261126-3", "ab" * 32, wave(2)) == (
        b"20261126-3 " + b"ab" * 32 + b" wave:2\n"
    )


@pytest.mark.parametrize(
    ("operation", "sha256", "subject"),
    [
        ("20261126-3 x", "ab" * 32, "plan"),
        ("", "ab" * 32, "plan"),
        ("20261126-3", "AB" * 32, "plan"),
        ("20261126-3", "ab", "plan"),
        ("20261126-3", "ab" * 32, "pl\nan"),
        ("操作", "ab" * 32, "plan"),
    ],
)
def test_a_line_that_could_be_read_in_two_ways_is_not_signed(
    operation: str, sha256: str, subject: str
) -> None:
    with pytest.raises(ValueError, match="not what can be signed"):
        signed_line(operation, sha256, subject)


NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOMENTS = st.integers(946_684_800, 4_102_444_799).map(lambda s: datetime.fromtimestamp(s, UTC))


def test_the_line_of_an_approval_has_its_moment_in_utc() -> None:
    japan = NOON.astimezone(timezone(timedelta(hours=9)))
    for moment in (NOON, japan):
        line = approval_line("20261126-3", "ab" * 32, "plan", moment)
        assert line == b"20261126-3 " + b"ab" * 32 + b" plan 2026-11-26T12:00:00Z\n"


@given(SUBJECTS, MOMENTS)
def test_the_line_of_an_approval_is_read_as_it_is_written(
    subject: Subject, moment: datetime
) -> None:
    line = approval_line("20261126-3", "ab" * 32, subject, moment).decode()
    for written in (line, line.rstrip("\n")):
        found = read_approval_line(written)
        assert (found.about, found.sha256) == ("20261126-3", "ab" * 32)
        assert (found.subject, found.signed_at) == (str(subject), moment)


@pytest.mark.parametrize(
    "moment",
    [
        *(
            "",
            "2026-11-26",
            "2026-11-26T12:00:00",
            "2026-11-26T12:00:00+00:00",
            "2026-13-26T12:00:00Z",
        ),
        *(
            "2026-11-26T12:00:00.5Z",
            "1999-11-26T12:00:00Z",
            "2026-11-26T12:00:00Z x",
            "２０26-11-26T12:00:00Z",
        ),
    ],
)
def test_a_line_without_a_moment_is_no_approval_s(moment: str) -> None:
    with pytest.raises(ValueError, match=r"approval|month"):
        read_approval_line(f"20261126-3 {'ab' * 32} plan {moment}")


@pytest.mark.parametrize("moment", [NOON.replace(tzinfo=None), NOON.replace(microsecond=1)])
def test_a_moment_that_could_be_written_in_two_ways_is_not_signed(moment: datetime) -> None:
    with pytest.raises(ValueError, match="not what can be signed"):
        approval_line("20261126-3", "ab" * 32, "plan", moment)
