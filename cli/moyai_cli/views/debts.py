"""Work that is owed, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from moyai.operations.database.rows import DebtRow
from moyai.planning.fleet.debts import UPGRADE, furthest, what_settles
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import word
from moyai.texts import Text
from moyai_cli.called import copyable
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, listing
from moyai_cli.views.operation_records import utc
from moyai_cli.views.operation_words import local


def show_debts(found: Sequence[DebtRow], output: Output) -> None:
    """Work that is owed."""
    newest = furthest((one.code, one.kind, one.subject) for one in found)
    records = [
        {
            "code": one.code,
            "kind": one.kind if output is not Output.TABLE else word(TITLES, one.kind, LANG),
            "subject": one.subject,
            "operation": one.operation,
            "reason": of(one.reason),
            "settled_by": copyable(of(_settles(one, newest)))
            if output is Output.TABLE
            else of(_settles(one, newest)),
            "opened_at": local(one.opened_at) if output is Output.TABLE else utc(one.opened_at),
        }
        for one in found
    ]
    columns = [
        Column("code", say("コード", "code")),
        Column("kind", say("種類", "kind")),
        Column("subject", say("対象", "subject")),
        Column("operation", say("一斉作業", "operation")),
        Column("opened_at", say("いつから", "since")),
        Column("reason", say("理由", "reason")),
        Column("settled_by", say("行うには", "to settle it")),
    ]
    if output is Output.TABLE and not records:
        typer.echo(say("残っている作業はありません。", "Nothing is owed."))
        return
    listing(records, columns, output)


def _settles(debt: DebtRow, newest: Mapping[tuple[str, str], str]) -> Text:
    """A body that is owed several releases of a service gets the newest: half-way there it goes to none
    before."""
    subject = debt.subject
    if debt.kind == UPGRADE:
        service = subject.partition(" ")[0]
        subject = f"{service} {newest[debt.code, service]}"
    return what_settles(debt.kind, subject, debt.code, debt.operation)
