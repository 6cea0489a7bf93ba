"""Statements and reports that were written."""

from __future__ import annotations

from collections.abc import Sequence

from moyai.costs.documents.write import Written
from moyai.operations.cost_documents import Reported
from moyai_cli.language import say
from moyai_cli.render import Column, Output, aside, listing
from moyai_cli.views.cost_budgets import note_budgets


def show_written(files: Sequence[tuple[str, Written]], output: Output) -> None:
    """Files that were written, with their hashes."""
    columns = [
        Column("code", say("コード", "code")),
        Column("file", say("ファイル", "file")),
        Column("sha256", "sha256"),
    ]
    listing(
        [{"code": code, "file": str(one.path), "sha256": one.sha256} for code, one in files],
        columns,
        output,
    )


def show_reported(found: Reported, output: Output) -> None:
    """The overview's files, and the budgets that are to be warned of."""
    show_written([("", one) for one in found.files], output)
    with aside(output):
        note_budgets(found.budgets, found.names)
