"""`python -m tests.bench.cost`: every figure of sharing costs, in one run, into build/bench/cost.json.

Ratios are what counts; seconds are kept so that a reader can see what they are ratios of.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
from tests.bench import cost_plan, cost_project, projects
from tests.bench.cost_run import THREADS
from tests.bench.cost_venv import pandas_python
from tests.bench.processes import Measured, moyai

from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import period_of
from moyai.operations.costs.records import add_invoice
from moyai.operations.site.workspace import open_workspace

RESULT = projects.ROOT / "build" / "bench" / "cost.json"
ROUNDS = 5
"""Of our allocation and DuckDB's bare query, one after another: a shared machine differs from minute
to minute."""
STATEMENT_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Site:
    """A project whose ledger has a period's rows, drivers and invoices."""

    file: Path
    home: Path
    imported: Measured

    @property
    def rows(self) -> Path:
        """The ledger's file of rows."""
        [found] = self.home.rglob("rows/*.parquet")
        return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", default="1000000,10000000", help="sizes; the last is the one told"
    )
    parser.add_argument("--no-pandas", action="store_true", help="leave out the pandas program")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.rows.split(",")]
    with tempfile.TemporaryDirectory(prefix="moyai-bench-") as scratch:
        python = None if asked.no_pandas else pandas_python()
        found = measure(Path(scratch), sizes, python)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for key, value in found.items():
        print(f"{key}: {value}")


