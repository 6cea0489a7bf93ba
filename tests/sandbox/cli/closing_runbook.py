"""The runbook of the monthly closing: its commands, the files they name, and a shell to run them."""

from __future__ import annotations

import re
import shlex
import subprocess
from decimal import Decimal
from pathlib import Path

from federations import Federation
from tests.unit.costs.ledgers import csv_file, focus_row

ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = ROOT / "runbooks" / "monthly-closing.en.md"
STEP = "### "


def commands() -> list[str]:
    """The lines of the runbook's console blocks, in order."""
    text = RUNBOOK.read_text(encoding="utf-8")
    found = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in found for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [line.removeprefix("$ ") for line in lines]


def lay_files(folder: Path, usd: Decimal) -> None:
    """What the runbook's variables name: the invoice's dollars, and 10 more after the correction."""

    def rows(shared: Decimal) -> list[dict[str, str]]:
        found = ((str(usd / 2), '{"moyai:tenant": "272027"}'), (str(shared), "{}"))
        return [
            focus_row(
                cost,
                BillingPeriodStart="2026-10-01T00:00:00Z",
                InvoiceIssuerName="Amazon Web Services Japan G.K.",
                Tags=tags,
            )
            for cost, tags in found
        ]

    csv_file(folder / "focus-2026-10.csv", rows(usd / 2))
    csv_file(folder / "focus-2026-10-corrected.csv", rows(usd / 2 + 10))
    licence = {"period": "2026-10", "item": "licences", "service": "chat", "amount": "120000"}
    csv_file(folder / "costs-2026-10.csv", [licence])


def run_as_written(federation: Federation, lines: list[str]) -> dict[str, str]:
    """Run the lines in one shell, which stops at the first that fails; command → what it printed."""
    moyai = shlex.join(federation.command())
    told = [f"echo {shlex.quote(STEP + line)}\n{line}" for line in lines]
    script = f'moyai() {{ {moyai} "$@"; }}\n' + "\n".join(told)
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=federation.folder,
        env=federation.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    steps = done.stdout.split(STEP)[1:]
    assert len(steps) == len(lines)
    return {f"{number} {step.partition(chr(10))[0]}": step for number, step in enumerate(steps)}
