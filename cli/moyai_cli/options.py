"""Options that many commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import UsageError
from moyai.operations.site.places import nearest_registry_file, today
from moyai.texts import Text
from moyai_cli.language import say
from moyai_cli.render import Output


def _which_file(named: Path | None) -> Path | None:
    """Say which file is used where that is neither said nor plain to see."""
    found = nearest_registry_file() if named is None else None
    if found is not None and found.parent != Path.cwd():
        typer.echo(say(f"上のフォルダの {found} を使います。", f"Using {found}."), err=True)
    return named


File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        callback=_which_file,
        help=say(
            "tenants.yaml の場所（省けば、このフォルダか、上で最も近いフォルダのもの）",
            "Where tenants.yaml is; the one in this folder or the nearest above if left out",
        ),
    ),
]
SiteName = Annotated[
    str, typer.Option("--site", help=say("拠点の名前", "The site's name"), envvar="MOYAI_SITE")
]
Format = Annotated[Output, typer.Option("--output", "-o", help=say("書き方", "How to write"))]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help=say("基準日（省けば日本の今日）", "As of a date; today in Japan if left out"),
    ),
]
UsedOn = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help=say(
            "サービスの利用を判断する日（省けば日本の今日）。始める日時や見込みは変わらない",
            "The day on which bodies' use of services is judged; today in Japan if left out. It does not "
            "change when work begins, nor what is foreseen",
        ),
    ),
]
Selector = Annotated[
    list[str] | None,
    typer.Argument(
        help=say(
            "団体: コード、slug、all、service:…、kind:…、tag:…、not …、and、or",
            "Bodies: codes, slugs, all, service:…, kind:…, tag:…, not …, and, or",
        )
    ),
]
Who = Annotated[
    str | None,
    typer.Option(
        "--operator",
        envvar="MOYAI_OPERATOR",
        help=say("担当者のメールアドレス", "The operator's e-mail address"),
    ),
]
Operation = Annotated[
    str,
    typer.Argument(
        help=say(
            "一斉作業の番号、last（最後のもの）、last:種類",
            "The operation's id; last: the newest; last:KIND",
        )
    ),
]
AnyTime = Annotated[
    bool,
    typer.Option(
        "--any-time",
        help=say(
            "保守時間帯を待たずに行う計画にする（凍結日は守る）",
            "Plan it for any time, outside maintenance windows too; frozen days are kept",
        ),
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help=say("計画を示すだけ", "Only show the plan"))
]
PlanKey = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help=say(
            "計画に署名する秘密鍵のファイル（省けば ssh-agent、~/.ssh）",
            "The private key to sign the plan with; ssh-agent and ~/.ssh if left out",
        ),
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help=say("終わるまで見守る", "Follow it to its end"))]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, max=64, help=say("同時に動かす数", "How many at a time")),
]
AllowOlder = Annotated[
    bool,
    typer.Option(
        "--allow-older",
        help=say(
            "最後に適用したものより古い tenants.yaml でも適用する",
            "Apply a tenants.yaml older than the one applied last",
        ),
    ),
]


def day_of(words: str | None, option: str = "--as-of") -> date:
    """The day of an option, or today in Japan."""
    if words is None:
        return today()
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise UsageError(
            Text(
                f"{option}「{words}」は日付（例 2026-11-23）ではありません。",
                f"{option} '{words}' is not a date such as 2026-11-23.",
            )
        ) from None


def selector_of(words: list[str] | None) -> str:
    """The words of a selector as one; all bodies where there are none."""
    return " ".join(words) if words else "all"


def services_of(words: list[str] | None, day: date) -> tuple[tuple[str, str], ...]:
    """Service and first day of each `eapp-a=2027-04-01`; `day` where none is said."""
    parts = (one.partition("=") for one in words or ())
    return tuple((name, first or day.isoformat()) for name, _, first in parts)
