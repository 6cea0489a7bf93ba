"""Costs that come late to a closed month, and that its own rules do not catch."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.costs.ledgers import csv_file, focus_row
from tests.unit.operations.cost_office import JUNE, MAY, OSAKA, SAKAI, VILLAGE, Office, settled

from moyai.costs.apportion.allocation import LineKind, PoolAccount
from moyai.costs.documents.write import Kind
from moyai.costs.explain.lines import NetLine, lines_of
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.record import document
from moyai.costs.settled import Settled
from moyai.errors import Refused
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.check import Beside, check_cost_rules
from moyai.operations.costs.documents import Asked, statements
from moyai.operations.costs.explanation import explanation
from moyai.operations.costs.periods import close, verification

APRIL, JULY = "2026-04", "2026-07"
DIRECT = "      direct: [{ name: own, where: {}, column: SubAccountId, bodies: {} }]\n"
QUEUE = "        - { name: queue, title: 待ち行列, where: WHERE, shares: [{ by: equal }] }\n"
CITY = "        - { name: city,"


def _late(office: Office, yen: str, **columns: str) -> None:
    rows = [
        focus_row(
            yen, BillingCurrency="JPY", ServiceName="SQS", BillingPeriodStart=f"{MAY}-01", **columns
        )
    ]
    office.take(csv_file(office.file.parent / "late.csv", rows))


def _pool(made: Reckoned, name: str = "queue") -> PoolAccount:
    return next(one for one in made.allocation.pools if one.name == name)


def _borne(made: Reckoned, rule: str) -> dict[str, int]:
    return {
        code: one.jpy
        for code, borne in made.allocation.bodies()
        for one in borne
        if one.rule == rule
    }


def test_rules_of_the_month_that_bears_them_catch_late_costs(
    office: Office, tmp_path: Path
) -> None:
    office.yen("june.csv", JUNE, EC2="300")
    _late(office, "300")
    before = office.reckon(JUNE)
    [left] = before.allocation.unallocated
    assert (left.jpy, left.rows, left.settled) == (330, 1, period_of(MAY))
    with pytest.raises(Refused) as refused:
        close(office.file, "sandbox", JUNE, 0)
    assert refused.value.remedy is not None
    assert "the rules of cost_sharing that hold then" in refused.value.remedy.en

    office.rewrite((CITY, QUEUE.replace("WHERE", "{ ServiceName: SQS }") + CITY))
    made = office.close(JUNE)
    assert made.allocation.unallocated == ()
    assert _pool(made).settled_in_jpy == {period_of(MAY): 330}
    assert (_pool(made).caught, _borne(made, "queue")) == (
        0,
        dict.fromkeys((OSAKA, SAKAI, VILLAGE), 110),
    )
    assert office.verified()
    asked = Asked(JUNE, tmp_path / "out", (Kind.CSV, Kind.HTML), "ja", None)
    assert len(list(statements(office.file, "sandbox", asked, "all"))) == 3
    [paper] = [one for one in (tmp_path / "out").glob("*.html") if OSAKA in one.name]
    assert "令和8年5月分の追加分" in paper.read_text(encoding="utf-8")

    # What was billed is not asked for again; what came since is, and goes back when it is withdrawn.
    office.yen("july.csv", JULY, EC2="300")
    assert _pool(office.reckon(JULY)).settled_in == {}
    _late(office, "450")
    assert settled(office.reckon(JULY)) == dict.fromkeys(_CODES, 55)
    office.withdraw("late.csv")
    assert settled(office.close(JULY)) == dict.fromkeys(_CODES, -110)
    assert office.verified()


def test_late_costs_are_told_apart_by_columns_that_their_own_rules_did_not_look_at(
    office: Office,
) -> None:
    _late(office, "300", RegionId="ap-northeast-3")
    office.rewrite((CITY, QUEUE.replace("WHERE", "{ RegionId: ap-northeast-3 }") + CITY))
    made = office.reckon(JUNE)
    assert made.allocation.unallocated == ()
    assert _pool(made).settled_in_jpy == {period_of(MAY): 330}


def test_a_direct_rule_charges_late_costs_to_its_body(office: Office, tmp_path: Path) -> None:
    _late(office, "300", SubAccountId="sakai")
    office.rewrite(("      pools:", f"{DIRECT}      pools:"))
    made = office.close(JUNE)
    [one] = [one for one in made.allocation.borne if one.rule == "own"]
    [line] = one.lines
    assert (one.payer.name, line.kind, line.jpy, line.settled) == (
        SAKAI,
        LineKind.LATE,
        330,
        period_of(MAY),
    )
    [said] = [one for one in document(made.allocation)["bodies"] if one["code"] == SAKAI]
    assert [one.get("settled") for one in said["lines"] if one["kind"] == "late"] == [MAY]
    found = explanation(office.file, "sandbox", JUNE, SAKAI, yen=1)
    assert found.settled is not None
    assert [(row.file, row.line) for row in found.settled.rows.rows] == [("late.csv", 2)]
    asked = Asked(JUNE, tmp_path, (Kind.CSV,), "en", None)
    [papers] = statements(office.file, "sandbox", asked, SAKAI)
    [statement, *_] = papers.files
    assert "Direct: late costs of May 2026" in statement.path.read_text(encoding="utf-8-sig")
    assert office.verified()


@pytest.mark.parametrize("word", [VILLAGE, "chihayaakasaka"])
def test_late_costs_of_a_merged_body_are_its_successors_by_its_code_or_slug(
    office: Office, word: str, tmp_path: Path
) -> None:
    office.merge()
    office.rewrite(("      pools:", f"{DIRECT}      pools:"))
    _late(office, "300", SubAccountId=word)
    assert _borne(office.close(JUNE), "own") == {SAKAI: 330}
    assert office.verified()
    office.leave(SAKAI)
    asked = Asked(JUNE, tmp_path / "out", (Kind.CSV,), "ja", None)
    for slug in ("sakai", "chihayaakasaka"):
        assert [one.code for one in statements(office.file, "sandbox", asked, slug)] == [SAKAI]


def test_the_slug_of_a_merged_body_that_another_one_has_since_means_that_one(
    office: Office,
) -> None:
    office.merge()
    office.rewrite(
        ("      pools:", f"{DIRECT}      pools:"), ("slug: osaka\n", "slug: chihayaakasaka\n")
    )
    _late(office, "300", SubAccountId="chihayaakasaka")
    assert _borne(office.close(JUNE), "own") == {OSAKA: 330}


def test_the_slug_of_a_body_without_a_successor_means_none(office: Office) -> None:
    office.leave()
    office.rewrite(("      pools:", f"{DIRECT}      pools:"))
    _late(office, "300", SubAccountId="chihayaakasaka")
    [left] = office.reckon(JUNE).allocation.unallocated
    assert left.jpy == 330


def test_a_yen_of_late_costs_is_followed_to_their_rows(office: Office) -> None:
    _late(office, "300")
    office.rewrite((CITY, QUEUE.replace("WHERE", "{ ServiceName: SQS }") + CITY))
    found = explanation(office.file, "sandbox", JUNE, OSAKA, yen=1)
    assert found.passed[-1].way.late_of == period_of(MAY)
    assert found.settled is not None
    assert found.settled.period == period_of(MAY)
    [row] = found.settled.rows.rows
    assert (row.came, row.file, row.line, row.amount) == (True, "late.csv", 2, 300)


def test_late_yen_are_of_the_rows_that_the_bearing_rule_catches(office: Office) -> None:
    """With 10 % of tax in each row."""
    _late_rows(
        office,
        ("300", "SQS", "x"),
        ("100", "SQS", "y"),
        ("5000", "SNS", "x"),
        ("70", "Z", "sakai"),
        ("90", "Z", "osaka"),
        ("20", "Z", SAKAI),
    )
    office.rewrite(
        (
            CITY,
            QUEUE.replace("WHERE", "{ ServiceName: SQS }")
            + QUEUE.replace("WHERE", "{ ServiceName: SNS }").replace("queue", "sns")
            + CITY,
        ),
        ("      pools:", f"{DIRECT}      pools:"),
    )
    made = office.close(JUNE)
    assert _traced(office, made, OSAKA) == {
        "own": ({6}, 99),
        "queue": ({2, 3}, 440),
        "sns": ({4}, 5_500),
    }
    assert _traced(office, made, SAKAI) == {
        "own": ({5, 7}, 99),
        "queue": ({2, 3}, 440),
        "sns": ({4}, 5_500),
    }


def test_late_yen_that_a_pool_of_the_closed_month_left_are_of_its_rows(office: Office) -> None:
    """Its members are none in May; S3 has some, and its late rows are settled by rule."""
    office.rewrite(("kind:政令市 or service:eapp-b", "kind:町"))
    office.yen("apr.csv", APRIL, EC2="300")
    office.close(APRIL)
    _late_rows(office, ("300", "RDS", "x"), ("500", "S3", "x"), ("70", "SQS", "x"), month=APRIL)
    office.rewrite(
        ("kind:町", "all"), (CITY, QUEUE.replace("WHERE", "{ ServiceName: SQS }") + CITY)
    )
    made = office.close(JUNE)
    assert _traced(office, made, OSAKA) == {"city": ({2}, 330), "queue": ({4}, 77)}


def _late_rows(office: Office, *rows: tuple[str, str, str], month: str = MAY) -> None:
    """Rows of yen, service and account."""
    found = [
        focus_row(
            yen,
            BillingCurrency="JPY",
            ServiceName=service,
            SubAccountId=account,
            BillingPeriodStart=f"{month}-01",
        )
        for yen, service, account in rows
    ]
    office.take(csv_file(office.file.parent / "late.csv", found))


def _traced(office: Office, made: Reckoned, code: str) -> dict[str, tuple[set[int], int]]:
    """Rule → lines of the rows that a body's first yen of it is said to be of, and what they come to by the
    invoice, where it is of late costs."""
    found: dict[str, tuple[set[int], int]] = {}
    lines = lines_of(made.allocation, made.inputs.rules, made.taxes, code)
    for number in range(1, len(lines) + 1):
        one = explanation(office.file, "sandbox", JUNE, code, 1, number)
        way = one.passed[-1].way
        if one.settled is None or way.late_of is None:
            continue
        rows = one.settled.rows.rows
        assert one.settled.rows.more == 0
        yen = int(sum(row.amount for row in rows) * 11 / 10)
        late = (
            dict(_pool(made, way.pools[-1].account.name).settled_in_jpy)
            if way.pools
            else {way.late_of: way.line.jpy}
        )
        assert late == {way.late_of: yen}
        found[way.borne.rule] = ({row.line for row in rows}, yen)
    return found


def test_late_costs_that_nobody_bears_stay_so_and_are_said_once(office: Office) -> None:
    _late(office, "300")
    office.rewrite((CITY, QUEUE.replace("WHERE", "{ ServiceName: SNS }") + CITY))
    made = office.reckon(JUNE)
    assert [(one.jpy, one.values["ServiceName"]) for one in made.allocation.unallocated] == [
        (330, "SQS")
    ]
    [row] = allocation(office.file, "sandbox", JUNE).first_rows
    assert row is not None
    assert (row.file, row.line) == ("late.csv", 2)


def test_what_goes_away_again_goes_back_to_those_who_bore_it(office: Office) -> None:
    """June's rules share late costs among the cities; July's would share them otherwise."""
    _late(office, "300")
    cities = QUEUE.replace("WHERE", "{ ServiceName: SQS }").replace(
        "shares:", "members: 'not kind:村', shares:"
    )
    office.rewrite((CITY, cities + CITY))
    assert _borne(office.close(JUNE), "queue") == {OSAKA: 165, SAKAI: 165}
    office.rewrite(("members: 'not kind:村', ", "members: 'kind:村', "))
    office.yen("july.csv", JULY, EC2="300")
    office.withdraw("late.csv")
    made = office.close(JULY)
    assert settled(made) == {OSAKA: -165, SAKAI: -165}
    assert _pool(made).settled_in == {}
    assert office.verified()
    assert sum(one.jpy for one in made.settlements) == -330
    # That of June has no row of its own that moved: it is told by what went of May.
    found = _explained_settlement(office, JULY, SAKAI)
    assert (found.period, found.files, found.rows.rows) == (period_of(JUNE), (), ())
    [may] = found.late
    [row] = may.rows.rows
    assert (may.period, row.came, row.file, row.amount) == (period_of(MAY), False, "late.csv", 300)
    assert [(one.file, one.after[1].rows) for one in may.files] == [("late.csv", None)]
    # It comes once more: June's rules catch it, as they did.
    _late(office, "300")
    august = office.reckon("2026-08")
    assert settled(august) == {OSAKA: 165, SAKAI: 165}


def test_what_a_pool_without_drivers_left_goes_back_when_they_come(office: Office) -> None:
    left = "when_zero: unallocated"
    office.rewrite(("when_zero: equal", left))
    office.drive("june-usage.csv", JUNE, _271004="1", _271403="3")
    office.yen("june.csv", JUNE, S3="400")
    office.close(JUNE)
    office.yen("june-late.csv", JUNE, S3="77")
    office.withdraw("june-usage.csv", JUNE)
    # No driver of June is left: July's takes all of it, ¥477 and the tax on it.
    office.drive("july-usage.csv", JULY, _271004="1", _271403="3")
    office.yen("july.csv", JULY, EC2="300")
    july = office.close(JULY)
    assert _pool(july, "forms").settled_in_jpy == {period_of(JUNE): 524}
    office.drive("june-usage.csv", JUNE, _273830="1")
    august = office.reckon("2026-08")
    assert _pool(august, "forms").settled_in == {}
    both = {code: settled(july).get(code, 0) + settled(august).get(code, 0) for code in _CODES}
    took = _borne(july, "forms")
    billed = {OSAKA: 110, SAKAI: 330}
    paid = {code: both[code] + took.get(code, 0) + billed.get(code, 0) for code in _CODES}
    assert paid == {OSAKA: 0, SAKAI: 0, VILLAGE: 524}


def test_a_month_whose_late_costs_went_away_says_which_one_settles_it(office: Office) -> None:
    _late(office, "300")
    office.rewrite((CITY, QUEUE.replace("WHERE", "{ ServiceName: SQS }") + CITY))
    office.close(JUNE)
    office.yen("july.csv", JULY, EC2="300")
    assert office.unsettled() == {}
    # What its own rules catch moves May alone, though June settles it.
    office.yen("more.csv", MAY, EC2="900")
    assert office.unsettled() == {MAY: JULY}
    office.withdraw("late.csv")
    assert office.unsettled() == {MAY: JULY, JUNE: JULY}
    may, june = (one.settling for one in verification(office.file, "sandbox"))
    assert may is not None
    assert june is not None
    assert (may.late_of, june.late_of) == ((), (period_of(MAY),))
    assert june.note.en == (
        "late costs of 2026-05 that 2026-06 bore were changed since: settled in 2026-07"
    )
    assert allocation(office.file, "sandbox", JUNE).settling == june
    text = office.file.read_text(encoding="utf-8")
    office.file.write_text(text[: text.index("cost_sharing:")], encoding="utf-8")
    assert [one.settling for one in verification(office.file, "sandbox")] == [may, june]


def _explained_settlement(office: Office, month: str, code: str) -> Settled:
    """What a body's one settlement of a month is made of."""
    made = office.reckon(month)
    lines = lines_of(made.allocation, made.inputs.rules, made.taxes, code)
    [at] = [
        number
        for number, one in enumerate(lines, 1)
        if isinstance(one, NetLine) and one.line.kind is LineKind.SETTLEMENT
    ]
    found = explanation(office.file, "sandbox", month, code, yen=1, line=at).settled
    assert found is not None
    return found


