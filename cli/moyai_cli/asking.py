"""Asking before something is done; silence is a no."""

from __future__ import annotations

import typer

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.texts import Text


def ask(question: str, *, default: bool = False) -> None:
    """Raise `Refused` unless somebody says yes. `default` is what Enter means."""
    try:
        agreed = typer.confirm(question, default=default)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise Refused(
            Text("行いませんでした（同意がありません）。", "Not done: nobody said yes."),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "確かめずに行うには --yes を付けてください。", "Say --yes to go on without asking."
            ),
        )
