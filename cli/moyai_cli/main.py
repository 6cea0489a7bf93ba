"""The `moyai` command: the table of its commands, and the one place where errors are caught."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import moyai
from moyai.errors import ExitCode, MoyaiError, OperationFailed
from moyai.texts import Text
from moyai_cli.language import LANG, choose, say
from moyai_cli.lazy import Entry, group
from moyai_cli.streams import keep_open, lost
from moyai_cli.typer_words import install

_WORK = say("毎日の仕事", "Everyday work")
_FILE = say("宣言 tenants.yaml", "The declaration, tenants.yaml")
_TOOLS = say("道具", "Tools")


def _entry(name: str, panel: str, ja: str, en: str) -> Entry:
    return Entry(f"moyai_cli.commands.{name}", say(ja, en), panel)


COMMANDS: dict[str, Entry] = {
    "demo": _entry(
        "demo",
        _WORK,
        "見本の43団体の環境をサンドボックスに作る",
        "Build the sample's 43 environments on the sandbox",
    ),
    "plan": _entry(
        "plan",
        _WORK,
        "適用したら何がなぜ変わるかを示す（何も変えない）",
        "Show what would change and why; changes nothing",
    ),
    "deploy": _entry(
        "deploy",
        _WORK,
        "団体の環境を tenants.yaml のとおりにする",
        "Make the bodies' environments what tenants.yaml says",
    ),
    "onboard": _entry(
        "onboard",
        _WORK,
        "団体を導入する（追加・適用・移行・点検・案内書）",
        "Onboard bodies: add, deploy, migrate, check, welcome sheet",
    ),
    "status": _entry("status", _WORK, "各団体の状態を示す", "Show each body's status"),
    "output": _entry(
        "output", _WORK, "1団体の環境の出力を示す", "Show the outputs of one body's environment"
    ),
    "validate": _entry(
        "validate", _FILE, "tenants.yaml の誤りをすべて示す", "Show every error in tenants.yaml"
    ),
    "schema": _entry(
        "schema",
        _FILE,
        "編集ソフトが使える JSON Schema を出す",
        "Print the JSON Schema that an editor can use",
    ),
    "tenant": _entry("tenant", _FILE, "団体を一覧・表示・追加する", "List, show and add bodies"),
    "sandbox": _entry(
        "sandbox",
        _TOOLS,
        "組み込みのサンドボックスを動かす・止める",
        "Start and stop the embedded sandbox",
    ),
    "engine": _entry(
        "engine",
        _TOOLS,
        "Pulumi エンジンの場所を示す・用意する",
        "Find or install the Pulumi engine",
    ),
}

_HELP = say(
    "もやい: 自治体の共同体のための構成管理と共同運用。\n\n"
    "終了コード: 0 完了、2 使い方の誤り、3 tenants.yaml の誤り、"
    "4 何かが失敗した（次の実行が続きから行う）、5 拒否（承認・保護・凍結日）、1 不具合。",
    "Moyai: infrastructure as code and shared operations for federations of municipalities.\n\n"
    "Exit codes: 0 done, 2 wrong usage, 3 wrong tenants.yaml, 4 something failed and the next run "
    "goes on, 5 refused (approval, protection, freeze), 1 a bug.",
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


def main() -> None:
    """Run the command; expected failures become their sentences and exit code."""
    out = keep_open()
    install(LANG)
    code = _run()
    trouble = lost(out)
    if trouble is not None:
        code = code or int(_tell(_not_written(trouble)))
    sys.exit(code)


def _run() -> int:
    try:
        _, arguments = choose(sys.argv[1:], os.environ)
        app(arguments, prog_name="moyai")
    except MoyaiError as error:
        return int(_tell(error))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.DONE)
    return int(ExitCode.DONE)


def _tell(error: MoyaiError) -> ExitCode:
    for number, line in enumerate(error.lines(LANG)):
        typer.secho(line, err=True, fg="red" if number == 0 else None)
    return error.exit_code


def _not_written(trouble: OSError) -> MoyaiError:
    return OperationFailed(
        Text(
            f"出力を書けません（{trouble.strerror}）。",
            f"the output cannot be written: {trouble.strerror}.",
        )
    )
