"""What the pandas program is told: the product's own rules, members and invoices, in plain words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from moyai.costs.apportion.cascade import in_order
from moyai.costs.intake.shapes import TAGS
from moyai.costs.periods import period_of
from moyai.costs.reckoning import Reckoner
from moyai.operations.costs.records import open_ledger
from moyai.operations.site.workspace import open_workspace
from moyai.registry.cost_rules import Condition, Direct, Part, Pool, RuleSet

_INVOICE_COLUMNS = ("BilledCost", "InvoiceId", "ChargeCategory")


def write_plan(path: Path, file: Path, period: str, rows: Path) -> Path:
    """Write it. `rows`: the ledger's Parquet file. Every body is a member of every pool, all month."""
    workspace = open_workspace(file, "sandbox")
    ledger = open_ledger(workspace)
    manifest = ledger.manifest()
    when = period_of(period)
    basis = manifest.part(when).current(when)
    inputs = Reckoner(ledger, manifest, workspace.registry).inputs(when, basis)
    rules, members = inputs.rules, inputs.members
    prefix = f"{TAGS}."
    looked_at = {*_INVOICE_COLUMNS, *rules.columns()}
    plan = {
        "rows": str(rows),
        "columns": sorted(name for name in looked_at if not name.startswith(prefix)),
        "tags": sorted(name.removeprefix(prefix) for name in looked_at if name.startswith(prefix)),
        "rules": list(_rules(rules, members.names)),
        "order": [pool.name for pool in in_order(rules.pools)],
        "pools": {pool.name: _pool(pool) for pool in rules.pools},
        "bodies": list(members.bodies),
        "populations": dict(members.populations),
        "drivers": {
            driver: {code: str(float(quantity)) for code, quantity in measured.items()}
            for driver, measured in members.drivers.items()
        },
        "invoices": {
            one.number: {"jpy": one.jpy, "tax_jpy": one.tax_jpy} for one in basis.invoices
        },
    }
    path.write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    return path


def _rules(rules: RuleSet, names: Mapping[str, str]) -> Iterable[dict[str, object]]:
    ordered: tuple[Direct | Pool, ...] = (*rules.direct, *rules.pools)
    for one in ordered:
        yield {
            "name": one.name,
            "where": _where(one.where or ()),
            "column": one.column if isinstance(one, Direct) else None,
            "bodies": {**names, **one.bodies} if isinstance(one, Direct) else {},
        }


def _where(conditions: Iterable[Condition]) -> dict[str, list[str | None]]:
    return {one.column: list(one.values) for one in conditions}


def _pool(pool: Pool) -> dict[str, object]:
    return {
        "flows": {flow.pool: int(flow.percent) for flow in pool.flows},
        "base_fee": pool.base_fee,
        "minimum": pool.minimum or 0,
        "parts": [_part(part) for part in pool.parts],
    }


def _part(part: Part) -> dict[str, object]:
    return {
        "by": part.by.value,
        "percent": int(part.percent),
        "power": str(float(part.power)),
        "driver": part.driver,
    }
