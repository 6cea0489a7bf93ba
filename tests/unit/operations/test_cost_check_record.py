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
from moyai.operations.costs.check import Beside, check_cost_rules
from moyai.operations.costs.records import codes_of, open_ledger
from moyai.operations.site.workspace import open_workspace

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


KEYS = (
    "{ name: own, column: Tags.owner, bodies: { sun: '271004', moon: '271403', mars: '273830' } }"
)


def test_keys_of_bodies_that_no_row_has(file: Path) -> None:
    _rules(file, direct=KEYS)
    _import(file, _row("S3", owner="sun"), _row("S3", owner="moonn"), _row("S3"))
    found = dict(_found(file))
    assert found.pop("direct[0].column").endswith("'moonn' (moon?)")
    assert found == {
        "direct[0].bodies.moon": "no row of 2026-05 that it is for has this value; did you mean moonn?",
        "direct[0].bodies.mars": "no row of 2026-05 that it is for has this value",
    }
    [line] = [number for number, one in enumerate(file.read_text().splitlines(), 1) if "own" in one]
    places = check_cost_rules(file, MAY).problems
    assert {one.line for one in places} == {line}
    assert places[1].message.ja == (
        "2026-05 の当たる行に、この値がありません（moonn ではありませんか）"
    )


def test_many_keys_that_no_row_has_are_counted(file: Path) -> None:
    keys = ", ".join(f"k{at}: '271004'" for at in range(30))
    _rules(file, direct=f"{{ name: own, column: Tags.owner, bodies: {{ {keys} }} }}")
    _import(file, _row("S3", owner="sakai"))
    found = _found(file)
    assert len(found) == 21
    assert ("direct[0].bodies", "10 more values are in no row of 2026-05") in found


def test_a_key_of_rows_that_where_leaves_out_is_asked_about(file: Path) -> None:
    rule = "{ name: own, where: { ServiceName: EC2 }, column: Tags.owner, bodies: BODIES }"
    _rules(file, direct=rule.replace("BODIES", "{ sun: '271004', moon: '271403' }"))
    _import(file, _row("S3", owner="sun"), _row("EC2", owner="moon"))
    assert [path for path, _ in _found(file)] == ["direct[0].bodies.sun"]


SUBSIDISED = (
    "{ name: chat, where: { ServiceName: S3 }, service: chat, shares: [{ by: equal }], MORE }"
)
MORE = "subsidies: [{ name: 県, when: after, amount: 1, bodies: BODIES }]"


def _subsidised(file: Path, bodies: str, ended: bool = True) -> None:
    _rules(file, SUBSIDISED.replace("MORE", MORE.replace("BODIES", bodies)))
    if ended:  # Sakai's use, before the month begins
        text = file.read_text(encoding="utf-8").replace("until: 2027-01-01", "until: 2026-05-01")
        file.write_text(text, encoding="utf-8")
    _import(file, *ROWS)


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        ("osaka or sakai", "in 2026-05 it does nothing for bodies that are no members of this pool: 堺市"),
        ("sakai", "it means no member of this pool in 2026-05"),
        ("kind:村 or sakai", "it means no member of this pool in 2026-05"),
    ],
)  # fmt: skip
def test_a_subsidy_of_who_is_no_member_in_the_period(file: Path, bodies: str, reason: str) -> None:
    _subsidised(file, bodies)
    assert _found(file) == [("pools[0].subsidies[0].bodies", reason)]
    assert check_cost_rules(file).problems == ()


def test_a_subsidy_of_members_is_no_question(file: Path) -> None:
    _subsidised(file, "sakai", ended=False)
    assert _found(file) == []


def test_who_is_never_a_member_is_said_once(file: Path) -> None:
    _subsidised(file, "osaka or sakai or chihayaakasaka")
    found = _found(file)
    assert [path for path, _ in found] == ["pools[0].subsidies[0].bodies"] * 2
    assert sorted(words.rpartition(": ")[2] for _, words in found) == ["千早赤阪村", "堺市"]


