"""moyai engine info|install."""

from __future__ import annotations

import typer

from moyai.engine import toolchain
from moyai_cli.engine_steps import get_engine
from moyai_cli.language import LANG, say
from moyai_cli.options import Format
from moyai_cli.render import Output, document

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("Pulumi エンジンの場所を示す・用意する。", "Find or install the Pulumi engine."),
)


@app.command(
    help=say("固定した版と、見つかった場所を示す。", "Show the pinned version and where it is.")
)
def info(output: Format = Output.TABLE) -> None:
    """The three ways, and what each would do here."""
    document(toolchain.info().record(LANG), output)


@app.command(help=say("エンジンを用意する。", "Make sure that the engine is there."))
def install(output: Format = Output.TABLE) -> None:
    """PATH, the official installer, or a build from Go modules. Programs get what `info` tells."""
    engine = get_engine(thorough=True)
    if output is Output.TABLE:
        typer.echo(f"{engine.path} ({engine.version}, {engine.origin})")
    else:
        document(toolchain.info().record(LANG), output)
