"""moyai validate."""

from __future__ import annotations

import typer

from moyai.errors import ExitCode
from moyai.operations.workspace import find_registry_file, today
from moyai.registry import load
from moyai.texts import counted
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format
from moyai_cli.render import Column, Output, listing, problem_line

app = typer.Typer(add_completion=False)

_COLUMNS = [Column(key, key) for key in ("file", "line", "column", "path", "message", "severity")]


@app.command(help=say("tenants.yaml の誤りをすべて示す。", "Show every error in tenants.yaml."))
def validate(file: File = None, output: Format = Output.TABLE) -> None:
    """Read and check; exit code 3 where there is an error."""
    loaded = load(find_registry_file(file))
    problems = loaded.problems_on(today())
    if output is Output.TABLE:
        for problem in problems:
            typer.echo(problem_line(problem))
        if loaded.registry is not None:
            count = len(loaded.registry.tenants)
            bodies = counted(count, "body", "bodies")
            typer.echo(say(f"問題ありません（{count} 団体）。", f"Valid: {bodies}."))
    else:
        records = [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "message": problem.message.of(LANG),
                "severity": problem.severity,
            }
            for problem in problems
        ]
        listing(records, _COLUMNS, output)
    if loaded.registry is None:
        raise typer.Exit(int(ExitCode.REGISTRY))
