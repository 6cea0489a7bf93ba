"""What is wrong with tenants.yaml, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from moyai.registry.problems import Problem
from moyai_cli.language import LANG
from moyai_cli.render import Column, Output, listing, problem_line

_COLUMNS = [Column(key, key) for key in ("file", "line", "column", "path", "message", "severity")]


def show_problems(problems: Iterable[Problem], output: Output) -> None:
    """A line each, or a record each."""
    if output is Output.TABLE:
        for problem in problems:
            typer.echo(problem_line(problem))
        return
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