_CODES = (OSAKA, SAKAI, VILLAGE)


def _checked(office: Office, month: str = JUNE) -> list[tuple[str, str]]:
    found = check_cost_rules(office.file, Beside("sandbox", month)).problems
    return [(one.path.removeprefix("cost_sharing.rule_sets[0]"), one.message.en) for one in found]


def test_a_check_counts_late_costs_that_a_rule_catches_and_tells_those_that_none_does(
    office: Office,
) -> None:
    office.yen("june.csv", JUNE, EC2="300", S3="300", RDS="300")
    office.drive("june-usage.csv", JUNE, _271004="1")
    assert _checked(office) == []
    _late(office, "300")
    [(place, words)] = _checked(office)
    assert place == ""
    assert words == (
        "late costs of May 2026, which 2026-06 settles, are borne by nobody: 330 yen "
        "(no rule catches it: ServiceName=SQS)"
    )
    office.rewrite((CITY, QUEUE.replace("WHERE", "{ ServiceName: SQS }") + CITY))
    assert _checked(office) == []
    office.withdraw("late.csv")
    [(place, words)] = _checked(office)
    assert (place, words) == (
        ".pools[2].where.ServiceName",
        "no row of 2026-06 has such a value",
    )


def test_a_check_counts_late_costs_of_direct_rules_and_of_rules_behind_others(
    office: Office,
) -> None:
    office.yen("june.csv", JUNE, EC2="300", S3="300", RDS="300")
    office.drive("june-usage.csv", JUNE, _271004="1")
    _late(office, "300", SubAccountId="x9")
    direct = (
        "      direct: [{ name: own, where: { ServiceName: SQS }, column: SubAccountId, "
        f'bodies: {{ x9: "{SAKAI}" }} }}]\n'
    )
    office.rewrite(("      pools:", f"{direct}      pools:"))
    assert _checked(office) == []
    office.withdraw("late.csv")
    assert [place for place, _ in _checked(office)] == [".direct[0].column"]


def test_what_is_settled_in_a_month_without_its_invoice_is_not_known(office: Office) -> None:
    office.put("june.csv", JUNE, EC2="3", S3="3", RDS="3")
    office.drive("june-usage.csv", JUNE, _271004="1")
    assert _checked(office) == []
    _late(office, "300")
    [(place, words)] = _checked(office)
    assert place == ""
    assert words.startswith("whether these rules catch what 2026-06 settles is not known: AWS: ")
