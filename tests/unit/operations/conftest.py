"""A secretariat whose May is closed: tests of settlements begin with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.operations.cost_office import MAY, RULES, Office
from tests.unit.registry.cost_federation import BODIES


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """May is closed: ¥30,000 equally, ¥60,000 by 1, 2 and 3 requests, ¥1,000 of the two cities."""
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    found = Office(
        lay_out(tmp_path / "project", BODIES.replace('    former_codes: ["279978"]\n', "") + RULES)
    )
    found.put("may.csv", MAY, EC2="300", S3="600", RDS="10")
    found.drive("usage.csv", _271004="1", _271403="2", _273830="3")
    found.invoice(MAY, 91_000, "910")
    found.close(MAY)
    return found
