"""What papers of a closed month say: what its closing froze, whatever the file or the ledger says since."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.operations.cost_office import JUNE, MAY, OSAKA, Office

from moyai.costs.asked import asked_document
from moyai.costs.documents.write import Kind
from moyai.costs.frozen import Inputs, decode_inputs
from moyai.costs.periods import period_of
from moyai.costs.record import canonical, document
from moyai.errors import OperationFailed
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.documents import Asked, report, statements
from moyai.operations.costs.periods import Verified, open_costs, verification
from moyai.registry.cost_rules import Treatment

APRIL, JULY = "2026-04", "2026-07"
_BUDGETS = "cost_sharing:\n  budgets: [{ fiscal_year: 2026, amount: 5000 }]\n"


def test_a_closed_month_is_shown_with_the_budgets_that_it_was_closed_with(
    office: Office, tmp_path: Path
) -> None:
    office.rewrite(("cost_sharing:\n", _BUDGETS))
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    office.close(JUNE)
    before = _overview(office, tmp_path)
    office.rewrite(("amount: 5000", "amount: 900000"))
    assert _overview(office, tmp_path) == before
    assert [one.budget.amount for one in allocation(office.file, "sandbox", JUNE).budgets] == [5000]
    office.put("july.csv", "2026-07", EC2="3")
    office.invoice("2026-07", 300, "3")
    [open_one] = allocation(office.file, "sandbox", "2026-07").budgets
    assert open_one.budget.amount == 900_000


def _overview(
    office: Office, folder: Path, kind: Kind = Kind.CSV, month: str = JUNE
) -> tuple[list[int], str]:
    made = report(office.file, "sandbox", Asked(month, folder, (kind,), "en", None))
    [file] = made.files
    return [one.budget.amount for one in made.budgets], file.path.read_text(encoding="utf-8-sig")


def test_the_overview_of_a_closed_month_stays_when_an_earlier_one_comes_and_goes(
    office: Office, tmp_path: Path
) -> None:
    office.rewrite(("cost_sharing:\n", _BUDGETS))
    office.yen("june.csv", JUNE, EC2="300")
    open_one = _overview(office, tmp_path, Kind.HTML)
    office.close(JUNE)
    closed = _overview(office, tmp_path, Kind.HTML)
    assert _months_in(open_one) == _months_in(closed) == ["May", "June"]
    office.yen("apr.csv", APRIL, EC2="900")
    assert _overview(office, tmp_path, Kind.HTML) == closed
    office.close(APRIL)
    assert _overview(office, tmp_path, Kind.HTML) == closed
    for name in ("may.csv", "usage.csv"):
        office.withdraw(name, MAY)
    office.invoice(MAY, 0, "0")
    assert _overview(office, tmp_path, Kind.HTML) == closed
    office.yen("july.csv", JULY, EC2="300")
    july = _overview(office, tmp_path, Kind.HTML, JULY)
    assert _months_in(july) == ["April", "May", "June", "July"]
    assert office.verified()


def _months_in(shown: tuple[list[int], str]) -> list[str]:
    """The months of the trend that have costs."""
    found = re.findall(r'<th scope="row">([A-Z][a-z]+) 2026</th>\s*<td class="n">[0-9]', shown[1])
    return [str(one) for one in found]


_FORGED: dict[str, Callable[[Inputs], Inputs]] = {
    "bank": lambda one: replace(one, issuer=replace(one.issuer, bank="別の銀行 1234567")),
    "registration": lambda one: replace(one, issuer=replace(one.issuer, registration_number=None)),
    "name": lambda one: replace(one, names={**one.names, OSAKA: "別の市"}),
    "tax": lambda one: replace(
        one,
        rules=replace(
            one.rules,
            tax=replace(one.rules.tax, treatment=Treatment.TAXABLE),
        ),
    ),
    "year": lambda one: replace(one, fiscal_year_start="07-01"),
}


@pytest.mark.parametrize("what", _FORGED)
def test_what_papers_say_cannot_be_changed_without_another_hash_than_theirs(
    what: str, office: Office, tmp_path: Path
) -> None:
    printed = _printed(office, tmp_path)
    assert [one.asked_sha256 for one in _verified(office)] == [printed]
    assert office.verified()
    _forge(office, _FORGED[what], remake=False)
    assert not office.verified()
    with pytest.raises(OperationFailed, match=r"as it was closed|what it was closed with"):
        office.reckon(MAY)
    _forge(office, lambda one: one, remake=True)
    [found] = _verified(office)
    assert found.same
    assert found.asked_sha256 != printed
    assert _printed(office, tmp_path) == found.asked_sha256


def test_the_day_of_issue_cannot_be_changed_without_another_hash_than_that_of_papers(
    office: Office, tmp_path: Path
) -> None:
    printed = _printed(office, tmp_path)
    _close_at(office, "2027-04-20T00:00:00+00:00")
    assert not office.verified()
    with pytest.raises(OperationFailed, match="what it was closed with"):
        _printed(office, tmp_path)
    _forge(office, lambda one: one, remake=True)
    assert office.verified()
    assert _printed(office, tmp_path) != printed


def test_papers_that_are_written_for_another_day_have_the_same_hash(
    office: Office, tmp_path: Path
) -> None:
    day = date(2026, 6, 15)
    assert _printed(office, tmp_path / "other", day) == _printed(office, tmp_path / "closed")


def _close_at(office: Office, at: str) -> None:
    """May, as if it had been closed at another moment; the manifest is sealed anew."""
    opened = open_costs(office.file, "sandbox")
    may = period_of(MAY)
    with opened.ledger.writing("test") as writer:
        part = writer.manifest.part(may)
        assert part.closed is not None
        closed = replace(part.closed, at=at)
        writer.commit(writer.manifest.with_part(may, part.as_closed(closed)))


def _verified(office: Office) -> tuple[Verified, ...]:
    return verification(office.file, "sandbox")


def test_what_a_month_settled_cannot_be_changed_without_another_hash_than_theirs(
    office: Office,
) -> None:
    """A late row of May becomes one of another service that the same bodies share: all amounts stay."""
    office.yen("late.csv", MAY, EC2="3000")
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    before = verification(office.file, "sandbox")
    may = period_of(MAY)
    office.yen("late.csv", MAY, RDS="3000")
    opened = open_costs(office.file, "sandbox")
    with opened.ledger.writing("test") as writer:
        part = writer.manifest.part(may)
        first, second = part.sources["late.csv"]
        part = replace(part, sources={**part.sources, "late.csv": (replace(second, at=first.at),)})
        [settled] = part.corrections
        settled = replace(settled, sources={**settled.sources, "late.csv": second.place[1]})
        settled = replace(settled, state=part.basis_of(may, settled).state)
        writer.commit(writer.manifest.with_part(may, replace(part, corrections=(settled,))))
    [was_may, was_june], [may_now, june_now] = before, verification(office.file, "sandbox")
    assert may_now == was_may
    assert june_now.allocation_sha256 == was_june.allocation_sha256
    assert not june_now.same


def _printed(office: Office, folder: Path, issued_on: date | None = None) -> str:
    """The hash on Osaka's statement; its request has the same."""
    asked = Asked(MAY, folder, (Kind.HTML,), "en", issued_on)
    [papers] = statements(office.file, "sandbox", asked, OSAKA)
    text = "".join(one.path.read_text(encoding="utf-8") for one in papers.files)
    found = re.findall(r"What is asked(?:\s|<[^>]*>)+([0-9a-f]{64})", text)
    [sha256] = set(found)
    return str(sha256)


def _forge(office: Office, change: Callable[[Inputs], Inputs], *, remake: bool) -> None:
    """May's closing with other inputs, sealed anew, and all that comes of them where it is made anew."""
    opened = open_costs(office.file, "sandbox")
    may = period_of(MAY)
    with opened.ledger.writing("test") as writer:
        part = writer.manifest.part(may)
        assert part.closed is not None
        inputs = change(decode_inputs(opened.ledger.closing(part.closed.inputs)))
        closed = replace(
            part.closed, inputs=writer.put_bytes("closings", ".json", inputs.encoded())
        )
        if remake:
            made = opened.reckoner().reckon(may)
            state = made.basis.state
            asked = asked_document(made.allocation, made.taxes, inputs, state, (), closed.at)
            closed = replace(
                closed,
                asked=writer.put_bytes("closings", ".json", canonical(asked)),
                allocation=writer.put_bytes(
                    "closings", ".json", canonical(document(made.allocation))
                ),
                tax_carried=made.tax_carried,
            )
        writer.commit(writer.manifest.with_part(may, part.as_closed(closed)))
