"""moyai validate."""

from __future__ import annotations

import typer

from moyai.errors import ExitCode
from moyai.operations.site.places import find_registry_file, today
from moyai.registry.load import load
from moyai.texts import counted
from moyai_cli.language import say
from moyai_cli.options import File, Format
from moyai_cli.render import Output
from moyai_cli.views.problems import show_problems

app = typer.Typer(add_completion=False)


@app.command(help=say("tenants.yaml の誤りをすべて示す。", "Show every error in tenants.yaml."))
def validate(file: File = None, output: Format = Output.TABLE) -> None:
    """Read and check; exit code 3 where there is an error."""
    loaded = load(find_registry_file(file))
    show_problems(loaded.problems_on(today()), output)
    if loaded.registry is None:
        raise typer.Exit(int(ExitCode.REGISTRY))
    if output is Output.TABLE:
        count = len(loaded.registry.tenants)
        bodies = counted(count, "body", "bodies")
        typer.echo(say(f"問題ありません（{count} 団体）。", f"Valid: {bodies}."))
