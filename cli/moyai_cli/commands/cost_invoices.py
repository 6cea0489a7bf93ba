"""moyai cost invoice add|list|remove."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from moyai.costs.intake.words import NotAValue, number_of, percent_of
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import period_of
from moyai.errors import UsageError
from moyai.operations.costs import records
from moyai.operations.costs.corrections import settled_in
from moyai.operations.site.workspace import open_workspace
from moyai.texts import Text
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside, show_line
from moyai_cli.views.costs import show_invoices, show_settled_in

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("期間の請求書を登録・一覧・削除する。", "Add, list and remove a period's invoices."),
)
IssuerName = Annotated[
    str,
    typer.Option(
        "--issuer",
        help=say("発行者（行の InvoiceIssuerName と同じ名）", "Issuer, as rows name it"),
    ),
]
Number = Annotated[str, typer.Option("--number", help=say("請求書番号", "Its number"))]


@app.command(help=say("請求書を登録する。", "Put an invoice on record."))
def add(
    period: PeriodName,
    issuer: IssuerName,
    number: Number,
    currency: Annotated[str, typer.Option(help=say("通貨（例 USD）", "Currency such as USD"))],
    amount: Annotated[str, typer.Option(help=say("その通貨での税抜額", "Amount before tax"))],
    jpy: Annotated[int, typer.Option(help=say("円での税抜額", "Yen before tax"))],
    tax_jpy: Annotated[int, typer.Option(help=say("円での消費税", "Yen of consumption tax"))],
    rate: Annotated[
        str | None, typer.Option(help=say("請求書の為替レート", "The invoice's exchange rate"))
    ] = None,
    tax_rate: Annotated[str, typer.Option(help=say("税率（%）", "Rate of tax in percent"))] = "10",
    account: Annotated[
        str | None, typer.Option(help=say("請求先アカウント", "Billing account"))
    ] = None,
    registration_number: Annotated[
        str | None,
        typer.Option("--registration", help=say("登録番号（T と 13 桁）", "T and 13 digits")),
    ] = None,
    dated: Annotated[
        str | None, typer.Option("--date", help=say("請求日（例 2026-05-03）", "Its day"))
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """Numbers are taken exactly as written."""
    try:
        invoice = Invoice(
            number,
            issuer,
            account,
            currency,
            number_of(amount),
            jpy,
            tax_jpy,
            percent_of(tax_rate),
            None if rate is None else number_of(rate),
            _day(dated),
            registration_number,
        )
    except NotAValue as error:
        reason = error.reason
        raise UsageError(Text(f"{reason.ja}。", f"{reason.en}.")) from None
    workspace, when = open_workspace(file, site), period_of(period)
    doubt = records.add_invoice(workspace, when, invoice, wait)
    with aside(output):
        show_line(say(f"{issuer} の請求書 {number} を登録しました。", f"Added invoice {number}."))
        if doubt is not None:
            show_line(say(f"注意: {doubt.ja}", f"note: {doubt.en}"))
        show_settled_in(when, settled_in(workspace, when))
    if output is not Output.TABLE:
        show_invoices([invoice], output)


@app.command("list", help=say("請求書を一覧する。", "List invoices."))
def list_(
    period: PeriodName,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """By issuer and number."""
    show_invoices(records.invoices(open_workspace(file, site), period_of(period)), output)


@app.command(help=say("請求書を外す。", "Take an invoice off."))
def remove(
    period: PeriodName,
    issuer: IssuerName,
    number: Number,
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """It can be added again."""
    workspace, when = open_workspace(file, site), period_of(period)
    gone = records.remove_invoice(workspace, when, issuer, number, wait)
    with aside(output):
        show_line(say(f"{issuer} の請求書 {number} を外しました。", f"Removed invoice {number}."))
        show_settled_in(when, settled_in(workspace, when))
    if output is not Output.TABLE:
        show_invoices([gone], output)


def _day(words: str | None) -> date | None:
    if words is None:
        return None
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise UsageError(
            Text(
                f"--date「{words}」は日付（例 2026-05-03）ではありません。",
                f"--date '{words}' is no day such as 2026-05-03.",
            )
        ) from None
