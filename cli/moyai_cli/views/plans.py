"""The table of what a deploy would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import typer

from moyai.planning.plans import Plan, PlannedAction, PlannedStack
from moyai.texts import Text, counted
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, Record, listing

STYLES: Mapping[PlannedAction, str] = {
    "create": "green",
    "update": "yellow",
    "none": "dim",
    "refused": "red",
}
_WORDS: Mapping[PlannedAction, str] = {
    "create": say("新規", "create"),
    "update": say("変更", "update"),
    "none": say("なし", "none"),
    "refused": say("拒否", "refused"),
}
"""What people read; programs get the action itself."""


def show_plan(made: Plan, output: Output) -> None:
    """Every body as a record; for people only those for which there is something to say."""
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("action", say("操作", "action"), {_WORDS[one]: STYLES[one] for one in STYLES}),
        Column("reasons", say("理由", "reasons")),
    ]
    if output is not Output.TABLE:
        shared = {stack.name: stack.action for stack in made.foundation if stack.runs}
        listing([{**_record(one), "foundation": shared} for one in made.tenants], columns, output)
        return
    shown = [stack for stack in made.stacks if stack.runs or stack.reasons or stack.notes]
    if shown:
        rows = [_row(stack, said_below=made.older) for stack in shown]
        listing(rows, columns, output)
    if not made.tenants:
        typer.echo(nobody())
        return
    bodies = counted(len(made.tenants), "body", "bodies")
    counts = dict.fromkeys(STYLES, 0)
    for stack in made.tenants:
        counts[stack.action] += 1
    typer.echo(
        say(
            f"{len(made.tenants)} 団体: 新規 {counts['create']}、変更 {counts['update']}、"
            f"なし {counts['none']}、拒否 {counts['refused']}",
            f"{bodies}: {counts['create']} to create, {counts['update']} to "
            f"update, {counts['none']} unchanged, {counts['refused']} refused",
        )
    )
    if made.older is not None:
        typer.echo(say(f"拒否: {made.older.ja}", f"refused: {made.older.en}"))
    changing = ", ".join(one.name for one in made.foundation if one.action == "update")
    if changing and counts["none"]:
        typer.echo(
            say(
                f"共通基盤の {changing} の出力が変われば、それを使うセルと団体も、"
                "同じ適用の中で続いて変わります。",
                f"Where what {changing} of the foundation exports changes, the cells and bodies that "
                "use it follow in the same deploy.",
            )
        )


def nobody() -> str:
    """What is said where a selector, or the file, has no body."""
    return say("当てはまる団体がありません。", "No body is selected.")


def _row(stack: PlannedStack, said_below: Text | None) -> Record:
    reasons = tuple(one for one in stack.reasons if one != said_below)
    return {**_record(replace(stack, reasons=reasons)), "action": _WORDS[stack.action]}


def _record(stack: PlannedStack) -> Record:
    return {
        "code": stack.name,
        "name": stack.title,
        "action": stack.action,
        "reasons": [one.of(LANG) for one in (*stack.reasons, *stack.notes)],
        "changed": list(stack.changed),
    }