def measure(
    scratch: Path, sizes: Sequence[int], python: Path | None, bodies: int = cost_project.BODIES
) -> dict[str, object]:
    """All figures, of the last of the sizes. `python`: the pandas program's; None: it is left out."""
    by_rows: dict[str, dict[str, float]] = {}
    for size in sizes:
        site = prepare(scratch / f"rows-{size}", size, bodies)
        rounds = against_bare(site)
        ours = statistics.median(one["ours_seconds"] for one in rounds)
        bare = statistics.median(one["bare_seconds"] for one in rounds)
        whole = allocated(site)
        watched = allocated(site, watch=True)
        by_rows[str(size)] = {
            "seconds": round(ours, 3),
            "duckdb_seconds": round(bare, 3),
            "command_seconds": round(whole.seconds, 2),
            "peak_mb": round(watched.peak_mb),
            "import_seconds": round(site.imported.seconds, 1),
            "import_peak_mb": round(site.imported.peak_mb),
        }
    pandas = against_pandas(site, scratch, python) if python else {}
    by_column = _run(["by_column", str(site.rows)], site.home)["seconds"]
    told = by_rows[str(sizes[-1])]
    return {
        "vs_duckdb": round(ours / bare, 2),
        "vs_duckdb_by_column": round(ours / by_column, 2),
        "pandas_float_vs_ours": _ratio(pandas.get("float")),
        "pandas_decimal_vs_ours": _ratio(pandas.get("decimal")),
        "peak_mb": told["peak_mb"],
        "statements_seconds": round(statements(scratch / "statements"), 1),
        "growth": growth(by_rows),
        "by_rows": by_rows,
        "rows": sizes[-1],
        "bodies": bodies,
        "import_seconds": told["import_seconds"],
        "import_peak_mb": told["import_peak_mb"],
        "command_seconds": told["command_seconds"],
        "ours_seconds": told["seconds"],
        "duckdb_seconds": told["duckdb_seconds"],
        "rounds": rounds,
        **{f"pandas_{kind}_seconds": round(one["seconds"], 1) for kind, one in pandas.items()},
        **{f"pandas_{kind}_yen_apart": one["yen_apart"] for kind, one in pandas.items()},
        "pandas_rows": sizes[-1] if pandas else None,
        "threads": THREADS,
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def prepare(folder: Path, rows: int, bodies: int) -> Site:
    """A federation with that many rows of one period imported, and the invoices that they are of."""
    file = cost_project.federation(folder / "project", bodies)
    codes = [one.code for one in cost_project.bodies(bodies)]
    written = cost_project.write_rows(folder / "rows.parquet", rows, codes)
    drivers = cost_project.write_drivers(folder / "drivers.csv", bodies)
    return _imported(file, folder / "home", written, drivers)


def _imported(file: Path, home: Path, rows: Path, *more: Path) -> Site:
    """Import rows, then put their invoices on record; the rows' own file is taken away."""
    files = [str(path) for path in (rows, *more)]
    imported = moyai(["cost", "import", *files, "--file", str(file)], home, watch=True)
    with _at(home):
        workspace = open_workspace(file, "sandbox")
        for invoice in _invoices(rows):
            add_invoice(workspace, period_of(cost_project.PERIOD), invoice, 0)
    rows.unlink()
    return Site(file, home, imported)


@contextmanager
def _at(home: Path) -> Iterator[None]:
    """This process's `MOYAI_HOME` set meanwhile."""
    before = os.environ.get("MOYAI_HOME")
    os.environ["MOYAI_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MOYAI_HOME"]
        else:
            os.environ["MOYAI_HOME"] = before


def _invoices(rows: Path) -> list[Invoice]:
    """What the rows' invoices ask for, at a rate of their own."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT InvoiceId, BillingAccountId, "
            "sum(BilledCost) FILTER (ChargeCategory <> 'Tax'), "
            "sum(BilledCost) FILTER (ChargeCategory = 'Tax') "
            "FROM read_parquet(?) GROUP BY ALL ORDER BY ALL",
            [str(rows)],
        ).fetchall()
    issuer, rate = cost_project.ISSUER, cost_project.RATE
    return [
        Invoice(
            number=number,
            issuer=issuer,
            billing_account=account,
            currency="USD",
            amount=net,
            jpy=round(net * rate),
            tax_jpy=round(tax * rate),
            tax_rate=Fraction(10),
            rate=None,
            date=None,
            registration_number=None,
        )
        for number, account, net, tax in found
    ]


def against_bare(site: Site) -> list[dict[str, float]]:
    """Our allocation and DuckDB's bare query, in turn, each in a fresh process."""
    found = []
    for _ in range(ROUNDS):
        ours = run_ours(site)
        bare = _run(["bare", str(site.rows)], site.home)
        found.append(
            {
                "ours_seconds": round(ours["seconds"], 3),
                "bare_seconds": round(bare["seconds"], 3),
            }
        )
    return found


def run_ours(site: Site) -> dict[str, Any]:
    """The period allocated. Raises `AssertionError` where it is not the bill, to the yen."""
    found = _run(["ours", str(site.file), cost_project.PERIOD], site.home)
    assert found["difference_jpy"] == found["unallocated_jpy"] == 0
    assert sum(found["bodies"].values()) == found["bill_jpy"]
    return found


def _run(arguments: Sequence[str], home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.cost_run", *arguments]
    return _answer(command, {"MOYAI_HOME": str(home)})


def _answer(command: Sequence[str], more: Mapping[str, str]) -> dict[str, Any]:
    answer = subprocess.run(
        command,
        cwd=projects.ROOT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def allocated(site: Site, *, watch: bool = False) -> Measured:
    """The whole command: Python's start, tenants.yaml, the allocation, its JSON.

    `watch`: measure its memory, which takes processor time; so it is not done where time counts.
    """
    asked = ["cost", "allocate", cost_project.PERIOD, "--output", "json"]
    return moyai([*asked, "--file", str(site.file)], site.home, watch=watch)


def against_pandas(site: Site, scratch: Path, python: Path) -> dict[str, dict[str, float]]:
    """`float` and `decimal` → the pandas program's `seconds`, ours just before, and the yen by which its
    bodies' shares differ from ours in all."""
    with _at(site.home):
        plan = cost_plan.write_plan(
            scratch / "plan.json", site.file, cost_project.PERIOD, site.rows
        )
    program = str(Path(__file__).parent / "cost_pandas.py")
    found = {}
    for kind in ("float", "decimal"):
        ours = run_ours(site)
        answer = _answer([str(python), program, str(plan), kind], {})
        apart = sum(
            abs(answer["bodies"].get(code, 0) - yen) for code, yen in ours["bodies"].items()
        )
        found[kind] = {
            "seconds": float(answer["seconds"]),
            "ours_seconds": float(ours["seconds"]),
            "yen_apart": apart,
        }
    return found


def _ratio(pandas: Mapping[str, float] | None) -> float | None:
    return None if pandas is None else round(pandas["seconds"] / pandas["ours_seconds"], 1)


def growth(by_rows: Mapping[str, Mapping[str, float]]) -> float | None:
    """Seconds of the largest size ÷ those of the smallest, for each time that the rows are more; 1 is
    linear, less is better. None of a single size."""
    sizes = sorted(by_rows, key=int)
    if len(sizes) < 2:
        return None
    first, last = sizes[0], sizes[-1]
    times = by_rows[last]["seconds"] / by_rows[first]["seconds"]
    return round(times / (int(last) / int(first)), 2)


def statements(folder: Path) -> float:
    """Seconds of the command that writes the statements and requests of the sample's 43 bodies, in all
    formats."""
    file = projects.sample(folder / "project")
    codes = [one.code for one in cost_project.bodies() if one.code.startswith("27")]
    rows = cost_project.write_rows(folder / "rows.parquet", STATEMENT_ROWS, codes)
    site = _imported(file, folder / "home", rows)
    written = folder / "statements"
    asked = ["cost", "statement", cost_project.PERIOD, "--to", str(written)]
    seconds = moyai([*asked, "--file", str(file)], site.home).seconds
    papers = Counter(path.suffix for path in written.iterdir())
    assert set(papers.values()) == {len(codes)}
    assert papers.keys() == {".pdf", ".xlsx", ".csv", ".html"}
    return seconds


if __name__ == "__main__":
    main()
