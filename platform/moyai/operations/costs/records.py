"""What a secretariat does with costs: files and invoices put on record, and what a period rests on."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.costs.ledger.imports import withdrawn
from moyai.costs.ledger.invoices import Invoice, check_invoice
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Basis, PeriodPart
from moyai.costs.ledger.matches import values_of
from moyai.costs.periods import Period
from moyai.engine.state.ledger_stores import open_ledger_store
from moyai.errors import UsageError
from moyai.operations.site.workspace import Workspace
from moyai.registry.models import Registry
from moyai.registry.words import nearest, not_known
from moyai.texts import Text, visible


def open_ledger(workspace: Workspace) -> Ledger:
    """The ledger of a site; the site need not run where its state is a folder."""
    return Ledger(open_ledger_store(workspace.runtime))


def codes_of(registry: Registry) -> Mapping[str, str]:
    """Code or former code → code."""
    former = {old: body.code for body in registry.tenants for old in body.former_codes}
    return former | {body.code: body.code for body in registry.tenants}


def withdraw(workspace: Workspace, period: Period, name: str, wait_seconds: float) -> None:
    """Let a file count no longer in a period; its versions stay on record.

    Raises `UsageError` where no such file counts there.
    """
    with open_ledger(workspace).writing("moyai cost withdraw", wait_seconds) as writer:
        part = writer.manifest.part(period)
        version = part.current(period).sources.get(name)
        if version is None:
            raise _unknown(period, name, tuple(part.current(period).sources))
        part = part.with_version(name, withdrawn(version))
        writer.commit(writer.manifest.with_part(period, part))


def sources(workspace: Workspace, period: Period) -> tuple[Basis, PeriodPart]:
    """What a period rests on, and all that is on record of it."""
    part = open_ledger(workspace).manifest().part(period)
    return part.current(period), part


def add_invoice(
    workspace: Workspace, period: Period, invoice: Invoice, wait_seconds: float
) -> Text | None:
    """Put an invoice on record; what to look at where rows are there, and none is of its issuer. Raises
    `UsageError` for what no invoice says, or one that is there."""
    check_invoice(invoice)
    ledger = open_ledger(workspace)
    with ledger.writing("moyai cost invoice add", wait_seconds) as writer:
        for other, part in writer.manifest.periods.items():
            if any(_key(one) == _key(invoice) for one in part.invoices):
                raise UsageError(
                    Text(
                        f"{invoice.issuer} の請求書 {invoice.number} は {other} に登録済みです。",
                        f"invoice {invoice.number} of {invoice.issuer} is on record in {other}.",
                    ),
                    remedy=Text(
                        f"直すには moyai cost invoice remove {other} --issuer … --number … で"
                        "外してから、もう一度登録してください。",
                        f"To correct it, take it off with moyai cost invoice remove {other} "
                        "--issuer … --number … and add it again.",
                    ),
                )
        part = writer.manifest.part(period)
        issuers = values_of(ledger.store, part.current(period), "InvoiceIssuerName")
        part = part.with_invoices((*part.invoices, invoice))
        writer.commit(writer.manifest.with_part(period, part))
    return _no_such_issuer(period, invoice.issuer, issuers)


def _no_such_issuer(period: Period, issuer: str, issuers: tuple[str, ...]) -> Text | None:
    if not issuers or issuer in issuers:
        return None
    known = not_known(issuer, issuers, "発行者", "issuer")
    return Text(f"{period} の行に、{known.ja}", f"in rows of {period} {known.en}")


def remove_invoice(
    workspace: Workspace, period: Period, issuer: str, number: str, wait_seconds: float
) -> Invoice:
    """Take an invoice off; the one that was there. Raises `UsageError` where there is none."""
    with open_ledger(workspace).writing("moyai cost invoice remove", wait_seconds) as writer:
        part = writer.manifest.part(period)
        found = next((one for one in part.invoices if _key(one) == (issuer, number)), None)
        if found is None:
            known = tuple(f"{one.issuer} {one.number}" for one in part.invoices)
            raise _unknown(period, f"{issuer} {number}", known)
        part = part.with_invoices(tuple(one for one in part.invoices if one != found))
        writer.commit(writer.manifest.with_part(period, part))
        return found


def invoices(workspace: Workspace, period: Period) -> tuple[Invoice, ...]:
    """A period's invoices, by issuer and number."""
    return open_ledger(workspace).manifest().part(period).invoices


def _key(invoice: Invoice) -> tuple[str, str]:
    return invoice.issuer, invoice.number


def _unknown(period: Period, name: str, known: tuple[str, ...]) -> UsageError:
    near = [visible(one) for one in nearest(name, known)]
    name, there = visible(name), ", ".join(map(visible, known))
    meant = (f"（{near[0]} ではありませんか）", f"; did you mean {near[0]}") if near else ("", "")
    return UsageError(
        Text(
            f"{period} に「{name}」はありません{meant[0]}。あるもの: {there or 'なし'}",
            f"{period} has no '{name}'{meant[1]}; it has: {there or 'nothing'}",
        )
    )
