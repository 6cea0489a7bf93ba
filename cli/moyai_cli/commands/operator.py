"""moyai operator list."""

from __future__ import annotations

import typer

from moyai.operations.site.places import find_registry_file
from moyai.registry.load import require
from moyai_cli.language import say
from moyai_cli.options import AsOf, File, Format, day_of
from moyai_cli.render import Column, Output, listing

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=say("担当者を一覧する。", "List operators.")
)


@app.callback()
def _root() -> None:
    """Hold the group: Typer makes none of an application with one command."""


@app.command(
    "list",
    help=say(
        "担当者を、役割と権限の残り日数とともに一覧する。",
        "List operators with their roles and the days that their rights have left.",
    ),
)
def list_(file: File = None, as_of: AsOf = None, output: Format = Output.TABLE) -> None:
    """From tenants.yaml alone; days left are below 0 where the rights have ended."""
    day = day_of(as_of)
    records = [
        {
            "name": one.name,
            "email": one.email,
            "role": one.role.value,
            "bodies": one.bodies,
            "expires": one.expires.isoformat(),
            "days_left": (one.expires - day).days,
        }
        for one in require(find_registry_file(file)).operators
    ]
    columns = [
        Column("name", say("名前", "name")),
        Column("email", say("メールアドレス", "e-mail")),
        Column("role", say("役割", "role")),
        Column("bodies", say("団体", "bodies")),
        Column("expires", say("期限", "expires")),
        Column("days_left", say("残り日数", "days left"), is_number=True),
    ]
    listing(records, columns, output)
