"""A secretariat with a closed month, for tests of what comes of it later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from tests.unit.costs.ledgers import csv_file, focus_row, put

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.ledger.imported import Imported
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.operations.costs.corrections import unsettled
from moyai.operations.costs.periods import (
    Compared,
    close,
    comparison,
    open_costs,
    reckoned,
    verification,
)
from moyai.operations.costs.records import add_invoice, codes_of, remove_invoice, withdraw

OSAKA, SAKAI, VILLAGE, HANNAN = "271004", "271403", "273830", "272329"
MAY, JUNE = "2026-05", "2026-06"
RULES = """\
cost_sharing:
  issuer: { name: 事務局, registration_number: T7000012050002, contact: 計画担当, bank: 見本銀行 }
  rule_sets:
    - name: 令和8年度
      from: 2026-04-01
      pools:
        - { name: base, title: 基盤, where: { ServiceName: EC2 }, shares: [{ by: equal }] }
        - { name: forms, title: 申請, where: { ServiceName: S3 }, shares: [{ by: usage, driver: requests, when_zero: equal }] }
        - { name: city, title: 市, where: { ServiceName: RDS }, members: kind:政令市 or service:eapp-b, shares: [{ by: equal }] }
"""  # noqa: E501 - the lines are a file's


@dataclass(frozen=True)
class Office:
    """A secretariat's folder and what it does there."""

    file: Path

    def rewrite(self, *changes: tuple[str, str]) -> None:
        text = self.file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.file.write_text(text, encoding="utf-8")

    def merge(self) -> None:
        """The village becomes part of Sakai."""
        self.leave()
        self.rewrite(("    slug: sakai\n", f'    former_codes: ["{VILLAGE}"]\n    slug: sakai\n'))

    def rename(self, *former: str) -> None:
        """A city with a new code is what the village, and others, became."""
        self.leave()
        codes = ", ".join(f'"{one}"' for one in (VILLAGE, *former))
        city = (
            f'  - code: "{HANNAN}"\n    former_codes: [{codes}]\n    slug: hannan\n    name: 阪南市\n'
            "    kind: 一般市\n    lgwan: [10.200.3.0/24]\n"
            "    population: { count: 4909, as_of: 2020-10-01, source: 国勢調査 }\n"
        )
        self.rewrite(("cost_sharing:", f"{city}cost_sharing:"))

    def leave(self, code: str = VILLAGE) -> None:
        """The village, or the last of the file's bodies, is in it no longer."""
        text = self.file.read_text(encoding="utf-8")
        start, end = text.index(f'  - code: "{code}"'), text.index("cost_sharing:")
        assert text.count("  - code: ", start, end) == 1
        self.file.write_text(text[:start] + text[end:], encoding="utf-8")

    def end_in_osaka(self, *former: str) -> None:
        """Hannan, the last of the file, becomes part of Osaka, which may know others by their codes too."""
        self.leave(HANNAN)
        codes = ", ".join(f'"{one}"' for one in (HANNAN, *former))
        self.rewrite(("    slug: osaka\n", f"    former_codes: [{codes}]\n    slug: osaka\n"))

    def put(self, name: str, month: str, **usd: str) -> None:
        rows = [
            focus_row(amount, ServiceName=service, BillingPeriodStart=f"{month}-01 00:00:00")
            for service, amount in usd.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def yen(self, name: str, month: str, **amounts: str) -> None:
        rows = [
            focus_row(
                amount, BillingCurrency="JPY", ServiceName=service, BillingPeriodStart=f"{month}-01"
            )
            for service, amount in amounts.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def drive(self, name: str, month: str = MAY, **quantities: str) -> None:
        rows = [
            {"period": month, "driver": "requests", "code": code[1:], "quantity": quantity}
            for code, quantity in quantities.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def template(self, *rows: str) -> tuple[Imported, ...]:
        """A file of `period,body_code,amount`."""
        path = self.file.parent / "licences.csv"
        lines = ["period,body_code,amount,item", *(f"{row},licence" for row in rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return self.take(path)

    def take(self, path: Path) -> tuple[Imported, ...]:
        opened = open_costs(self.file, "sandbox")
        return put(opened.ledger, path, bodies=codes_of(opened.workspace.registry))

    def invoice(self, month: str, jpy: int, amount: str) -> None:
        workspace = open_costs(self.file, "sandbox").workspace
        if jpy:
            one = Invoice(
                month, "AWS", None, "USD", Decimal(amount), jpy, 0, Fraction(10), None, None, None
            )
            add_invoice(workspace, period_of(month), one, 0)
        else:
            remove_invoice(workspace, period_of(month), "AWS", month, 0)

    def withdraw(self, name: str, month: str = MAY) -> None:
        withdraw(open_costs(self.file, "sandbox").workspace, period_of(month), name, 0)

    def unsettled(self) -> dict[str, str]:
        """Closed months that were changed since → the month that settles each."""
        opened = open_costs(self.file, "sandbox")
        found = unsettled(opened.ledger, opened.manifest, opened.reckoner())
        return {str(closed): str(one.bearer) for closed, one in found.items()}

    def close(self, month: str) -> Reckoned:
        return close(self.file, "sandbox", month, 0).reckoned

    def reckon(self, month: str) -> Reckoned:
        made = reckoned(open_costs(self.file, "sandbox"), period_of(month))
        assert made.allocation.difference_jpy == 0
        return made

    def compare(self, name: str) -> Compared:
        """With a proposal of the very rules that hold."""
        pools = RULES.partition("      pools:")[2]
        self.rewrite((pools, f"{pools}  proposals:\n    - name: {name}\n      pools:{pools}"))
        return comparison(self.file, "sandbox", MAY, name)

    def verified(self) -> bool:
        return all(one.same for one in verification(self.file, "sandbox"))


def settled(made: Reckoned) -> Mapping[str, int]:
    """Code → yen of settlements."""
    return {
        code: line.jpy
        for code, borne in made.allocation.bodies()
        for one in borne
        for line in one.lines
        if line.kind is LineKind.SETTLEMENT
    }
