"""What a settlement is made of, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from moyai.costs.apportion.allocation import PayerKind, RuleMoved, Settlement
from moyai.costs.ledger.changes import MovedRow
from moyai.costs.ledger.invoices import Invoice, invoice_document
from moyai.costs.ledger.manifest import Version
from moyai.costs.settled import FileMoved, InvoiceMoved, Settled
from moyai.texts import counted, in_japan
from moyai_cli.language import LANG, say
from moyai_cli.views.costs import plain

Step = Mapping[str, object]
"""`step`, `words` for people, `jpy` or None; what programs read besides, by keys of its own."""

SETTLED_STEPS = {
    "settled": say("精算する期間", "settled period"),
    "late": say("遅れて届いた費用の期間", "late costs of"),
    "rule": say("費用区分", "rule"),
    "file": say("ファイル", "file"),
    "changed_invoice": say("請求書", "invoice"),
    "changed_row": say("行", "row"),
    "more_rows": say("ほかの行", "more rows"),
    "other_rows": say("そのほかに変わった行", "other rows that changed"),
}
_HASH_SIGNS = 12


def settled_steps(found: Settled) -> Iterator[Step]:
    """The period, the body's rules, files and invoices that changed, rows that came and went; then those
    of periods of which it had taken late costs."""
    yield _step("settled", found.period.named.of(LANG), period=str(found.period))
    yield from _moved(found)
    for one in found.late:
        yield _step("late", one.period.named.of(LANG), period=str(one.period))
        yield from _moved(one)


def _moved(found: Settled) -> Iterator[Step]:
    for one in found.rules:
        title, moved = one.title.of(LANG), f"{one.before:,} → {one.after:,}"
        words = say(f"{title} {moved} 円", f"{title} {moved} yen") + f" ({one.difference:+,})"
        yield _step("rule", words, **_rule_moved(one))
    yield from map(_file, found.files)
    yield from map(_invoice, found.invoices)
    yield from map(_row, found.rows.rows)
    for step, count in (("more_rows", found.rows.more), ("other_rows", found.rows.others)):
        if count:
            words = say(f"{count:,} 行", counted(count, "row", "rows"))
            yield _step(step, words, rows=count)


def settlement_record(found: Settlement) -> dict[str, object]:
    """For programs: what a closed period comes to since: by body and rule, whole yen before tax."""
    return {
        "period": str(found.period),
        "jpy": found.jpy,
        "bodies": [
            {
                "code": payer.name,
                "jpy": sum(by_rate.values()),
                "rules": [_rule_moved(one) for one in found.rules.get(payer, ())],
            }
            for payer, by_rate in sorted(found.borne.items())
            if payer.kind is PayerKind.BODY
        ],
    }


def _rule_moved(one: RuleMoved) -> dict[str, object]:
    """For programs: what was billed by a rule, and what it comes to since."""
    return {
        "rule": one.rule,
        "title": one.title.of(LANG),
        "before_jpy": one.before,
        "after_jpy": one.after,
        "difference_jpy": one.difference,
    }


def _step(step: str, words: str, **more: object) -> dict[str, object]:
    return {"step": step, "words": words, "jpy": None, **more}


def _file(one: FileMoved) -> Step:
    number, after = one.after
    before = say("なし", "none") if one.before is None else _version(*one.before)
    new = say("外した", "withdrawn") if after.rows is None else _version(number, after)
    when = f"{in_japan(after.at)} {after.by}".rstrip()
    words = f"{one.file}: {before} → {new}" + say(f"、{when}", f", {when}")
    return _step(
        "file",
        words,
        file=one.file,
        before=None if one.before is None else _document(*one.before),
        after=_document(number, after),
    )


def _version(number: int, version: Version) -> str:
    short = version.source[:_HASH_SIGNS]
    return say(f"第{number}版（{short}）", f"version {number} ({short})")


def _document(number: int, version: Version) -> dict[str, object]:
    return {
        "version": number,
        "sha256": version.source,
        "rows_sha256": version.rows,
        "at": version.at,
        "by": version.by,
    }


def _invoice(one: InvoiceMoved) -> Step:
    either = one.after or one.before
    assert either is not None
    words = f"{either.issuer} {either.number}: {_amount(one.before)} → {_amount(one.after)}"
    return _step(
        "changed_invoice",
        words,
        before=None if one.before is None else invoice_document(one.before),
        after=None if one.after is None else invoice_document(one.after),
    )


def _amount(invoice: Invoice | None) -> str:
    if invoice is None:
        return say("なし", "none")
    paid = f"{invoice.jpy:,} + {invoice.tax_jpy:,} JPY"
    return f"{invoice.amount:,f} {invoice.currency} = {paid}"


def _row(one: MovedRow) -> Step:
    sign = "+" if one.came else "−"
    what = one.currency if one.driver is None else f"{one.driver} {one.code}"
    words = f"{sign} {one.file}:{one.line}: {Decimal(plain(one.amount)):,f} {what}"
    return _step(
        "changed_row",
        words,
        came=one.came,
        file=one.file,
        line=one.line,
        amount=plain(one.amount),
        currency=one.currency,
        driver=one.driver,
        code=one.code,
    )
