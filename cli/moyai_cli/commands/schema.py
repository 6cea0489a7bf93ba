"""moyai schema."""

from __future__ import annotations

import json

import typer

from moyai.operations.site.places import find_registry_file
from moyai.registry.schema import json_schema
from moyai_cli.language import say
from moyai_cli.options import File

app = typer.Typer(add_completion=False)


@app.command(
    help=say(
        "tenants.yaml の JSON Schema を出す。編集ソフトに渡すと補完と検査ができる。",
        "Print tenants.yaml's JSON Schema; an editor completes and checks with it.",
    )
)
def schema(file: File = None) -> None:
    """With the settings of the services beside the file."""
    found = json_schema(find_registry_file(file).parent)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
