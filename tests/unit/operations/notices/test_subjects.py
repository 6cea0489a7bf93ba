"""A mail's subject arrives as it was written, wherever its lines are folded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from tests.unit.operations.notices.scenes import happened, scene, told

from moyai.operations.notices.mail import compose
from moyai.operations.notices.message import Message
from moyai.registry.operation_settings import Event, Smtp
from moyai.texts import Text


@pytest.mark.parametrize("more", range(16))
def test_no_space_of_a_subject_is_lost(more: int) -> None:
    notice = told(happened(Event.DONE, status="done"), scene(_271004="done"))[0]
    words = f"[もやい] 着手できませんでした — 一斉更新 eapp-a 1.1.0{'x' * more}（20261126-3）"
    content = replace(notice.content, subject=Text(words, words))
    smtp = Smtp("127.0.0.1", 25, "moyai@example.jp", "none", None, None)
    message = Message("id", "done", "20261126-3", datetime(2026, 11, 26, tzinfo=UTC), content)
    sent = compose(smtp, "a@example.jp", message).as_bytes()
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == words
    assert all(len(line) <= 78 for line in sent.splitlines())
