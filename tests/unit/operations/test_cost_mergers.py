"""Closed months of bodies that merged, got other codes or left since."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.operations.cost_office import (
    HANNAN,
    JUNE,
    MAY,
    OSAKA,
    SAKAI,
    VILLAGE,
    Office,
    settled,
)

from moyai.costs.documents.write import Kind
from moyai.costs.intake.faults import IntakeError
from moyai.costs.ledger.imported import Outcome
from moyai.errors import UsageError
from moyai.operations.costs.documents import Asked, statements
from moyai.operations.costs.explanation import explanation
from moyai.operations.costs.joining import reprice


def test_a_merged_bodys_statement_of_a_closed_month_is_written_under_its_former_code(
    office: Office, tmp_path: Path
) -> None:
    office.merge()
    asked = Asked(MAY, tmp_path / "out", (Kind.CSV,), "ja", None)
    for selector, codes in (
        ("all", [OSAKA, SAKAI, VILLAGE]),
        (VILLAGE, [VILLAGE]),
        (SAKAI, [SAKAI, VILLAGE]),
        ("sakai", [SAKAI, VILLAGE]),
        (f"sakai not {VILLAGE}", [SAKAI]),
        (f"{OSAKA} {VILLAGE}", [OSAKA, VILLAGE]),
        ("not sakai", [OSAKA]),
        ("chihayaakasaka", [VILLAGE]),
    ):
        written = statements(office.file, "sandbox", asked, selector)
        assert [(one.code, one.former) for one in written] == [(code, ()) for code in codes], (
            selector
        )
    [paper] = (tmp_path / "out").glob(f"*{VILLAGE}*.csv")
    assert "千早赤阪村" in paper.read_text(encoding="utf-8-sig")


def test_a_former_code_means_the_successor_in_the_months_that_this_one_bears(
    office: Office, tmp_path: Path
) -> None:
    office.merge()
    office.put("june.csv", JUNE, EC2="4")
    office.invoice(JUNE, 400, "4")
    asked = Asked(JUNE, tmp_path / "out", (Kind.CSV,), "ja", None)
    for selector, former in (
        (VILLAGE, (VILLAGE,)),
        ("sakai", ()),
        (f"sakai, {VILLAGE}", (VILLAGE,)),
    ):
        [written] = statements(office.file, "sandbox", asked, selector)
        assert (written.code, written.former) == (SAKAI, former)


def test_a_merged_bodys_settlement_is_the_successors_and_its_closed_yen_stay_its_own(
    office: Office,
) -> None:
    office.merge()
    office.put("may.csv", MAY, EC2="310", S3="600")
    village = explanation(office.file, "sandbox", MAY, "千早赤阪村", 1)
    assert (village.code, village.passed[0].way.borne.payer.name) == (VILLAGE, VILLAGE)
    assert explanation(office.file, "sandbox", MAY, VILLAGE, 1).code == VILLAGE
    # By an invoice of ¥91,000, 310 and 600 dollars come to ¥31,000 and ¥60,000.
    office.put("june.csv", JUNE, EC2="4")
    office.invoice(JUNE, 400, "4")
    made = office.reckon(JUNE)
    assert settled(made) == {OSAKA: -166, SAKAI: 166}
    assert sum(one.jpy for one in made.allocation.borne) == 400
    assert settled(office.close(JUNE)) == {OSAKA: -166, SAKAI: 166}
    office.rewrite((f'    former_codes: ["{VILLAGE}"]\n', ""))
    assert office.verified()


def test_other_rules_are_compared_for_the_bodies_that_there_are_today(office: Office) -> None:
    office.merge()
    same = {one.code: one.difference for one in office.compare("同じ").changes.bodies}
    # ¥30,000 equally of two in place of three, and nothing else: drivers follow the merger.
    assert same == {OSAKA: 5_000, SAKAI: -5_000}


def test_joining_later_is_priced_for_the_bodies_that_there_are_today(office: Office) -> None:
    office.merge()
    found = reprice(office.file, "sandbox", MAY, SAKAI, "eapp-b")
    assert {one.difference for one in found.changes.bodies} == {
        0
    }  # Sakai bears its part of 市 already


def test_a_body_that_is_in_the_file_no_longer_has_its_statements_by_its_name(
    office: Office, tmp_path: Path
) -> None:
    office.leave()
    office.drive("usage.csv", _271004="3", _271403="3")
    made = office.reckon(JUNE)
    assert settled(made) == {OSAKA: 20_000, SAKAI: 10_000, VILLAGE: -30_000}
    assert made.inputs.names[VILLAGE] == "千早赤阪村"
    for month in (MAY, JUNE):
        asked = Asked(month, tmp_path, (Kind.CSV,), "ja", None)
        for selector, codes in (("all", [OSAKA, SAKAI, VILLAGE]), (VILLAGE, [VILLAGE])):
            written = statements(office.file, "sandbox", asked, selector)
            assert [one.code for one in written] == codes


def _refused(error: pytest.ExceptionInfo[IntakeError]) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.reason.en) for fault in error.value.faults]


def test_a_closed_months_drivers_are_by_the_codes_of_then(office: Office) -> None:
    office.merge()
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    with pytest.raises(UsageError, match="no costs are on record"):  # all of it is Sakai's by now
        office.reckon(JUNE)
    office.drive("usage.csv", _271004="3", _271403="1", _273830="2")
    assert settled(office.reckon(JUNE)) == {OSAKA: 20_000, SAKAI: -20_000}
    assert office.verified()


def test_a_body_that_got_another_code_is_meant_by_it_in_a_closed_month(office: Office) -> None:
    office.rename()
    office.drive("usage.csv", _271004="1", _271403="2", _272329="3")
    with pytest.raises(UsageError, match="no costs are on record for 2026-06"):
        office.reckon(JUNE)
    office.drive("usage.csv", _271004="1", _271403="1", _272329="4")
    assert settled(office.reckon(JUNE)) == {SAKAI: -10_000, HANNAN: 10_000}
    assert office.verified()


def test_a_quantity_of_what_no_body_of_a_closed_month_is_called_is_refused_by_its_line(
    office: Office,
) -> None:
    office.rename("279978")
    with pytest.raises(IntakeError) as error:
        office.drive("usage.csv", _271004="1", _271403="2", _279978="3")
    assert _refused(error) == [
        (4, "'279978' is no code of a body as it was when 2026-05 was closed")
    ]
    office.rewrite((f'["{VILLAGE}", "279978"]', f'["{VILLAGE}", "{SAKAI}"]'))
    text = office.file.read_text(encoding="utf-8")
    start, end = text.index(f'  - code: "{SAKAI}"'), text.index(f'  - code: "{HANNAN}"')
    office.file.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(IntakeError) as error:
        office.drive("usage.csv", _271004="1", _272329="5")
    why = f"{HANNAN} was still {SAKAI}, {VILLAGE} when 2026-05 was closed; give each its own"
    assert _refused(error) == [(3, why)]


def test_a_body_under_two_codes_in_two_files_counts_twice_as_in_one(office: Office) -> None:
    office.rename()
    with pytest.raises(IntakeError) as error:
        office.drive("more.csv", _272329="1")
    assert _refused(error) == [(2, f"requests of {VILLAGE} is in line 4 of usage.csv too")]
    office.drive("june.csv", JUNE, _272329="1")
    with pytest.raises(IntakeError) as error:
        office.drive("more.csv", JUNE, _273830="1")
    assert _refused(error) == [(2, f"requests of {HANNAN} is in line 2 of june.csv too")]


def test_lines_of_the_template_mean_the_bodies_of_a_closed_month(office: Office) -> None:
    office.rewrite(
        (
            "      pools:\n",
            "      direct: [{ name: own, column: Tags.moyai:tenant }]\n      pools:\n",
        )
    )
    office.template("2026-06,273830,1000", "2026-06,271403,7")
    office.close(JUNE)
    office.rename()
    july = "2026-07"
    found = office.template("2026-06,273830,1000", "2026-06,271403,7", f"{july},273830,9")
    assert [(str(one.period), one.outcome) for one in found] == [
        (JUNE, Outcome.UNCHANGED),
        (july, Outcome.NEW),
    ]
    assert set(dict(office.reckon(july).allocation.bodies())) == {HANNAN}
    office.template("2026-06,272329,1020", "2026-06,271403,7", f"{july},273830,9")
    assert settled(office.reckon(july)) == {HANNAN: 22}
    assert office.verified()
    with pytest.raises(IntakeError) as error:
        office.template("2026-06,279978,1")
    assert [line for line, _ in _refused(error)] == [2]


def test_settlements_follow_one_merger_after_the_other(office: Office) -> None:
    office.merge()
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    text = office.file.read_text(encoding="utf-8")
    start, end = text.index(f'  - code: "{SAKAI}"'), text.index("cost_sharing:")
    office.file.write_text(text[:start] + text[end:], encoding="utf-8")
    office.rewrite(("    slug: osaka\n", f'    former_codes: ["{SAKAI}"]\n    slug: osaka\n'))
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    office.yen("july.csv", "2026-07", EC2="30")
    assert settled(office.reckon("2026-07")) == {}
    office.put("may.csv", MAY, EC2="310", S3="600")
    made = office.close("2026-07")
    assert set(settled(made)) <= {OSAKA}
    assert made.allocation.difference_jpy == 0
    office.rewrite((f'    former_codes: ["{SAKAI}"]\n', ""))
    assert office.verified()


def test_a_chain_whose_middle_was_at_no_closing_ends_at_the_living_successor(
    office: Office,
) -> None:
    office.rename()
    office.end_in_osaka(VILLAGE)
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    text = office.file.read_text(encoding="utf-8")
    start, end = text.index(f'  - code: "{OSAKA}"'), text.index(f'  - code: "{SAKAI}"')
    office.file.write_text(text[:start] + text[end:], encoding="utf-8")
    office.rewrite(("    slug: sakai\n", f'    former_codes: ["{OSAKA}"]\n    slug: sakai\n'))
    office.put("may.csv", MAY, EC2="310", S3="600")
    office.yen("july.csv", "2026-07", EC2="30")
    assert set(settled(office.reckon("2026-07"))) <= {SAKAI}
    assert settled(office.close("2026-07")) == settled(office.reckon("2026-07"))
    assert office.verified()


def test_a_month_closed_late_says_whose_a_code_became_too(office: Office) -> None:
    office.rename()
    office.yen("april.csv", "2026-04", EC2="300")
    office.close("2026-04")
    office.end_in_osaka()
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    assert settled(office.reckon(JUNE)) == {OSAKA: 10_000, SAKAI: -10_000}
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    office.rewrite((f'    former_codes: ["{HANNAN}"]\n', ""))
    assert settled(office.reckon(JUNE)) == {OSAKA: 10_000, SAKAI: -10_000}
    assert office.verified()


def test_a_successor_that_left_too_bears_settlements_by_its_name(office: Office) -> None:
    office.rename()
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    text = office.file.read_text(encoding="utf-8")
    start, end = text.index(f'  - code: "{HANNAN}"'), text.index("cost_sharing:")
    office.file.write_text(text[:start] + text[end:], encoding="utf-8")
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    made = office.reckon("2026-07")
    assert settled(made) == {SAKAI: -10_000, HANNAN: 10_000}
    assert made.inputs.names[HANNAN] == "阪南市"
