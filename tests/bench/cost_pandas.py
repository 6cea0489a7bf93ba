"""The same work as a plain pandas program, for comparison: `cost_pandas.py PLAN float|decimal`.

Run by the bench's own environment, so it imports nothing of the project. PLAN is a JSON file: what the
product reads from tenants.yaml and the ledger, in plain words. Prints one line of JSON: the seconds of the
work (imports left out) and what each body bears.

Floats are what such programs usually have; with `decimal`, amounts are `Decimal` objects from the file on.
"""

from __future__ import annotations

import json
import sys
import time
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

Plan = dict[str, Any]
_BATCH = 1_000_000
"""Rows at once: all columns of 10 million rows of texts are more than memory has."""


def run(plan: Plan, exact: bool) -> dict[str, int]:
    """Code → whole yen."""
    number = Decimal if exact else float
    caught = read(plan, number)
    direct, pools = in_yen(plan, caught, number)
    totals = direct.groupby("body")["jpy"].sum().to_dict()
    borne: dict[str, int] = {}
    for name in plan["order"]:
        pool = plan["pools"][name]
        amount = pools.get(name, 0)
        flows = pool["flows"]
        percents = [*flows.values(), 100 - sum(flows.values())]
        exact_parts = [number(amount) * percent / 100 for percent in percents]
        *moved, own = largest_remainder(exact_parts, amount)
        for flow, yen in zip(flows, moved, strict=True):
            pools[flow] = pools.get(flow, 0) + yen
        for code, yen in share(plan, pool, own, totals, number).items():
            borne[code] = borne.get(code, 0) + yen
    for code, yen in totals.items():
        borne[code] = borne.get(code, 0) + yen
    return {code: int(yen) for code, yen in sorted(borne.items())}


def read(plan: Plan, number: type) -> pd.DataFrame:
    """Rows by rule, body and invoice, summed."""
    columns = list(plan["columns"])
    sums = []
    for batch in pq.ParquetFile(plan["rows"]).iter_batches(_BATCH, columns=[*columns, "Tags"]):
        rows = batch.select(columns).to_pandas()
        tags = batch.column("Tags")
        for key in plan["tags"]:
            rows[f"Tags.{key}"] = pc.map_lookup(tags, key, "first").to_pandas()
        if number is float:
            rows["BilledCost"] = rows["BilledCost"].astype(float)
        keys = ["rule", "body", "InvoiceId", "tax"]
        sort(plan, rows)
        sums.append(rows.groupby(keys, dropna=False)["BilledCost"].sum().reset_index())
    keys = ["rule", "body", "InvoiceId", "tax"]
    return pd.concat(sums).groupby(keys, dropna=False)["BilledCost"].sum().reset_index()


def sort(plan: Plan, rows: pd.DataFrame) -> None:
    """Set `rule` and `body` of each row by the first rule that catches it."""
    rows["rule"] = None
    rows["body"] = None
    rows["tax"] = rows["ChargeCategory"] == "Tax"
    for rule in plan["rules"]:
        holds = rows["rule"].isna()
        for column, values in rule["where"].items():
            holds &= meets(rows[column], values)
        if rule["column"] is not None:
            body = rows[rule["column"]].map(rule["bodies"])
            holds &= body.notna()
            rows.loc[holds, "body"] = body[holds]
        rows.loc[holds, "rule"] = rule["name"]


def meets(column: pd.Series[Any], values: list[str | None]) -> pd.Series[bool]:
    """Which rows have one of the values; `*` ends one that only begins so."""
    found = column.isin([value for value in values if value and not value.endswith("*")])
    for value in values:
        if value is None:
            found |= column.isna()
        elif value.endswith("*"):
            found |= column.str.startswith(value[:-1]).fillna(False).astype(bool)
    return found


