"""moyai tenant list|show|add|edit|apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from moyai.errors import UsageError
from moyai.operations.deploys.edited import said_of_edited
from moyai.operations.deploys.file_deeds import Editor
from moyai.operations.deploys.tenants import add, change, describe, would_change
from moyai.operations.site.places import find_registry_file
from moyai.planning.selectors import only, select
from moyai.registry.change import EntryEdit
from moyai.registry.edit import NewTenant
from moyai.registry.load import require
from moyai.registry.models import Isolation, Kind
from moyai.texts import Text
from moyai_cli.called import show_next
from moyai_cli.language import say
from moyai_cli.options import (
    AnyTime,
    AsOf,
    DryRun,
    File,
    Format,
    Operation,
    PlanKey,
    Selector,
    SiteName,
    Who,
    day_of,
    selector_of,
    services_of,
)
from moyai_cli.render import Column, Output, document, listing
from moyai_cli.views.tenants import show_added, show_changed, show_in_hand

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("団体を一覧・表示・追加・変更する。", "List, show, add and edit bodies."),
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
    who: Who = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Checked whole before the file is replaced."""
    services = services_of(service, day_of(as_of))
    new = NewTenant(code, slug, name, kind, isolation, tuple(lgwan or ()), services, email)
    show_added(add(find_registry_file(file), new, Editor(site, who)), output)
    if output is Output.TABLE:
        show_next(f"plan {code}", f"deploy {code}")


@app.command(
    "edit",
    help=say(
        "団体の項目を tenants.yaml で変える。コメントと順序は変えない。--propose は、"
        "書かずに提案として登録する。別の人が承認し、moyai tenant apply で書くと、ワーカーが適用する。",
        "Change a body's entry in tenants.yaml; comments and order stay. --propose writes nothing and puts a "
        "proposal on record: approved by another, written by moyai tenant apply, deployed by workers.",
    ),
)
def edit(
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    put: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help=say(
                "項目=値。例 lgwan=[10.1.0.0/24]、services.eapp-b.settings.payment=both",
                "KEY=VALUE, such as lgwan=[10.1.0.0/24], services.eapp-b.settings.payment=both",
            ),
        ),
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="KEY", help=say("取り除く項目", "A key to take out")),
    ] = None,
    proposed: Annotated[
        bool, typer.Option("--propose", help=say("提案として登録する", "Propose it only"))
    ] = False,
    any_time: AnyTime = False,
    dry_run: DryRun = False,
    key: PlanKey = None,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Checked whole before anything is written or put on record."""
    changes = _changes(put or (), unset or ())
    path = find_registry_file(file)
    registry = require(path)
    code = only(registry, body).code
    if proposed:
        # Operations bring their database along, which the other commands of this file do without.
        from moyai_cli.views.proposals import Proposed, put_proposal

        wish = Proposed(code, changes, any_time, dry_run, key, who)
        put_proposal(path, site, wish, output)
        return
    if dry_run:
        show_changed(would_change(registry, code, changes), output)
    else:
        editor = Editor(site, who)
        show_changed(change(registry, code, changes, editor), output)
        workspace = editor.workspace(registry)
        show_in_hand(() if workspace is None else said_of_edited(workspace, (code,)))
    if output is Output.TABLE:
        show_next(f"plan {code}", f"deploy {code}")


@app.command(
    "apply",
    help=say(
        "承認された提案を tenants.yaml に書く。そのあとワーカーが団体に適用する。",
        "Write an approved proposal into tenants.yaml; workers then deploy it to the bodies.",
    ),
)
def apply_(
    operation: Operation,
    hold: Annotated[
        bool,
        typer.Option(
            "--hold",
            help=say(
                "書くだけで、ワーカーはまだ始めない（ファイルをほかの機械に配るとき）",
                "Only write it; workers do not begin yet, as where other machines need the file first",
            ),
        ),
    ] = False,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Refused where it is not approved, or where the file was changed since."""
    from moyai_cli.views.proposals import apply_proposal  # as above

    apply_proposal(file, site, operation, who, begin=not hold, output=output)


def _changes(put: Sequence[str], unset: Sequence[str]) -> tuple[EntryEdit, ...]:
    """Edits of a body's entry: each `KEY=VALUE`, then the keys to take out. Raises `UsageError`."""
    pairs = [one.partition("=") for one in put]
    bare = [key for key, equals, _ in pairs if not equals]
    if bare or not (put or unset):
        raise UsageError(
            Text(
                "変える内容を --set 項目=値 か --unset 項目 で書いてください。",
                "say what to change: --set KEY=VALUE or --unset KEY.",
            )
        )
    values = (EntryEdit(key, value) for key, _, value in pairs)
    return (*values, *(EntryEdit(key, None) for key in unset))
