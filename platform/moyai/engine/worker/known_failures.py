"""Failures of the pinned engine that are recognised by their words, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from moyai.engine.stacks import StackRun
from moyai.engine.worker.events import Tally
from moyai.texts import Text

AGAIN = Text(
    "もう一度実行してください。現状を確かめて、続きから行います。",
    "Run again: it looks at what is there and goes on.",
)

DISK_FULL = Text("ディスクに空きがありません。", "the disk is full.")
MAKE_ROOM = Text(
    "空きを作ってから、もう一度実行してください。現状を確かめて、続きから行います。",
    "Make room, then run again: it looks at what is there and goes on.",
)


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One that is told in words of our own."""

    words: tuple[str, ...]
    """Any of these in what the engine said makes it this one."""
    what: Callable[[StackRun, Tally], Text]
    remedy: Text | None = None
    refused: bool = False
    of: Literal["stack", "site"] = "stack"
    """What it is said of."""


def known_failure(said: str) -> KnownFailure | None:
    """The first of the table that is in what the engine said; None where there is none."""
    return next((one for one in _TABLE if any(words in said for words in one.words)), None)


def _fixed(ja: str, en: str) -> Callable[[StackRun, Tally], Text]:
    return lambda _run, _tally: Text(ja, en)


def _protected(run: StackRun, tally: Tally) -> Text:
    names = [t.name for t in tally.troubles if t.name and "protect" in t.message]
    which = ", ".join(dict.fromkeys(names)) or str(run.stack)
    return Text(
        f"保護された資源を削除・置換することになるため、行いません: {which}",
        f"this would delete or replace protected resources, which is refused: {which}",
    )


_TABLE: tuple[KnownFailure, ...] = (
    KnownFailure(
        ("no space left on device", "No space left on device"),
        lambda _run, _tally: DISK_FULL,
        MAKE_ROOM,
    ),
    KnownFailure(
        ("incorrect passphrase", "passphrase must be set", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        _fixed(
            "状態の暗号を解く合言葉が違うか、読めません。",
            "the passphrase that opens the state's secrets is wrong or cannot be read.",
        ),
        Text(
            "この状態を作ったときの合言葉ファイルを元の場所に戻してください。",
            "Put the passphrase file that the state was made with back in its place.",
        ),
        of="site",
    ),
    KnownFailure(
        (
            "operation error KMS: Decrypt",
            "operation error KMS: Encrypt",
            "api error ExpiredToken",
            "api error InvalidClientTokenId",
            "api error UnrecognizedClientException",
            "No valid credential sources found",
            "Unable to locate credentials",
        ),
        _fixed(
            "拠点に入れないか、状態の秘密を守る鍵を使えません。",
            "the site cannot be entered, or the key of the state's secrets cannot be used.",
        ),
        Text(
            "資格情報（AWS_PROFILE、aws sso login など）と鍵の権限を確かめて、もう一度実行してください。",
            "Look at your credentials (AWS_PROFILE, aws sso login, …) and at the rights to the key, then run "
            "again.",
        ),
        of="site",
    ),
    KnownFailure(
        ("the stack is currently locked by",),
        _fixed(
            "別の Pulumi がこのスタックを使用中です。", "another Pulumi is working on this stack."
        ),
        Text(
            "終わるのを待ってから、もう一度実行してください。",
            "Wait until it ends, then run again.",
        ),
        refused=True,
    ),
    KnownFailure(
        ("is protected", "currently marked for protection"),
        _protected,
        Text(
            "置換や削除につながる変更を tenants.yaml から取り除いてください。",
            "Take the change that asks for it out of tenants.yaml.",
        ),
        refused=True,
    ),
    KnownFailure(
        ("snapshot integrity failure", "failed to load checkpoint"),
        _fixed("状態ファイルが壊れています。", "the checkpoint is damaged."),
        Text(
            "moyai deploy --refresh を実行すると、写しに戻し、現状を読み直して続けます。",
            "moyai deploy --refresh goes back to a copy of it, reads what is live and goes on.",
        ),
    ),
    KnownFailure(
        ("code = Unavailable", "error reading from server: EOF"),
        _fixed(
            "プロバイダーのプラグインが途中で終了しました。",
            "a provider's plugin ended in the middle.",
        ),
        AGAIN,
    ),
    KnownFailure(
        (
            "Could not connect to the endpoint",
            "EndpointConnectionError",
            "Connection was closed before we received a valid response",
            "Connection refused",
            "Connection reset by peer",
            "connect: connection refused",
            "Connect timeout on endpoint",
            "Read timeout on endpoint",
        ),
        _fixed("拠点の AWS に接続できません。", "the site's AWS does not answer."),
        Text(
            "動いているか確かめてください（サンドボックスなら moyai sandbox status）。"
            "もう一度実行すると、現状を確かめて続きから行います。",
            "See whether it runs (for the sandbox: moyai sandbox status), then run again: it looks "
            "at what is there and goes on.",
        ),
        of="site",
    ),
)
