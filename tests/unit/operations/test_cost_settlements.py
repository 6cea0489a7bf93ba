"""Closed months that are corrected: settled in an open one, whoever bears it by then."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.costs.ledgers import csv_file, focus_row, put
from tests.unit.registry.cost_federation import BODIES

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.documents.write import Kind
from moyai.costs.intake.faults import IntakeError
from moyai.costs.ledger.imported import Imported, Outcome
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.errors import OperationFailed, UsageError
from moyai.operations.cost_analysis import reprice
from moyai.operations.cost_documents import Asked, statements
from moyai.operations.cost_periods import (
    Compared,
    close,
    comparison,
    explanation,
    open_costs,
    reckoned,
    verification,
)
from moyai.operations.costs import add_invoice, codes_of, remove_invoice, withdraw

OSAKA, SAKAI, VILLAGE, HANNAN = "271004", "271403", "273830", "272329"
MAY, JUNE = "2026-05", "2026-06"
RULES = """\
cost_sharing:
  issuer: { name: 事務局, registration_number: T7000012050002, contact: 計画担当, bank: 見本銀行 }
  rule_sets:
    - name: 令和8年度
      from: 2026-04-01
      pools:
        - { name: base, title: 基盤, where: { ServiceName: EC2 }, shares: [{ by: equal }] }
        - { name: forms, title: 申請, where: { ServiceName: S3 }, shares: [{ by: usage, driver: requests, when_zero: equal }] }
        - { name: city, title: 市, where: { ServiceName: RDS }, members: kind:政令市, shares: [{ by: equal }] }
