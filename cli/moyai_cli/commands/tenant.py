"""moyai tenant list|show|add."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.places import find_registry_file
from moyai.operations.tenants import add, describe
from moyai.planning.selectors import select
from moyai.registry.edit import NewTenant
from moyai.registry.load import require
from moyai.registry.models import Isolation, Kind
from moyai_cli.called import show_next
from moyai_cli.language import say
from moyai_cli.options import AsOf, File, Format, Selector, day_of, selector_of, services_of
from moyai_cli.render import Column, Output, document, listing
from moyai_cli.views.tenants import show_added

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("団体を一覧・表示・追加する。", "List, show and add bodies."),
)


@app.command("list", help=say("団体を一覧する。", "List bodies."))
def list_(
    selector: Selector = None,
    file: File = None,
    as_of: AsOf = None,
    output: Format = Output.TABLE,
) -> None:
    """From tenants.yaml alone."""
    registry = require(find_registry_file(file))
    day = day_of(as_of)
    records = [
        {
            "code": body.code,
            "slug": body.slug,
            "name": body.name,
            "kind": body.kind.value,
            "population": body.population.count if body.population else None,
            "isolation": body.isolation.value,
            "cell": body.cell,
            "services": [one.service for one in body.subscriptions if one.is_active(day)],
        }
        for body in select(registry, selector_of(selector), day)
    ]
    columns = [
        Column("code", say("コード", "code")),
        Column("slug", "slug"),
        Column("name", say("団体", "body")),
        Column("kind", say("種別", "kind")),
        Column("population", say("人口", "population")),
        Column("isolation", say("分離", "isolation")),
        Column("services", say("サービス", "services")),
    ]
    listing(records, columns, output)


@app.command("show", help=say("1団体の内容を示す。", "Show one body."))
def show(
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    file: File = None,
    output: Format = Output.TABLE,
) -> None:
    """With defaults filled in."""
    document(describe(find_registry_file(file), body), output)


@app.command(
    "add",
    help=say(
        "団体を tenants.yaml に足す。コメントと順序は変えず、ほかの団体の番地も動かさない。",
        "Add a body to tenants.yaml; comments, order and other bodies' networks stay.",
    ),
)
def add_(
    code: Annotated[str, typer.Argument(help=say("6桁のコード", "Six-digit code"))],
    file: File = None,
    slug: Annotated[str | None, typer.Option(help=say("英字名", "Romaji name"))] = None,
    name: Annotated[str | None, typer.Option(help=say("名称", "Name"))] = None,
    kind: Annotated[Kind | None, typer.Option(help=say("種別", "Kind"))] = None,
    isolation: Annotated[Isolation | None, typer.Option(help=say("分離方式", "Isolation"))] = None,
    lgwan: Annotated[
        list[str] | None, typer.Option(help=say("LGWAN の範囲", "LGWAN range"))
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            help=say("サービス、または サービス=開始日", "A service, or service=first-day")
        ),
    ] = None,
    email: Annotated[str | None, typer.Option(help=say("連絡先", "Contact"))] = None,
    as_of: AsOf = None,
    output: Format = Output.TABLE,
) -> None:
    """Checked whole before the file is replaced."""
    services = services_of(service, day_of(as_of))
    new = NewTenant(code, slug, name, kind, isolation, tuple(lgwan or ()), services, email)
    show_added(add(find_registry_file(file), new), output)
    if output is Output.TABLE:
        show_next(f"plan {code}", f"deploy {code}")
