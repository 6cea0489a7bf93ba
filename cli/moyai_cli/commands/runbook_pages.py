"""moyai runbook list|show|render|check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import ExitCode, UsageError
from moyai.operations.runbooks.catalogue import (
    Form,
    all_of,
    one_of,
    page_of,
    some_of,
    values_of,
    write_page,
)
from moyai.runbook.model import Runbook
from moyai.runbook.words import CLASSES, KINDS, TYPES, duration
from moyai.texts import Text, counted
from moyai_cli.command_paths import command_paths
from moyai_cli.language import LANG, of, say
from moyai_cli.options import AsOf, File, Format, SiteName, day_of
from moyai_cli.render import Column, Output, aside, document, listing, show_line
from moyai_cli.views.problems import show_problems

app = typer.Typer(add_completion=False)

Name = Annotated[str, typer.Argument(help=say("手順書の名前", "The runbook's name"))]
Given = Annotated[
    list[str] | None,
    typer.Argument(help=say("パラメーター 名前=値", "Parameters, NAME=VALUE")),
]


@app.command("list")
def list_(file: File = None, output: Format = Output.TABLE) -> None:
    """From the folder `runbooks` beside tenants.yaml."""
    records = [
        _listed(one.runbook)
        if one.runbook is not None
        else {"name": one.file.removesuffix(".md.j2"), "valid": False}
        for one in all_of(file)
    ]
    columns = [
        Column("name", say("名前", "name")),
        Column("title", say("表題", "title")),
        Column("parameters", say("パラメーター", "parameters")),
        Column("steps", say("手順", "steps"), is_number=True),
        Column("valid", say("誤りなし", "valid")),
    ]
    if output is Output.TABLE:
        words = {True: say("はい", "yes"), False: say("いいえ", "no")}
        records = [{**one, "valid": words[bool(one["valid"])]} for one in records]
    listing(records, columns, output)


@app.command("show")
def show_(name: Name, file: File = None, output: Format = Output.TABLE) -> None:
    """Types, defaults, kinds, timeouts."""
    found = one_of(file, name)
    if output is Output.TABLE:
        for line in _lines(found):
            show_line(line)
    else:
        document(_shown(found), output)


@app.command("render")
def render_(
    name: Name,
    given: Given = None,
    form: Annotated[
        Form, typer.Option("--format", help=say("書式", "The form of the page"))
    ] = "md",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            help=say(
                "書き出すフォルダ（省けば画面。pdf では必要）",
                "Folder to write to; the screen if left out, but for pdf",
            ),
        ),
    ] = None,
    as_of: AsOf = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Without parameters their names stand for them."""
    runbook, day = one_of(file, name), day_of(as_of)
    values = values_of(file, runbook, given, day, site) if given else None
    if to is None and (form == "pdf" or output is not Output.TABLE):
        raise UsageError(
            Text(
                "--to で書き出すフォルダを示してください。", "Name a folder to write to with --to."
            )
        )
    page = page_of(runbook, form, LANG, day, values)
    if to is None:
        typer.echo(page.decode(), nl=False)
        return
    written = write_page(to, runbook, form, LANG, page)
    if written.made is not None:
        with aside(output):
            show_line(
                say(f"フォルダを作りました: {written.made}", f"The folder was made: {written.made}")
            )
    record = {"name": name, "file": str(written.path), "sha256": written.sha256}
    if output is Output.TABLE:
        typer.echo(say(f"書き出しました: {written.path}", f"Written: {written.path}"))
    else:
        listing([record], [Column(key, key) for key in record], output)


@app.command("check")
def check_(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=say("名前（省けば全部）", "Names; all if left out")),
    ] = None,
    file: File = None,
    output: Format = Output.TABLE,
) -> None:
    """Exit code 3 where there is an error."""
    found = some_of(file, names or [], command_paths())
    problems = [problem for one in found for problem in one.problems]
    show_problems(problems, output)
    if problems:
        raise typer.Exit(int(ExitCode.REGISTRY))
    if output is Output.TABLE:
        number = counted(len(found), "runbook", "runbooks")
        typer.echo(say(f"問題ありません（{len(found)} 件）。", f"Valid: {number}."))


def _listed(found: Runbook) -> dict[str, object]:
    return {
        "name": found.name,
        "title": of(found.title),
        "purpose": of(found.purpose),
        "parameters": list(found.parameters),
        "steps": len(found.steps),
        "valid": True,
        "sha256": found.sha256,
    }


def _lines(found: Runbook) -> Iterator[str]:
    """All that `_shown` says, for people."""
    yield f"{found.name}: {of(found.title)}"
    yield of(found.purpose)
    yield f"SHA-256: {found.sha256}"
    yield say("パラメーター:", "Parameters:")
    for one in found.parameters.values():
        marks = [of(TYPES[one.type])]
        if one.required:
            marks.append(say("必須", "required"))
        if one.many:
            marks.append(say("複数可", "several"))
        if one.default is not None:
            marks.append(say("既定: ", "default: ") + str(one.default))
        yield f"  {one.name}: {of(one.description)} ({', '.join(marks)})"
        for key, said in one.choices.items():
            yield f"    {key}: {of(said)}"
    if found.preconditions:
        yield say("始める前に確かめること:", "Before it begins:")
        for condition in found.preconditions:
            yield f"  {of(condition.title)}"
    yield say("手順:", "Steps:")
    for number, step in enumerate(found.steps, 1):
        marks = [
            of(KINDS[step.kind]),
            of(CLASSES[step.idempotency]),
            of(duration(step.timeout_seconds)),
        ]
        if step.approval:
            marks.append(say("もう一人の承認", "a second person approves"))
        yield f"  {number}. {step.id}: {of(step.title)} ({', '.join(marks)})"
        if step.undo:
            yield say("     戻すとき: ", "     undone by: ") + ", ".join(step.undo)


def _shown(found: Runbook) -> dict[str, object]:
    return {
        "name": found.name,
        "title": of(found.title),
        "purpose": of(found.purpose),
        "sha256": found.sha256,
        "parameters": [
            {
                "name": one.name,
                "type": one.type.value,
                "is": of(TYPES[one.type]),
                "description": of(one.description),
                "required": one.required,
                "many": one.many,
                "default": one.default if one.default is None else str(one.default),
                "choices": {key: of(said) for key, said in one.choices.items()},
            }
            for one in found.parameters.values()
        ],
        "preconditions": [of(one.title) for one in found.preconditions],
        "steps": [
            {
                "id": one.id,
                "kind": one.kind.value,
                "is": of(KINDS[one.kind]),
                "title": of(one.title),
                "timeout_seconds": one.timeout_seconds,
                "idempotency": one.idempotency.value,
                "approval": one.approval,
                "undo": list(one.undo),
            }
            for one in found.steps
        ],
    }
