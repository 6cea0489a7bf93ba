"""That the operations database is known to be an older copy, beside whatever is shown of it."""

from __future__ import annotations

import typer

from moyai.operations.database.epochs import Behind
from moyai_cli.called import copyable
from moyai_cli.language import of


def warn(found: Behind | None) -> None:
    """In words, beside the answer: a program reads that as ever."""
    if found is not None:
        typer.echo(copyable(of(found.words())), err=True)