"""  # noqa: E501 - the lines are a file's


@dataclass(frozen=True)
class Office:
    """A secretariat's folder and what it does there."""

    file: Path

    def rewrite(self, *changes: tuple[str, str]) -> None:
        text = self.file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.file.write_text(text, encoding="utf-8")

    def merge(self) -> None:
        """The village becomes part of Sakai."""
        self.leave()
        self.rewrite(("    slug: sakai\n", f'    former_codes: ["{VILLAGE}"]\n    slug: sakai\n'))

    def rename(self, *former: str) -> None:
        """A city with a new code is what the village, and others, became."""
        self.leave()
        codes = ", ".join(f'"{one}"' for one in (VILLAGE, *former))
        city = (
            f'  - code: "{HANNAN}"\n    former_codes: [{codes}]\n    slug: hannan\n    name: 阪南市\n'
            "    kind: 一般市\n    lgwan: [10.200.3.0/24]\n"
            "    population: { count: 4909, as_of: 2020-10-01, source: 国勢調査 }\n"
        )
        self.rewrite(("cost_sharing:", f"{city}cost_sharing:"))

    def leave(self, code: str = VILLAGE) -> None:
        """The village, or the last of the file's bodies, is in it no longer."""
        text = self.file.read_text(encoding="utf-8")
        start, end = text.index(f'  - code: "{code}"'), text.index("cost_sharing:")
        assert text.count("  - code: ", start, end) == 1
        self.file.write_text(text[:start] + text[end:], encoding="utf-8")

    def end_in_osaka(self, *former: str) -> None:
        """Hannan, the last of the file, becomes part of Osaka, which may know others by their codes too."""
        self.leave(HANNAN)
        codes = ", ".join(f'"{one}"' for one in (HANNAN, *former))
        self.rewrite(("    slug: osaka\n", f"    former_codes: [{codes}]\n    slug: osaka\n"))

    def put(self, name: str, month: str, **usd: str) -> None:
        rows = [
            focus_row(amount, ServiceName=service, BillingPeriodStart=f"{month}-01 00:00:00")
            for service, amount in usd.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def yen(self, name: str, month: str, **amounts: str) -> None:
        rows = [
            focus_row(
                amount, BillingCurrency="JPY", ServiceName=service, BillingPeriodStart=f"{month}-01"
            )
            for service, amount in amounts.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def drive(self, name: str, month: str = MAY, **quantities: str) -> None:
        rows = [
            {"period": month, "driver": "requests", "code": code[1:], "quantity": quantity}
            for code, quantity in quantities.items()
        ]
        self.take(csv_file(self.file.parent / name, rows))

    def template(self, *rows: str) -> tuple[Imported, ...]:
        """A file of `period,body_code,amount`."""
        path = self.file.parent / "licences.csv"
        lines = ["period,body_code,amount,item", *(f"{row},licence" for row in rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return self.take(path)

    def take(self, path: Path) -> tuple[Imported, ...]:
        opened = open_costs(self.file, "sandbox")
        return put(opened.ledger, path, bodies=codes_of(opened.workspace.registry))

    def invoice(self, month: str, jpy: int, amount: str) -> None:
        workspace = open_costs(self.file, "sandbox").workspace
        if jpy:
            one = Invoice(
                month, "AWS", None, "USD", Decimal(amount), jpy, 0, Fraction(10), None, None, None
            )
            add_invoice(workspace, period_of(month), one, 0)
        else:
            remove_invoice(workspace, period_of(month), "AWS", month, 0)

    def withdraw(self, name: str) -> None:
        withdraw(open_costs(self.file, "sandbox").workspace, period_of(MAY), name, 0)

    def close(self, month: str) -> Reckoned:
        return close(self.file, "sandbox", month, 0)

    def reckon(self, month: str) -> Reckoned:
        made = reckoned(open_costs(self.file, "sandbox"), period_of(month))
        assert made.allocation.difference_jpy == 0
        return made

    def compare(self, name: str) -> Compared:
        """With a proposal of the very rules that hold."""
        pools = RULES.partition("      pools:")[2]
        self.rewrite((pools, f"{pools}  proposals:\n    - name: {name}\n      pools:{pools}"))
        return comparison(self.file, "sandbox", MAY, name)

    def verified(self) -> bool:
        return all(one.same for one in verification(self.file, "sandbox"))


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


def settled(made: Reckoned) -> Mapping[str, int]:
    """Code → yen of settlements."""
    return {
        code: line.jpy
        for code, borne in made.allocation.bodies()
        for one in borne
        for line in one.lines
        if line.kind is LineKind.SETTLEMENT
    }


def test_a_corrected_file_of_drivers_is_settled_and_the_closed_month_stays(office: Office) -> None:
    closed = office.reckon(MAY).allocation_sha256
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    assert office.reckon(MAY).allocation_sha256 == closed
    assert settled(office.reckon(JUNE)) == {SAKAI: -10_000, VILLAGE: 10_000}
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    assert settled(office.close(JUNE)) == {SAKAI: -10_000, VILLAGE: 10_000}
    office.drive("usage.csv", _271004="2", _271403="2", _273830="2")
    assert settled(office.reckon("2026-07")) == {OSAKA: 10_000, SAKAI: 10_000, VILLAGE: -20_000}
    assert office.verified()


KEPT: dict[str, Callable[[Path, Path], object]] = {
    "deleted": lambda kept, _: kept.unlink(),
    "emptied": lambda kept, _: kept.write_bytes(b""),
    "swapped": lambda kept, other: kept.write_bytes(other.read_bytes()),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("which", ["allocation", "inputs"])
def test_what_a_closing_kept_is_looked_at_by_verifying(
    name: str, which: str, office: Office
) -> None:
    closed = open_costs(office.file, "sandbox").manifest.part(period_of(MAY)).closed
    assert closed is not None
    [folder] = office.file.parent.parent.rglob("closings")
    documents = {one: folder / f"{getattr(closed, one)}.json" for one in ("allocation", "inputs")}
    kept = documents.pop(which)
    [other] = documents.values()
    KEPT[name](kept, other)
    with pytest.raises(OperationFailed, match=kept.name[:64]):
        office.verified()


@pytest.mark.parametrize("what", ["carried", "tax_carried"])
def test_what_a_closed_month_left_is_verified(what: str, office: Office) -> None:
    opened = open_costs(office.file, "sandbox")
    with opened.ledger.writing("test") as writer:
        part = writer.manifest.part(period_of(MAY))
        assert part.closed is not None
        closed = replace(part.closed, **{what: {"10": 1}})
        writer.commit(writer.manifest.with_part(period_of(MAY), part.as_closed(closed)))
    assert not office.verified()


def test_drivers_that_were_withdrawn_are_settled_as_the_rule_has_it_without_them(
    office: Office,
) -> None:
    office.withdraw("usage.csv")
    assert settled(office.reckon(JUNE)) == {OSAKA: 10_000, VILLAGE: -10_000}
    assert office.verified()


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
    assert (village.code, village.way.borne.payer.name) == (VILLAGE, VILLAGE)
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
    same = {one.code: one.difference for one in office.compare("同じ").changes}
    # ¥30,000 equally of two in place of three, and nothing else: drivers follow the merger.
    assert same == {OSAKA: 5_000, SAKAI: -5_000}


def test_joining_later_is_priced_for_the_bodies_that_there_are_today(office: Office) -> None:
    office.merge()
    found = reprice(office.file, "sandbox", MAY, SAKAI, "eapp-b")
    assert {one.difference for one in found.changes} == {0}  # no pool is of that service


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


def test_a_settlements_yen_says_what_was_billed_what_it_comes_to_and_what_changed(
    office: Office,
) -> None:
    office.put("may.csv", MAY, S3="600", EC2="310", RDS="10")
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    office.merge()
    office.invoice(MAY, 0, "")
    office.invoice(MAY, 92_000, "920")
    found = explanation(office.file, "sandbox", JUNE, SAKAI, 1).settled
    assert found is not None
    assert found.period == period_of(MAY)
    assert [(one.title.ja, one.before, one.after) for one in found.rules] == [
        ("基盤", 20_000, 20_666),  # two of three bodies by then
        ("市", 500, 500),
        ("申請", 50_000, 50_000),
    ]
    assert [(one.file, one.before and one.before[0], one.after[0]) for one in found.files] == [
        ("may.csv", 1, 2),
        ("usage.csv", 1, 2),
    ]
    [invoice] = found.invoices
    assert invoice.before is not None
    assert invoice.after is not None
    assert (invoice.before.jpy, invoice.after.jpy) == (91_000, 92_000)
    assert [(one.came, one.file, one.line, one.amount) for one in found.rows.rows] == [
        (False, "may.csv", 2, 300),
        (True, "may.csv", 3, 310),
        (False, "usage.csv", 3, 2),
        (True, "usage.csv", 3, 1),
        (False, "usage.csv", 4, 3),
        (True, "usage.csv", 4, 4),
    ]
    assert (found.rows.more, found.rows.others) == (0, 0)
    # A closed month says the same for ever, whatever comes later.
    office.put("june.csv", JUNE, EC2="4")
    office.invoice(JUNE, 400, "4")
    office.close(JUNE)
    office.withdraw("may.csv")
    office.put("other.csv", MAY, S3="600", EC2="310", RDS="10")
    after_its_share = 200 + 1
    assert explanation(office.file, "sandbox", JUNE, SAKAI, after_its_share).settled == found
    # The same rows in another file have only moved: nothing is to be settled.
    with pytest.raises(UsageError, match="no costs are on record for 2026-07"):
        office.reckon("2026-07")


def test_rows_that_other_bodies_share_are_counted_and_many_are_cut_short(office: Office) -> None:
    rows = [
        focus_row("1", ServiceName=service, BillingPeriodStart=f"{MAY}-01 00:00:00")
        for service in ["EC2"] * 30 + ["RDS"] * 5
    ]
    office.take(csv_file(office.file.parent / "more.csv", rows))
    office.invoice(MAY, 0, "")
    office.invoice(MAY, 94_500, "945")
    found = explanation(office.file, "sandbox", JUNE, VILLAGE, 1).settled
    assert found is not None
    assert [one.rule for one in found.rules] == ["base", "forms"]
    assert (len(found.rows.rows), found.rows.more, found.rows.others) == (20, 10, 5)
    [file] = found.files
    assert (file.before, file.after[0]) == (None, 1)
    office.withdraw("more.csv")
    with pytest.raises(UsageError):
        explanation(office.file, "sandbox", JUNE, VILLAGE, 20_001)


@pytest.mark.parametrize("amount", ["123456789012345678901234567890", "99999999999999999999.5"])
def test_a_yen_of_a_sum_that_fills_the_ledgers_decimals_is_followed_to_its_line(
    office: Office, amount: str
) -> None:
    rows = [
        focus_row(cost, BillingCurrency="JPY", ServiceName="EC2", BillingPeriodStart=f"{JUNE}-01")
        for cost in ("5", amount, "5")
    ]
    office.take(csv_file(office.file.parent / "june.csv", rows))
    share = dict(office.reckon(JUNE).allocation.bodies())[OSAKA][0].lines[0].jpy
    for yen, line in ((1, 2), (share // 2, 3), (share, 4)):
        row = explanation(office.file, "sandbox", JUNE, OSAKA, yen).row
        assert row is not None
        assert row.line == line, yen


@pytest.mark.parametrize("difference", ["carry", "largest_remainder"])
def test_tax_of_taxable_months_is_borne_after_contributions_left_its_scope(
    office: Office, tmp_path: Path, difference: str
) -> None:
    pools = RULES[RULES.index("      pools:") :]
    office.rewrite(
        (
            "    - name: 令和8年度\n      from: 2026-04-01\n",
            "    - name: 不課税\n      from: 2026-07-01\n"
            + pools
            + "    - name: 課税\n      from: 2026-04-01\n      until: 2026-07-01\n"
            f"      tax: {{ treatment: taxable, difference: {difference} }}\n",
        )
    )
    july = "2026-07"
    office.yen("june.csv", JUNE, EC2="104")
    office.close(JUNE)
    office.yen("june.csv", JUNE, EC2="134", S3="10")
    office.yen("july.csv", july, EC2="100")
    asked = Asked(july, tmp_path / "out", tuple(Kind), "ja", None)
    assert [one.code for one in statements(office.file, "sandbox", asked, "all")] == [
        OSAKA,
        SAKAI,
        VILLAGE,
    ]
    made = office.close(july)
    assert made.allocation.difference_jpy == 0
    # ¥110 with their tax, 14 - 10 of tax by the settlement, and what June carried.
    assert sum(_totals(tmp_path / "out")) == 110 + 40 + 4 + sum(made.inputs.tax_carried_in.values())
    assert (made.tax_carried, office.verified()) == ({}, True)


def _totals(folder: Path) -> list[int]:
    """The totals of statements as CSV has them."""
    found = []
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [
                int(row["金額（円）"]) for row in csv.DictReader(file) if row["区分"] == "合計"
            ]
    return found


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
