"""Notices, and channels that were tried, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from moyai.texts import in_japan
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing

if TYPE_CHECKING:
    from moyai.operations.database.notice_reading import NoticeRow
    from moyai.operations.notices.trying import Tried

_STYLES = {"sent": "green", "waiting": "yellow", "given_up": "red", "failed": "red"}


def show_notices(rows: Sequence[NoticeRow], output: Output) -> None:
    """One line a notice; moments in JSON and CSV as ISO 8601 in UTC."""
    machine = output is not Output.TABLE
    records = [
        {
            "operation": one.operation,
            "event": one.event,
            "code": one.code,
            "audience": one.audience,
            "channel": one.channel,
            "status": one.status,
            "at": one.created_at.isoformat() if machine else in_japan(one.created_at),
            "sent_at": None if one.sent_at is None else one.sent_at.isoformat(),
            "next_try_at": None if one.next_try_at is None else one.next_try_at.isoformat(),
            "attempts": one.attempts,
            "error": None if one.error is None else one.error.of(LANG),
        }
        for one in rows
    ]
    columns = [
        Column("operation", say("一斉作業", "operation")),
        Column("event", say("出来事", "event")),
        Column("audience", say("宛先", "to")),
        Column("channel", say("手段", "by")),
        Column("at", say("日時", "at")),
        Column("status", say("状態", "status"), _STYLES),
        Column("attempts", say("試行", "tries"), is_number=True),
        Column("error", say("届かない理由", "why not")),
    ]
    listing(records, columns, output)


def show_tried(tried: Sequence[Tried], output: Output) -> None:
    """One line a channel."""
    records = [
        {
            "channel": str(one.channel),
            "to": one.name,
            "status": "sent" if one.why is None else "failed",
            "error": None if one.why is None else one.why.of(LANG),
        }
        for one in tried
    ]
    columns = [
        Column("channel", say("手段", "by")),
        Column("to", say("宛先", "to")),
        Column("status", say("結果", "result"), _STYLES),
        Column("error", say("届かない理由", "why not")),
    ]
    listing(records, columns, output)
