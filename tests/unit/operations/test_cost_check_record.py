"""What `moyai cost check PERIOD` finds beside what is on record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.costs.ledgers import csv_file, focus_row, put
from tests.unit.registry.cost_federation import BODIES

from moyai.errors import UsageError
from moyai.operations.cost_check import Beside, check_cost_rules
from moyai.operations.costs import codes_of, open_ledger
from moyai.operations.workspace import open_workspace

MAY = Beside("sandbox", "2026-05")
RULES = """\
cost_sharing:
  issuer: { name: 事務局 }
  rule_sets:
    - name: 令和8年度
      from: 2026-04-01
      direct: [DIRECT]
      pools: [POOLS]
"""
ALL = "{ name: all, where: {}, shares: [{ by: equal }] }"


def _row(service: str, month: str = "2026-05", **tags: str) -> dict[str, str]:
    start = f"{month}-01 00:00:00"
    return focus_row("1", ServiceName=service, BillingPeriodStart=start, Tags=json.dumps(tags))


ROWS = (_row("S3", kind="a"), _row("EC2", kind="b", owner="sakai"))
DRIVERS = {"period": "2026-05", "driver": "seats", "code": "271004", "quantity": "1"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    return lay_out(tmp_path / "project")


def _rules(file: Path, *pools: str, direct: str = "") -> None:
    text = RULES.replace("DIRECT", direct).replace("POOLS", ", ".join((*pools, ALL)))
    file.write_text(BODIES + text, encoding="utf-8")


def _pool(where: str, shares: str = "{ by: equal }") -> str:
    return f"{{ name: one, where: {where}, shares: [{shares}] }}"


def _import(file: Path, *rows: Mapping[str, str]) -> None:
    workspace = open_workspace(file, "sandbox")
    costs = csv_file(file.parent / "costs.csv", rows)
    drivers = csv_file(file.parent / "drivers.csv", [DRIVERS])
    put(open_ledger(workspace), costs, drivers, bodies=codes_of(workspace.registry))


def _found(file: Path, beside: Beside = MAY) -> list[tuple[str, str]]:
    check = check_cost_rules(file, beside)
    assert check.rules is not None
    assert {one.severity for one in check.problems} <= {"warning"}
    start = "cost_sharing.rule_sets[0]."
    return [(one.path.removeprefix(start), one.message.en) for one in check.problems]


POOLS = {
    "a value that no row has": (
        _pool("{ ServiceName: [S33, Lambda] }"),
        ("pools[0].where.ServiceName", "no row of 2026-05 has such a value; did you mean S3?"),
    ),
    "a second value that is mistyped": (
        _pool("{ ServiceName: [Lambda, EC22] }"),
        ("pools[0].where.ServiceName", "no row of 2026-05 has such a value; did you mean EC2?"),
    ),
    "a value that is like none": (
        _pool("{ ServiceName: [ECR, EC3] }"),
        ("pools[0].where.ServiceName", "no row of 2026-05 has such a value"),
    ),
    "no value, where every row has one": (
        _pool("{ Tags.kind: null }"),
        ("pools[0].where.Tags.kind", "every row of 2026-05 has a value"),
    ),
    "values that no row has together": (
        _pool("{ ServiceName: S3, Tags.kind: b }"),
        ("pools[0].where", "no row of 2026-05 meets all of its conditions"),
    ),
    "a mistyped column": (
        _pool("{ Servicename: S3 }"),
        (
            "pools[0].where.Servicename",
            "no file on record has a column 'Servicename'; did you mean ServiceName?",
        ),
    ),
    "a mistyped tag": (
        _pool("{ Tags.knd: a }"),
        ("pools[0].where.Tags.knd", "no file on record has a column 'Tags.knd'; did you mean Tags.kind?"),
    ),
    "a driver that is mistyped": (
        _pool("{ ServiceName: S3 }", "{ by: usage, driver: seat }"),
        (
            "pools[0].shares[0].driver",
            "the driver 'seat' is not on record in 2026-05; did you mean seats?",
        ),
    ),
    "a driver that is not metered yet": (
        _pool("{ ServiceName: S3 }", "{ by: usage, driver: chat.messages }"),
        (
            "pools[0].shares[0].driver",
            "the driver 'chat.messages' is not on record in 2026-05; "
            "moyai cost meter 2026-05 measures it",
        ),
    ),
}  # fmt: skip


def test_what_another_rule_catches_was_not_meant(file: Path) -> None:
    other = "{ name: other, where: { ServiceName: S3 }, shares: [{ by: equal }] }"
    _rules(file, other, _pool("{ ServiceName: S33 }"))
    _import(file, *ROWS)
    assert _found(file) == [("pools[1].where.ServiceName", "no row of 2026-05 has such a value")]


@pytest.mark.parametrize("name", POOLS)
def test_what_is_asked_of_pools(file: Path, name: str) -> None:
    pool, finding = POOLS[name]
    _rules(file, pool)
    _import(file, *ROWS)
    assert _found(file) == [finding]
    assert check_cost_rules(file).problems == ()


DIRECT = {
    "a value that means nobody": (
        ROWS,
        (
            "direct[0].column",
            "2026-05 has rows whose value means no body, which it does not catch: "
            "'chihayaakasak' (chihayaakasaka?), 'moon'",
        ),
    ),
    "no value": (
        (),
        ("direct[0].column", "no row of 2026-05 that it is for has a value in 'Tags.owner'"),
    ),
}


@pytest.mark.parametrize("name", DIRECT)
def test_what_is_asked_of_direct_rules(file: Path, name: str) -> None:
    rows, finding = DIRECT[name]
    _rules(file, direct="{ name: own, column: Tags.owner, bodies: { sun: '271004' } }")
    strange = (_row("S3", owner="moon"), _row("S3", owner="chihayaakasak"), _row("S3", owner="sun"))
    if not rows:
        _import(file, _row("S3", month="2026-04", owner="sun"), *map(_row, ["S3", "EC2"]))
    else:
        _import(file, *rows, *strange)
    assert _found(file) == [finding]


def test_what_all_share_means_no_body_on_purpose(file: Path) -> None:
    _rules(file, direct="{ name: own, column: Tags.moyai:tenant }")
    _import(file, *(_row("S3", **{"moyai:tenant": one}) for one in ("shared", "271004")))
    assert _found(file) == []


def test_a_rule_whose_rows_all_go_to_one_before_it(file: Path) -> None:
    kind = "{ name: kind, where: { Tags.kind: a }, shares: [{ by: equal }] }"
    _rules(file, kind, _pool("{ ServiceName: S3 }"))
    _import(file, *ROWS)
    assert ("pools[1].where", "in 2026-05 all of its rows (1) go to rules before it") in _found(
        file
    )


def test_columns_of_other_months_are_known(file: Path) -> None:
    _rules(file, _pool("{ Tags.owner: [sakai, null] }"))
    _import(file, _row("S3", month="2026-04", owner="sakai"), _row("EC2"))
    assert _found(file) == []


def test_a_period_without_costs_or_rules_is_wrong_usage(file: Path) -> None:
    _rules(file)
    _import(file, *ROWS, _row("S3", month="2026-03"))
    with pytest.raises(UsageError, match="no costs are on record for 2026-06"):
        _found(file, Beside("sandbox", "2026-06"))
    with pytest.raises(UsageError, match="no rule set of cost_sharing holds on 2026-03-01"):
        _found(file, Beside("sandbox", "2026-03"))
