"""Lines of this machine that no audit chain has yet."""

from __future__ import annotations

import typer

from moyai.texts import Text, counted
from moyai_cli.language import of, say


def tell_waiting(lines: int, why: Text | None = None) -> None:
    """Beside what is answered, where there are some."""
    if not lines:
        return
    because = "" if why is None else say(f"わけ: {of(why)}", f" Why: {of(why)}")
    typer.echo(
        say(
            f"この機械の記録 {lines} 行（手作業・手順書）が、まだ監査記録に入っていません。"
            f"運用データベースに届く次のコマンドかワーカーが入れます。{because}",
            f"{counted(lines, 'line', 'lines')} of this machine (by hand, by runbooks) in no audit chain yet; "
            f"the next command or worker that reaches the operations database puts them there.{because}",
        ),
        err=True,
    )