FIXED = "{ name: one, where: { ServiceName: S3 }, shares: [{ by: equal }], MORE }"


def _yen(file: Path, more: str, yen: int = 1_000) -> list[tuple[str, str]]:
    _rules(file, FIXED.replace("MORE", more))
    row = _row("S3") | {"BillingCurrency": "JPY", "BilledCost": str(yen)}
    _import(file, row, _row("EC2") | {"BillingCurrency": "JPY"})
    return _found(file)


def test_fixed_amounts_beyond_the_cost(file: Path) -> None:
    fixed = 'fixed: { "271004": 700, "271403": 500 }'
    # ¥1,000 and the tax on it
    words = "fixed amounts and base fees make ¥1,200, ¥100 more than the ¥1,100 that this pool costs in 2026-05"
    assert _yen(file, fixed) == [("pools[0].fixed", words)]
    [problem] = check_cost_rules(file, MAY).problems
    assert (
        "合計 1,200 円が、2026-05 のこの区分の費用 1,100 円を 100 円超えます" in problem.message.ja
    )


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ('fixed: { "271004": 600, "271403": 500 }', []),
        ("base_fee: 400", ["pools[0].base_fee"]),
        ('fixed: { "271004": 700 }, base_fee: 300', ["pools[0].fixed"]),
    ],
)
def test_amounts_up_to_the_cost(file: Path, more: str, paths: list[str]) -> None:
    assert [path for path, _ in _yen(file, more)] == paths


def test_credits_have_no_fixed_amounts(file: Path) -> None:
    assert _yen(file, 'fixed: { "271004": 700 }', -1_000) == []


def test_what_a_pool_costs_is_not_known_without_an_invoice(file: Path) -> None:
    _rules(file, FIXED.replace("MORE", 'fixed: { "271004": 700 }'))
    _import(file, *ROWS)
    [(path, words)] = [one for one in _found(file) if "fixed amounts" in one[1]]
    assert path == "cost_sharing.rule_sets[0]"
    assert "is not known: AWS: no invoice for 2 USD" in words


BODY_ROWS = """\
period,item,service,body_code,amount,tax_rate
2026-05,licence,,,1000,10
2026-05,work,,271004,1000,10
2026-05,work,,279978,1000,10
"""


@pytest.mark.parametrize(
    ("direct", "lines"),
    [
        ("", [3, 4]),
        ("{ name: own, column: x_BodyCode }", []),
        ("{ name: own, column: Tags.moyai:tenant }", []),
        ("{ name: own, where: { ChargeCategory: Usage }, column: Tags.moyai:tenant }", [3, 4]),
    ],
)
def test_rows_of_a_body_that_no_direct_rule_takes(
    file: Path, direct: str, lines: list[int]
) -> None:
    _rules(file, direct=direct)
    (file.parent / "costs.csv").write_text(BODY_ROWS, encoding="utf-8")
    workspace = open_workspace(file, "sandbox")
    put(open_ledger(workspace), file.parent / "costs.csv", bodies=codes_of(workspace.registry))
    found = [one for one in check_cost_rules(file, MAY).problems if one.file == "costs.csv"]
    assert [(one.line, one.path, one.severity) for one in found] == [
        (line, "body_code", "warning") for line in lines
    ]
    if lines:
        assert found[0].message.en == (
            "it is a cost of 271004, yet '令和8年度' has no direct rule that takes it "
            "(column: Tags.moyai:tenant): it is not charged to this body"
        )


def test_many_rows_of_bodies_are_counted(file: Path) -> None:
    _rules(file)
    rows = "".join("2026-05,work,,271004,1000,10\n" for _ in range(22))
    (file.parent / "costs.csv").write_text(BODY_ROWS.splitlines()[0] + "\n" + rows)
    workspace = open_workspace(file, "sandbox")
    put(open_ledger(workspace), file.parent / "costs.csv", bodies=codes_of(workspace.registry))
    found = [one for one in check_cost_rules(file, MAY).problems if one.file == "costs.csv"]
    assert len(found) == 21
    assert found[-1].message.en == "2 more rows like it below"


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
