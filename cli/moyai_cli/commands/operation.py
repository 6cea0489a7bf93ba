"""moyai operation …: work on many bodies, looked at and steered."""

from __future__ import annotations

from moyai_cli.language import say
from moyai_cli.lazy import Entry, group


def _entry(module: str, command: str, ja: str, en: str) -> Entry:
    return Entry(f"moyai_cli.commands.operation_{module}", say(ja, en), command=command)


app = group(
    {
        "list": _entry(
            "reading",
            "list",
            "一斉作業を新しいものから一覧する。",
            "List operations, the newest first.",
        ),
        "show": _entry(
            "reading",
            "show",
            "一斉作業の計画・適用枠・団体の今の状態を示す。",
            "Show an operation's plan, waves and bodies as they stand.",
        ),
        "watch": _entry(
            "reading",
            "watch",
            "終わるまで見守る。終了コードは一斉作業の終わり方による。",
            "Follow an operation to its end; the exit code says how it ended.",
        ),
        "report": _entry(
            "reading",
            "report",
            "団体ごと・手順ごとに何が起きたかを報告する。",
            "Report what happened, body by body and step by step.",
        ),
        "debts": _entry(
            "reading",
            "debts",
            "まだ行われていない団体の作業を一覧する。",
            "List work that is still owed to bodies.",
        ),
        "approve": _entry(
            "steering",
            "approve",
            "計画・適用枠・団体の枠・リスクを SSH 鍵の署名で承認する。",
            "Approve a plan, wave, body's slot or risk with an SSH signature.",
        ),
        "pause": _entry(
            "steering",
            "pause",
            "新しい団体を始めない。実行中の団体は最後まで行う。",
            "Let no more bodies begin; those in hand go on to their end.",
        ),
        "resume": _entry(
            "steering",
            "resume",
            "一時停止か保留から再開する。",
            "Go on after a pause or a hold.",
        ),
        "cancel": _entry(
            "steering",
            "cancel",
            "待っている団体を取り消す。--stop は実行中の団体も止めて戻す。",
            "Cancel what waits; --stop ends what is in hand, too, and takes it back.",
        ),
        "retry": _entry(
            "steering",
            "retry",
            "失敗・保留・見送りの団体だけをやり直す。",
            "Begin again only what failed, is held, was skipped or had moved.",
        ),
        "newest": _entry(
            "steering",
            "newest",
            "意図して内容を戻した tenants.yaml を、最新だと記録する。",
            "Say that this tenants.yaml is the newest, where it was put back on purpose.",
        ),
        "restored": Entry(
            "moyai_cli.commands.operation_restored",
            say(
                "運用データベースを古い写しから戻したと申告する。途中の団体は保留になる。",
                "Declare that the operations database came back from an older copy; what was in hand is held.",
            ),
            command="restored",
        ),
        "prepare": _entry(
            "steering",
            "prepare",
            "運用データベースを用意する・新しい版にする。",
            "Make the operations database ready, or bring it to this version.",
        ),
        "notices": _entry(
            "notices",
            "notices",
            "だれに何を知らせたか、届いたかを一覧する。",
            "List who was told of what, and whether it was taken.",
        ),
        "test-notifications": _entry(
            "notices",
            "test-notifications",
            "知らせの手段（メール・Webhook・SNS）を試しの1通で確かめる。",
            "Send a message to try each channel of notifications: mail, webhooks, SNS.",
        ),
    },
    help=say(
        "一斉作業（多くの団体への作業）を確認・操作する。",
        "Look at and steer operations: work on many bodies.",
    ),
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Hold the group: Typer makes none of an application without commands of its own."""
