"""What was metered, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import typer

from moyai.operations.costs.metering import Metered, driver_of
from moyai.service_meters import REQUESTS, unit_of
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing
from moyai_cli.views.costs import show_imported


def show_metered(found: Metered, output: Output) -> None:
    """For people the sum of each driver; for programs each body's quantity of each service."""
    if output is not Output.TABLE:
        records = [
            {
                "period": str(found.period),
                "code": one.code,
                "service": one.service,
                "meter": one.meter,
                "quantity": format(one.quantity, "f"),
                "unit": unit_of(one.meter).of(LANG),
            }
            for one in found.measured
        ]
        listing(records, [Column(key, key) for key in _KEYS], output)
        return
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    codes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found.measured:
        for driver in driver_of(one):
            sums[driver, one.meter] += one.quantity
            codes[driver, one.meter].add(one.code)
    shown = [
        {
            "driver": driver,
            "sum": f"{amount:,f}",
            "unit": unit_of(meter).of(LANG),
            "bodies": len(codes[driver, meter]),
        }
        for (driver, meter), amount in sorted(sums.items())
    ]
    listing(shown, _COLUMNS, output)
    _say_what_is_missing(found)
    show_imported([found.imported], output)


_KEYS = ("period", "code", "service", "meter", "quantity", "unit")
_COLUMNS = [
    Column("driver", say("指標", "driver")),
    Column("sum", say("合計", "sum")),
    Column("unit", say("単位", "unit")),
    Column("bodies", say("団体", "bodies")),
]


def _say_what_is_missing(found: Metered) -> None:
    if found.uncounted:
        services = ", ".join(sorted({service for _, service in found.uncounted}))
        count = len(found.uncounted)
        typer.echo(
            say(
                f"{REQUESTS} は {count} 件の利用（{services}）で数えられていないため、記録しません。",
                f"No {REQUESTS} on record for {count} of the subscriptions ({services}): "
                "nobody counted them.",
            )
        )
    if found.absent:
        codes = ", ".join(found.absent)
        typer.echo(
            say(
                f"環境のない団体は計量していません: {codes}",
                f"Not metered, as they have no environment: {codes}",
            )
        )
