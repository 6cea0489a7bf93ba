"""Months of costs for tests of commands: rows, invoices, and what commands say as data."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.costs.ledgers import focus_row

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MAY = "2026-05"


def month_row(
    cost: str, service: str | None, month: str = MAY, tenant: str | None = None
) -> dict[str, str]:
    """A row of a month in dollars, of a service and a body by their tags."""
    tags = {"moyai:service": service, "moyai:tenant": tenant}
    return focus_row(
        cost,
        BillingPeriodStart=f"{month}-01 00:00:00",
        Tags=json.dumps({key: value for key, value in tags.items() if value}),
    )


def add_invoice(moyai: Run, period: str, number: str, amount: str, jpy: int) -> None:
    """Put an invoice in dollars on record, with a tenth of its yen as tax."""
    done = moyai(
        "cost", "invoice", "add", period, "--issuer", "AWS", "--number", number, "--currency", "USD",
        "--amount", amount, "--jpy", str(jpy), "--tax-jpy", str(jpy // 10),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def read_json(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command that succeeded says by `-o json`."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_table(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    """What a command that succeeded says by `-o csv`."""
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def make_taxable(project: Path, difference: str = "largest_remainder") -> None:
    """Contributions are taxable from here on."""
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    old = "tax: { treatment: outside_scope }"
    assert text.count(old) == 1
    file.write_text(
        text.replace(old, f"tax: {{ treatment: taxable, difference: {difference} }}"),
        encoding="utf-8",
    )
