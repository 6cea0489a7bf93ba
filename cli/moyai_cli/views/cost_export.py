"""An allocation as a file of FOCUS rows."""

from __future__ import annotations

from moyai.operations.cost_export import Exported
from moyai_cli.language import say
from moyai_cli.render import Column, Output, listing


def show_exported(made: Exported, output: Output) -> None:
    """The file, and what its rows sum to."""
    one = made.reckoned.allocation
    record = {
        "file": str(made.written.path),
        "focus_version": made.version.value,
        "rows": made.rows,
        "jpy": one.allocated_jpy + one.unallocated_jpy,
        "unallocated_jpy": one.unallocated_jpy,
        "sha256": made.written.sha256,
    }
    columns = [
        Column("file", say("ファイル", "file")),
        Column("focus_version", "FOCUS"),
        Column("rows", say("行", "rows")),
        Column("jpy", say("合計（円）", "yen")),
        Column("unallocated_jpy", say("負担者なし", "unallocated")),
        Column("sha256", "sha256"),
    ]
    listing([record], columns, output)