def in_yen(plan: Plan, caught: pd.DataFrame, number: type) -> tuple[pd.DataFrame, dict[str, int]]:
    """Each group at its invoice's own rate; direct ones, and pools by name, in whole yen."""
    whole = caught.groupby(["InvoiceId", "tax"])["BilledCost"].sum()
    invoices = plan["invoices"]
    rates = {
        (invoice, tax): number(invoices[invoice]["tax_jpy" if tax else "jpy"]) / amount
        for (invoice, tax), amount in whole.items()
    }
    places = zip(caught["InvoiceId"], caught["tax"], strict=True)
    caught["jpy"] = [
        cost * rates[key] for cost, key in zip(caught["BilledCost"], places, strict=True)
    ]
    groups = caught.groupby(["rule", "body"], dropna=False)["jpy"].sum().reset_index()
    bill = sum(one["jpy"] + one["tax_jpy"] for one in invoices.values())
    groups["jpy"] = largest_remainder(list(groups["jpy"]), bill)
    bodies = groups["body"].notna()
    pools = groups[~bodies]
    return groups[bodies], dict(zip(pools["rule"], pools["jpy"], strict=True))


def share(
    plan: Plan, pool: Plan, amount: int, direct: dict[str, int], number: type
) -> dict[str, int]:
    """A pool's whole yen by its parts, base fee and minimum."""
    codes = plan["bodies"]
    if not pool["parts"]:
        return {}
    base = pool["base_fee"]
    if 0 < amount < base * len(codes):  # base fees alike are reduced alike
        even = largest_remainder([number(amount) / len(codes)] * len(codes), amount)
        return dict(zip(codes, even, strict=True))
    rest = amount - base * len(codes)
    shares = {code: number(0) for code in codes}
    for part in pool["parts"]:
        weights = weighed(plan, part, direct, number)
        unit = number(rest) * number(part["percent"]) / 100 / sum(weights.values())
        for code in codes:
            shares[code] += unit * weights[code]
    if pool["minimum"] and rest > 0:
        shares = at_least(shares, pool["minimum"], rest, number)
    rounded = largest_remainder(list(shares.values()), rest)
    return {code: yen + base for code, yen in zip(codes, rounded, strict=True)}


def weighed(plan: Plan, part: Plan, direct: dict[str, int], number: type) -> dict[str, Any]:
    """Code → weight in one part of a pool."""
    by, codes = part["by"], plan["bodies"]
    if by == "equal":
        return {code: number(1) for code in codes}
    if by == "direct":
        return {code: number(max(direct.get(code, 0), 0)) for code in codes}
    if by == "usage":
        used = plan["drivers"][part["driver"]]
        return {code: number(used.get(code, "0")) for code in codes}
    power = number(part["power"])
    residents = plan["populations"]
    return {code: number(residents.get(code, 0)) ** power for code in codes}


def at_least(shares: dict[str, Any], least: int, rest: int, number: type) -> dict[str, Any]:
    """Shares raised to a minimum, the others scaled so that the sum stays."""
    if least * len(shares) > rest:
        return dict.fromkeys(shares, number(rest) / len(shares))
    held: set[str] = set()
    while True:
        free = sum(yen for code, yen in shares.items() if code not in held)
        factor = (number(rest) - number(least) * len(held)) / free
        low = {code for code, yen in shares.items() if code not in held and yen * factor < least}
        if not low:
            break
        held |= low
    return {code: number(least) if code in held else yen * factor for code, yen in shares.items()}


def largest_remainder(amounts: list[Any], whole: int) -> list[int]:
    """Whole yen that sum to `whole`, or as near as one unit for each allows."""
    floors = [int(amount // 1) for amount in amounts]
    floors = [yen - (yen > amount) for yen, amount in zip(floors, amounts, strict=True)]
    left = whole - sum(floors)
    order = sorted(range(len(amounts)), key=lambda at: (floors[at] - amounts[at], at))
    for at in order[: max(left, 0)]:
        floors[at] += 1
    return floors


def main() -> None:
    """Print seconds and shares."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    begun = time.perf_counter()
    with localcontext(Context(prec=50)):
        bodies = run(plan, sys.argv[2] == "decimal")
    print(json.dumps({"seconds": time.perf_counter() - begun, "bodies": bodies}))


if __name__ == "__main__":
    main()
