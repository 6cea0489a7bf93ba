"""moyai runbook …: procedures that people and Moyai go through together."""

from __future__ import annotations

from moyai_cli.language import say
from moyai_cli.lazy import Entry, group


def _entry(module: str, command: str, ja: str, en: str) -> Entry:
    return Entry(f"moyai_cli.commands.runbook_{module}", say(ja, en), command=command)


app = group(
    {
        "list": _entry("pages", "list", "手順書を一覧する。", "List runbooks."),
        "show": _entry(
            "pages",
            "show",
            "手順書のパラメーターと手順を示す。",
            "Show a runbook's parameters and steps.",
        ),
        "render": _entry(
            "pages",
            "render",
            "手順書を Markdown、HTML、PDF で書き出す。",
            "Write a runbook as Markdown, HTML or PDF.",
        ),
        "check": _entry(
            "pages", "check", "手順書の誤りをすべて示す。", "Show every error in runbooks."
        ),
        "run": _entry(
            "runs",
            "run",
            "手順書を実行する、続きから行う、元に戻す。",
            "Run a runbook, go on with a run, or take it back.",
        ),
        "runs": _entry("runs", "runs", "実行を一覧する。", "List runs."),
        "approve": _entry(
            "runs",
            "approve",
            "承認の要る手順への署名を記録する。",
            "Put the signature for a step that needs approval on record.",
        ),
    },
    help=say(
        "手順書を一覧・表示・書出し・検査・実行する。",
        "List, show, render, check and run runbooks.",
    ),
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Hold the group: Typer makes none of an application without commands of its own."""
