"""Rows in their currencies come to the yen that were paid, exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.costs.rulebook import MAY

from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.yen import Converted, in_yen
from moyai.errors import UsageError
from moyai.registry.cost_rules import Bearer, Rounding, TaxRule, Treatment

AWS = "Amazon Web Services, Inc."
OUTSIDE = TaxRule(Treatment.OUTSIDE_SCOPE, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None)
TAXABLE = TaxRule(Treatment.TAXABLE, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None)
TEN = Fraction(10)


def _group(
    amount: str,
    service: str = "s0",
    currency: str = "USD",
    issuer: str = AWS,
    invoice_id: str | None = None,
    account: str | None = None,
    is_tax: bool = False,
    tax_rate: Fraction | None = None,
) -> RowGroup:
    return RowGroup(
        {"ServiceName": service},
        issuer,
        invoice_id,
        account,
        currency,
        is_tax,
        tax_rate,
        Decimal(amount),
        1,
    )


def _invoice(
    amount: str,
    jpy: int,
    tax_jpy: int = 0,
    number: str = "N1",
    issuer: str = AWS,
    account: str | None = None,
    rate: str | None = None,
    currency: str = "USD",
) -> Invoice:
    return Invoice(
        number,
        issuer,
        account,
        currency,
        Decimal(amount),
        jpy,
        tax_jpy,
        TEN,
        None if rate is None else Decimal(rate),
        None,
        None,
    )


def _yen(made: Converted) -> dict[str | None, Fraction]:
    found: dict[str | None, Fraction] = {}
    for bucket in made.bill.buckets:
        service = bucket.values["ServiceName"]
        found[service] = found.get(service, Fraction()) + bucket.jpy
    return found


def test_rows_come_to_the_invoices_yen_at_its_own_rate() -> None:
    groups = [_group("1.10", "s0"), _group("2.20", "s1"), _group("-0.30", "s2")]
    made = in_yen(MAY, groups, [_invoice("3.00", 449)], OUTSIDE)
    assert made.bill.jpy == 449
    assert _yen(made) == {
        "s0": Fraction(449) * 11 / 30,
        "s1": Fraction(449) * 22 / 30,
        "s2": Fraction(449) * -3 / 30,
    }
    assert (made.notes, made.differing) == ((), ())


def test_an_invoice_that_differs_from_its_rows_is_said_and_its_yen_hold() -> None:
    made = in_yen(MAY, [_group("2.99")], [_invoice("3.00", 449)], OUTSIDE)
    assert made.bill.jpy == 449
    assert "says 3.00 USD, its rows sum to 2.99 (difference 0.01)" in made.notes[0].en
    assert "差 0.01" in made.notes[0].ja


@pytest.mark.parametrize(
    ("rows", "amount", "is_said"),
    [
        ("0.2490862147", "0.25", False),
        ("0.245", "0.25", False),
        ("0.2449999999", "0.25", True),
        ("-0.245", "-0.25", False),
        ("0.2495", "0.250", False),  # cents, though the invoice says more
        ("1.4", "1", False),
        ("1.51", "1", True),
        ("0.0038311468", "0.00", False),
        ("0.0051", "0.00", True),
    ],
)
def test_what_cents_alone_make_of_rows_is_not_said_but_kept(
    rows: str, amount: str, is_said: bool
) -> None:
    made = in_yen(MAY, [_group(rows)], [_invoice(amount, 0)], OUTSIDE)
    assert bool(made.notes) is is_said
    [one] = made.differing
    assert one.difference == Fraction(amount) - Fraction(rows)


def test_an_invoice_in_yen_is_of_whole_yen() -> None:
    paid = Invoice("N1", AWS, None, "JPY", Decimal("225.0"), 225, 0, TEN, None, None, None)
    assert in_yen(MAY, [_group("225.4", currency="JPY")], [paid], OUTSIDE).notes == ()
    assert in_yen(MAY, [_group("225.6", currency="JPY")], [paid], OUTSIDE).notes != ()


def test_tax_is_cost_where_contributions_are_outside_its_scope() -> None:
    made = in_yen(MAY, [_group("1", "s0"), _group("3", "s1")], [_invoice("4", 400, 40)], OUTSIDE)
    assert (made.bill.jpy, made.bill.taxes) == (440, {})
    assert _yen(made) == {"s0": 110, "s1": 330}


def test_tax_that_rows_name_goes_where_they_say() -> None:
    groups = [_group("1", "s0"), _group("3", "s1"), _group("0.4", "s1", is_tax=True)]
    made = in_yen(MAY, groups, [_invoice("4", 400, 40)], OUTSIDE)
    assert _yen(made) == {"s0": 100, "s1": 340}


def test_tax_stays_apart_where_contributions_are_taxable() -> None:
    groups = [_group("1", "s0"), _group("3", "s1"), _group("0.4", "s1", is_tax=True)]
    made = in_yen(MAY, groups, [_invoice("4", 400, 40)], TAXABLE)
    assert (made.bill.jpy, made.bill.taxes) == (400, {TEN: 40})
    assert {bucket.rate for bucket in made.bill.buckets} == {TEN}


def test_rows_in_yen_need_no_invoice_and_have_the_tax_of_their_rate() -> None:
    groups = [
        _group("999.6", "s0", "JPY", "業者", "A"),
        _group("100", "s1", "JPY", "業者", "A", tax_rate=Fraction(8)),
    ]
    taxable = in_yen(MAY, groups, [], TAXABLE)
    assert (taxable.bill.jpy, taxable.bill.taxes) == (1100, {TEN: 100, Fraction(8): 8})
    outside = in_yen(MAY, groups, [], OUTSIDE)
    assert outside.bill.jpy == 1208
    assert _yen(outside) == {"s0": 1100, "s1": 108}


def test_several_issuers_currencies_and_accounts_each_have_their_own_invoice() -> None:
    groups = [
        _group("1", "s0", account="a"),
        _group("1", "s1", account="b"),
        _group("1", "s2", invoice_id="N3"),
        _group("1", "s3", "EUR", "Hetzner"),
        _group("50", "s4", "JPY", "業者"),
    ]
    euro = Invoice("E1", "Hetzner", None, "EUR", Decimal(1), 170, 0, TEN, None, None, None)
    invoices = [
        _invoice("1", 150, number="N1", account="a"),
        _invoice("1", 151, number="N2", account="b"),
        _invoice("1", 152, number="N3"),
        euro,
    ]
    # Rows of account a fit N1 and N3 (all accounts): which one is for a person to say.
    with pytest.raises(UsageError, match="2 invoices fit"):
        in_yen(MAY, groups, invoices, OUTSIDE)
    made = in_yen(MAY, groups[:2] + groups[3:], [*invoices[:2], euro], OUTSIDE)
    assert _yen(made) == {"s0": 150, "s1": 151, "s3": 170, "s4": 55}


def test_an_invoice_that_rows_name_takes_no_rows_of_another_number() -> None:
    yen = [_group("100", "s0", "JPY", invoice_id="N1"), _group("50", "s1", "JPY", invoice_id="N2")]
    made = in_yen(MAY, yen, [_invoice("100", 100, 10, number="N1", currency="JPY")], OUTSIDE)
    assert _yen(made) == {"s0": 110, "s1": 55}
    usd = [_group("1", "s0", invoice_id="N1"), _group("2", "s1", invoice_id="N2")]
    with pytest.raises(UsageError, match="no invoice for 2 USD"):
        in_yen(MAY, usd, [_invoice("1", 150, number="N1")], OUTSIDE)
    own = in_yen(MAY, usd, [_invoice("3", 450, number="our own number")], OUTSIDE)
    assert _yen(own) == {"s0": 150, "s1": 300}
    # Another issuer's rows may have that number.
    other = _group("5", "s2", "JPY", "業者", invoice_id="our own number")
    own = in_yen(MAY, [*usd, other], [_invoice("3", 450, number="our own number")], OUTSIDE)
    assert (_yen(own)["s0"], _yen(own)["s1"]) == (150, 300)


def test_rows_without_an_invoice_are_all_named() -> None:
    groups = [_group("1.5"), _group("2.5"), _group("7", currency="EUR", issuer="")]
    with pytest.raises(UsageError) as caught:
        in_yen(MAY, groups, [], OUTSIDE)
    said = "\n".join(caught.value.lines("en"))
    assert "Amazon Web Services, Inc.: no invoice for 4 USD." in said
    assert "no issuer: no invoice for 7 EUR." in said
    assert "moyai cost invoice add 2026-05" in said


def test_rows_below_a_cent_without_an_invoice_are_told_of_one_of_zero() -> None:
    groups = [_group("0.0038311468", issuer="業者"), _group("0.005")]
    with pytest.raises(UsageError) as caught:
        in_yen(MAY, groups, [], OUTSIDE)
    lines = caught.value.lines("en")[0].splitlines()
    assert lines == [
        "Amazon Web Services, Inc.: no invoice for 0.005 USD.",
        "業者: no invoice for 0.0038311468 USD; where it asked for nothing, add one of 0.00 USD and 0 yen "
        "(--amount 0.00 --jpy 0 --tax-jpy 0).",
    ]
    assert "0.00 USD・0 円の請求書" in caught.value.lines("ja")[0]
    none = _invoice("0.00", 0, number="0", issuer="業者")
    made = in_yen(MAY, groups[:1], [none], OUTSIDE)
    assert (made.bill.jpy, made.notes) == (0, ())


@pytest.mark.parametrize(
    ("groups", "invoice", "words"),
    [
        ([], _invoice("1", 150), "no rows for the 150 yen"),
        ([_group("1"), _group("-1", "s1")], _invoice("0", 150), "sum to 0 USD, so 150 yen"),
        ([_group("1"), _group("-1", "s1")], _invoice("0", 0), "the invoice's rate"),
        ([_group("-1")], _invoice("1", 150), "sum to -1 USD, but it asks for 150 yen"),
    ],
)
def test_an_invoice_that_its_rows_cannot_sum_to_is_refused(
    groups: list[RowGroup], invoice: Invoice, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        in_yen(MAY, groups, [invoice], OUTSIDE)


def test_rows_that_cancel_out_are_taken_at_the_invoices_rate() -> None:
    groups = [_group("1"), _group("-1", "s1")]
    made = in_yen(MAY, groups, [_invoice("0", 0, rate="150.5")], OUTSIDE)
    assert _yen(made) == {"s0": Fraction("150.5"), "s1": -Fraction("150.5")}


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=11), min_size=1),
    st.integers(0, 10**12),
    st.sampled_from([OUTSIDE, TAXABLE]),
)
def test_whatever_the_rows_their_yen_sum_to_what_was_paid(
    amounts: list[Decimal], jpy: int, rule: TaxRule
) -> None:
    groups = [_group(f"{amount:f}", f"s{at}") for at, amount in enumerate(amounts)]
    try:
        made = in_yen(MAY, groups, [_invoice("0", jpy, rate="150")], rule)
    except UsageError:
        assert sum(amounts) <= 0
        return
    assert sum(bucket.jpy for bucket in made.bill.buckets) == jpy == made.bill.jpy


def test_two_issuers_may_number_their_invoices_alike() -> None:
    groups = [
        _group("1", "s0", invoice_id="77"),
        _group("1", "s1", issuer="Oracle", invoice_id="77"),
        _group("1", "s2", issuer="", invoice_id="78"),
    ]
    invoices = [
        _invoice("1", 150, number="77"),
        _invoice("1", 140, number="77", issuer="Oracle"),
        _invoice("1", 130, number="78", issuer="Microsoft"),
    ]
    assert _yen(in_yen(MAY, groups, invoices, OUTSIDE)) == {"s0": 150, "s1": 140, "s2": 130}


@pytest.mark.parametrize(
    ("charge", "credit", "came", "gave"),
    [("1000000.5", "-1000000", 1_000_000, -1_000_000), ("70", "-70", 70, -70)],
)
def test_yen_that_nearly_cancel_out_stay_what_they_are(
    charge: str, credit: str, came: int, gave: int
) -> None:
    groups = [_group(charge, "s0", "JPY"), _group(credit, "s1", "JPY")]
    for rule in (OUTSIDE, TAXABLE):
        made = in_yen(MAY, groups, [], rule)
        found = _yen(made)
        per_yen = Fraction(11, 10) if rule is OUTSIDE else 1
        assert abs(found["s0"] - came * per_yen) < 2
        assert abs(found["s1"] - gave * per_yen) < 2
        assert sum(found.values()) == made.bill.jpy
        for bucket, origin in zip(made.bill.buckets, made.origins, strict=True):
            assert Fraction(origin.group.amount) * origin.factor == bucket.jpy


def test_rows_of_tax_are_not_those_of_rows_that_state_a_rate() -> None:
    stated = _group("100000", "s0", "JPY", "", tax_rate=TEN)
    other = _group("50", "s1", "JPY", "")
    tax = _group("1", "s2", "JPY", "", is_tax=True)
    made = in_yen(MAY, [stated, other, tax], [], OUTSIDE)
    assert _yen(made) == {"s0": 110_000, "s1": 50, "s2": 1}
    taxed = in_yen(MAY, [stated, other, tax], [], TAXABLE)
    assert taxed.bill.taxes == {TEN: 10_001}


@pytest.mark.parametrize(
    ("method", "due"), [(Rounding.FLOOR, 10), (Rounding.HALF_UP, 11), (Rounding.CEILING, 11)]
)
def test_the_tax_on_rows_in_yen_is_rounded_by_the_rule(method: Rounding, due: int) -> None:
    for treatment in Treatment:
        rule = TaxRule(treatment, method, Bearer.LARGEST_REMAINDER, None)
        bill = in_yen(MAY, [_group("104.6", "s0", "JPY")], [], rule).bill
        assert bill.jpy + sum(bill.taxes.values()) == 105 + due


@pytest.mark.parametrize("method", Rounding)
def test_rows_of_tax_in_yen_are_to_the_nearest_yen_whatever_the_rule(method: Rounding) -> None:
    groups = [_group("100", "s0", "JPY"), _group("10.5", "s1", "JPY", is_tax=True)]
    for treatment in Treatment:
        rule = TaxRule(treatment, method, Bearer.LARGEST_REMAINDER, None)
        bill = in_yen(MAY, groups, [], rule).bill
        assert bill.jpy + sum(bill.taxes.values()) == 111


def test_rows_of_tax_that_cancel_out_leave_the_invoices_tax_to_the_others() -> None:
    groups = [_group("4", "s0"), _group("1", "s1", is_tax=True), _group("-1", "s2", is_tax=True)]
    made = in_yen(MAY, groups, [_invoice("4", 400, 40)], OUTSIDE)
    assert _yen(made) == {"s0": 440}
