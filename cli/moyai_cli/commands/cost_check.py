"""moyai cost check [PERIOD]."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.errors import ExitCode
from moyai.operations.costs.check import Beside, check_cost_rules
from moyai.operations.site.places import find_registry_file
from moyai.texts import counted
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output
from moyai_cli.views.problems import show_problems

app = typer.Typer(add_completion=False)


@app.command("check")
def check(
    period: Annotated[
        str | None,
        typer.Argument(
            metavar="[PERIOD]",
            help=say(
                "照らす期間（例 2026-04）。省けばファイルだけを見る",
                "The period whose record rules are held against; the file alone if left out",
            ),
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Questions are warnings; exit code 3 where the file has an error."""
    beside = None if period is None else Beside(site, period)
    found = check_cost_rules(find_registry_file(file), beside)
    show_problems(found.problems, output)
    if found.rules is None:
        raise typer.Exit(int(ExitCode.REGISTRY))
    if output is Output.TABLE:
        sets, proposals = found.rules.all_rules, len(found.rules.proposals)
        proposed = (f"、うち提案 {proposals}", f", {proposals} of them proposed")
        ja, en = proposed if proposals else ("", "")
        direct, pools = sum(len(one.direct) for one in sets), sum(len(one.pools) for one in sets)
        typer.echo(
            say(
                f"誤りはありません（規程 {len(sets)}{ja}、直接負担 {direct}、区分 {pools}）。",
                f"No error: {counted(len(sets), 'rule set', 'rule sets')}{en}, "
                f"{counted(direct, 'direct rule', 'direct rules')}, {counted(pools, 'pool', 'pools')}.",
            )
        )
