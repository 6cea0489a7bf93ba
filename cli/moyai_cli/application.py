"""The `moyai` command line, and the one place where errors are caught."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import moyai
from moyai.errors import ExitCode, MoyaiError, OperationFailed
from moyai.texts import Text, of_system, visible
from moyai_cli.called import copyable
from moyai_cli.interrupts import Interrupt, interrupted
from moyai_cli.language import LANG, choose, say
from moyai_cli.lazy import group
from moyai_cli.streams import keep_open, lost
from moyai_cli.table import COMMANDS
from moyai_cli.typer_words import install

_HELP = say(
    "もやい: 自治体の共同体のための構成管理と共同運用。\n\n"
    "終了コード: 0 完了、2 使い方の誤り、3 tenants.yaml の誤り、"
    "4 何かが失敗したか中断された（次の実行が続きから行う）、5 拒否（承認・保護・凍結日）、"
    "6 保留中（人が決めるまで進まない）、1 不具合。",
    "Moyai: infrastructure as code and shared operations for federations of municipalities.\n\n"
    "Exit codes: 0 done, 2 wrong usage, 3 wrong tenants.yaml, 4 something failed or was "
    "interrupted and the next run goes on, 5 refused (approval, protection, freeze), 6 held "
    "(goes on once a person decides), 1 a bug.",
)

app = group(COMMANDS, help=_HELP, name="moyai", add_completion=False)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"moyai {moyai.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help=say("版を示して終わる", "Show the version and exit"),
        ),
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang", help=say("ja または en。どこに書いてもよい", "ja or en; goes anywhere")
        ),
    ] = None,
) -> None:
    """Hold the options that every command shares; `--lang` was read before this."""


def run() -> int:
    """Run the command; its exit code. Expected failures and interrupts become their sentences."""
    out = keep_open()
    install(LANG)
    code = _run()
    trouble = lost(out)
    if trouble is not None:
        code = code or int(_tell(_not_written(trouble)))
    return code


def _run() -> int:
    try:
        _, arguments = choose(sys.argv[1:], os.environ)
        app(arguments, prog_name="moyai")
    except MoyaiError as error:
        return int(_tell(error))
    except Interrupt:
        return int(_tell(interrupted()))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.DONE)
    return int(ExitCode.DONE)


def _tell(error: MoyaiError) -> ExitCode:
    for number, line in enumerate(error.lines(LANG)):
        typer.secho(
            visible(copyable(line), lines=True), err=True, fg="red" if number == 0 else None
        )
    return error.exit_code


def _not_written(trouble: OSError) -> MoyaiError:
    why = of_system(trouble)
    return OperationFailed(
        Text(f"出力を書けません（{why.ja}）。", f"the output cannot be written: {why.en}.")
    )
