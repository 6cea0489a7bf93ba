"""Options and arguments that commands on costs share."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai_cli.language import say

PeriodName = Annotated[
    str, typer.Argument(metavar="PERIOD", help=say("期間（例 2026-04）", "Period such as 2026-04"))
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0,
        help=say(
            "ほかの人が台帳に書いているとき、終わりを待つ秒数",
            "Seconds to wait while somebody else writes the ledger",
        ),
    ),
]
