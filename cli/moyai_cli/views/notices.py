"""Notices, and channels that were tried, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from moyai.planning.fleet.status_words import named
from moyai.texts import Text, in_japan
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, listing

if TYPE_CHECKING:
    from moyai.operations.database.notice_reading import NoticeRow
    from moyai.operations.notices.trying import Tried

_STYLES = {
    "sent": "green",
    "waiting": "yellow",
    "open": "yellow",
    "given_up": "red",
    "failed": "red",
}


_STATUSES: Mapping[str, Text] = {
    "sent": Text("送信済み", "sent"),
    "waiting": Text("送信待ち", "waiting"),
    "open": Text("宛先を決める前", "not addressed yet"),
    "given_up": Text("断念", "given up"),
    "failed": Text("失敗", "failed"),
}
_STYLES_SHOWN = {of(_STATUSES[code]): style for code, style in _STYLES.items()}
EVENTS: Mapping[str, Text] = {
    "approval_wanted": Text("承認の依頼", "approval wanted"),
    "wave_held": Text("適用枠の保留", "wave held"),
    "window_missed": Text("時間帯に着手できず", "window missed"),
    "done": Text("終了", "ended"),
    "debt": Text("未了", "work owed"),
    "body_held": Text("団体の保留", "body held"),
    "stalled": Text("作業の停止", "stands still"),
}
"""What happened, by its name in tenants.yaml."""


def _shown(code: str, words: Mapping[str, Text], output: Output) -> str:
    return code if output is not Output.TABLE else of(named(words, code))


def show_notices(rows: Sequence[NoticeRow], output: Output) -> None:
    """One line a notice; moments in JSON and CSV as ISO 8601 in UTC."""
    machine = output is not Output.TABLE
    records = [
        {
            "operation": one.operation,
            "event": _shown(one.event, EVENTS, output),
            "code": one.code,
            "audience": one.audience,
            "channel": one.channel,
            "status": _shown(one.status, _STATUSES, output),
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
        Column("status", say("状態", "status"), _STYLES_SHOWN),
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
            "status": _shown("sent" if one.why is None else "failed", _STATUSES, output),
            "error": None if one.why is None else one.why.of(LANG),
        }
        for one in tried
    ]
    columns = [
        Column("channel", say("手段", "by")),
        Column("to", say("宛先", "to")),
        Column("status", say("結果", "result"), _STYLES_SHOWN),
        Column("error", say("届かない理由", "why not")),
    ]
    listing(records, columns, output)
