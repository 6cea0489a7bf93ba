"""Rows sorted in SQL are those that the rules catch, and the way of a yen ends in one of them."""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put
from tests.unit.costs.rulebook import CODES, pool, rules

from moyai.costs.apportion.catching import catch
from moyai.costs.apportion.inputs import Caught
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.ledger.tracing import row_at
from moyai.costs.periods import Period
from moyai.registry.cost_rules import Condition, Direct, RuleSet

SEPTEMBER = Period(2024, 9)
NAMES = {code: code for code in CODES} | {"sakai": "271403"}
_SERVICES = ("S3", "EC2", "EC2 Other", "", "it's", "100%")
_TENANTS = ("", "sakai", "大阪", "nobody", *CODES)
_TAGS = ("", "a", "ab", "b")


def _conditions(chance: random.Random) -> tuple[Condition, ...]:
    values = {
        "ServiceName": (*_SERVICES, "EC2*", "*"),
        "Tags.kind": ("a", "a*", "b"),
        "SubAccountId": ("1",),
        "NoSuchColumn": ("x",),
    }
    found = []
    for column in chance.sample(sorted(values), chance.randint(0, 2)):
        words: list[str | None] = [*chance.sample(values[column], 1), None]
        found.append(Condition(column, tuple(words[: chance.randint(1, 2)])))
    return tuple(found)


def _rules(chance: random.Random) -> RuleSet:
    direct = tuple(
        Direct(f"d{at}", _conditions(chance), column, {"大阪": "271004"}, ())
        for at, column in enumerate(chance.sample(["Tags.tenant", "SubAccountName", "Absent"], 2))
    )
    pools = [
        pool(f"p{at}", where=None if chance.random() < 0.2 else _conditions(chance))
        for at in range(chance.randint(0, 4))
    ]
    return rules(*pools, direct=direct[: chance.randint(0, 2)])


def _rows(chance: random.Random) -> list[dict[str, str]]:
    found = []
    for at in range(60):
        tags = {"tenant": chance.choice(_TENANTS), "kind": chance.choice(_TAGS)}
        given = json.dumps({key: value for key, value in tags.items() if value}, ensure_ascii=False)
        found.append(
            focus_row(
                f"{chance.randint(-500, 1000)}.{at:02}",
                ServiceName=chance.choice(_SERVICES),
                SubAccountId=chance.choice(("", "1", "2")),
                SubAccountName=chance.choice(("", "sakai", "大阪")),
                InvoiceId=chance.choice(("", "N1", "N2")),
                BillingCurrency=chance.choice(("USD", "JPY")),
                ChargeCategory=chance.choice(("Usage", "Tax", "")),
                Tags=given if len(given) > 2 else "",
            )
        )
    return found


def _values(row: dict[str, str]) -> dict[str, str | None]:
    tags = json.loads(row["Tags"]) if row["Tags"] else {}
    values: dict[str, str | None] = {key: value or None for key, value in row.items()}
    return values | {f"Tags.{key}": value for key, value in tags.items()}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_sorted_in_sql_is_what_the_rules_catch(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    rule_set, rows = _rules(chance), _rows(chance)
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", rows[:40]), csv_file(tmp_path / "b.csv", rows[40:]))
    basis = ledger.basis(SEPTEMBER)
    expected: Counter[tuple[Caught | None, str | None, str, bool]] = Counter()
    amounts: dict[tuple[Caught | None, str | None, str, bool], Decimal] = {}
    for row in rows:
        values = _values(row)
        key = (
            catch(rule_set, values, NAMES),
            values["InvoiceId"],
            row["BillingCurrency"],
            row["ChargeCategory"] == "Tax",
        )
        expected[key] += 1
        amounts[key] = amounts.get(key, Decimal(0)) + Decimal(row["BilledCost"])
    found: Counter[tuple[Caught | None, str | None, str, bool]] = Counter()
    sums: dict[tuple[Caught | None, str | None, str, bool], Decimal] = {}
    groups = sorted_rows(ledger.store, basis, rule_set, NAMES)
    for group in groups:
        key = (group.caught, group.invoice_id, group.currency, group.is_tax)
        found[key] += group.rows
        sums[key] = sums.get(key, Decimal(0)) + group.amount
        if group.caught is None:
            assert set(group.values) == set(rule_set.columns())
    assert found == expected
    assert sums == amounts
    for group in chance.sample(groups, 3):
        row = row_at(ledger.store, basis, rule_set, NAMES, group, Fraction(1, 2))
        assert row is not None
        assert catch(rule_set, row.columns, NAMES) == group.caught
        assert row.columns.get("InvoiceId") == group.invoice_id
        assert row.currency == group.currency


def test_yen_end_in_rows_as_often_as_these_cost(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    costs = ("1.5", "0.5", "-9", "3", "5")
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row(cost) for cost in costs]))
    basis, one = ledger.basis(SEPTEMBER), rules(pool())
    [group] = sorted_rows(ledger.store, basis, one, {})
    lines: Counter[int] = Counter()
    for at in range(1, 21):
        row = row_at(ledger.store, basis, one, {}, group, Fraction(2 * at - 1, 40))
        assert row is not None
        lines[row.line] += 1
    # The heading is line 1; what is above zero sums to 10, so a twentieth is half a dollar.
    assert lines == {2: 3, 3: 1, 5: 6, 6: 10}


def test_rows_alike_are_one_group_where_rules_look_at_nothing(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1.5"), focus_row("0.25")]))
    [group] = sorted_rows(ledger.store, ledger.basis(SEPTEMBER), rules(), {})
    assert (group.caught, group.values) == (None, {})
    assert (group.amount, group.rows) == (Decimal("1.75"), 2)


@pytest.mark.parametrize(
    ("wanted", "caught"),
    [
        ("1.5", 2),
        ("1.50", 2),
        ("+1.500", 2),
        ("15e-1", 2),
        ("1", 0),
        ("1*", 3),
        ("2", 2),
        ("2.00", 2),
        ("-0", 2),
        ("0.0", 2),
        ("12345678901234567890.123456789", 1),
        ("x", 0),
    ],
)
def test_conditions_on_costs_compare_numbers_whatever_decimals_a_file_has(
    tmp_path: Path, wanted: str, caught: int
) -> None:
    """The column of the second file has three places, that of the third nine."""
    ledger = a_ledger(tmp_path)
    costs = (("1.5", "2", "0"), ("1.50", "2.0", "0", "7.125"), ("12345678901234567890.123456789",))
    files = [
        csv_file(tmp_path / f"{at}.csv", [focus_row("1", EffectiveCost=one) for one in column])
        for at, column in enumerate(costs)
    ]
    put(ledger, *files)
    basis = ledger.basis(SEPTEMBER)
    one = rules(pool("p0", where=(Condition("EffectiveCost", (wanted,)),)))
    groups = sorted_rows(ledger.store, basis, one, {})
    assert sum(group.rows for group in groups if group.caught) == caught
    written = [cost for column in costs for cost in column]
    assert sum(catch(one, {"EffectiveCost": cost}, {}) is not None for cost in written) == caught
    for group in groups:
        row = row_at(ledger.store, basis, one, {}, group, Fraction(1, 2))
        assert row is not None
        assert catch(one, row.columns, {}) == group.caught
