"""A manifest that was damaged in any place is told of as damaged, and never half understood."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyai.costs.apportion.inputs import Carried, TaxCarried
from moyai.costs.ledger.closings import Closed, Correction
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.ledger.manifest import Basis, Manifest, PeriodPart, Version
from moyai.costs.ledger.manifest_file import decode, encode, sealed
from moyai.costs.periods import Period
from moyai.errors import OperationFailed

MAY, JUNE = Period(2026, 5), Period(2026, 6)
A, B, C = "a" * 64, "b" * 64, "c" * 64
AT = "2026-06-01T00:00:00+00:00"
INVOICE = Invoice(
    "7", "AWS", "12", "USD", Decimal("1.50"), 225, 22, Fraction(15, 2), Decimal("150.1"),
    date(2026, 6, 1), "T7000012050002",
)  # fmt: skip
COSTS = Version(
    A, B, "costs", "FOCUS", 3, {"USD": "1.5"}, ("ServiceName", "Tags.k"), AT, "taro", "e"
)
PART = PeriodPart(
    {
        "a.csv": (COSTS, Version(B, None, "costs", "FOCUS", 0, {}, (), AT, "taro")),
        "u.csv": (Version(C, C, "drivers", "drivers", 2, {}, (), AT, "taro", also=(A, B)),),
    },
    (INVOICE,),
)


def state(sources: Mapping[str, str], *invoices: Invoice) -> str:
    versions = {name: PART.sources[name][0] for name in sources}
    return Basis(MAY, versions, invoices, {}).state


BILLED, SETTLED = {"a.csv": B, "u.csv": C}, {"u.csv": C}
MANIFEST = Manifest(
    {
        MAY: replace(
            PART,
            closed=Closed(
                BILLED,
                (INVOICE,),
                state(BILLED, INVOICE),
                B,
                C,
                A,
                (Carried("p", None, 7), Carried("p", Fraction(15, 2), -1)),
                TaxCarried({Fraction(100, 3): 5}, {Fraction(10): -2}),
                AT,
                "x",
                {"a.csv": 1, "u.csv": 1},
                1,
            ),
            corrections=(
                Correction(JUNE, SETTLED, (), state(SETTLED), AT, "x", {"a.csv": 2, "u.csv": 1}),
            ),
        ),
        JUNE: PeriodPart(
            closed=Closed(
                {}, (), Basis(JUNE, {}, (), {}).state, B, C, A, (), TaxCarried(), AT, "x", {}, 2
            )
        ),
    }
)
DOCUMENT = json.loads(encode(MANIFEST))
DAMAGED = r"the cost ledger's manifest\.json cannot be read"
Path = tuple["str | int", ...]


def test_a_manifest_there_and_back() -> None:
    assert decode(encode(MANIFEST)) == MANIFEST


def paths(value: object, path: Path = ()) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else []
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path, *(below for key, one in inner for below in paths(one, (*path, key)))]


def damaged(path: Path, value: object, *, how: str = "replace", seal: bool = True) -> bytes:
    """The document with one place replaced, removed, or under another key. `seal`: with the checksum of
    what it says then, so that each place is looked at for itself."""
    if not path:
        return json.dumps(value).encode()
    whole = copy.deepcopy(DOCUMENT)
    place = whole
    for key in path[:-1]:
        place = place[key]
    if how == "replace":
        place[path[-1]] = value
    else:
        kept = place.pop(path[-1])
        if how == "rename" and isinstance(place, dict):
            place[str(value)] = kept
    return written(whole) if seal else json.dumps(whole).encode()


def written(document: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(sealed(document)).encode()
    except UnicodeEncodeError:  # half a sign has no hash
        return json.dumps(document).encode()


IN_MAY = ("periods", "2026-05")
KNOWN: dict[str, tuple[Path, object]] = {
    "amount": ((*IN_MAY, "invoices", 0, "amount"), "abc"),
    "infinite": ((*IN_MAY, "invoices", 0, "amount"), "Infinity"),
    "huge": ((*IN_MAY, "invoices", 0, "amount"), "1" * 5000),
    "rate": ((*IN_MAY, "invoices", 0, "tax_rate"), "1/0"),
    "day": ((*IN_MAY, "invoices", 0, "date"), "2026-13-01"),
    "unknown_hash": ((*IN_MAY, "closed", "sources", "a.csv"), A),
    "unknown_file": ((*IN_MAY, "closed", "sources"), {"x.csv": B}),
    "settled_hash": ((*IN_MAY, "corrections", 0, "sources", "u.csv"), A),
    "path": ((*IN_MAY, "sources", "a.csv", 0, "rows"), "../../etc/passwd"),
    "no_version": ((*IN_MAY, "sources", "a.csv"), []),
    "total": ((*IN_MAY, "sources", "a.csv", 0, "totals", "USD"), "1,5"),
    "text": ((*IN_MAY, "sources", "a.csv", 0, "by"), "\ud800"),
    "count": ((*IN_MAY, "sources", "a.csv", 0, "count"), True),
    "kind": ((*IN_MAY, "sources", "a.csv", 0, "kind"), "rows"),
    "period": ((*IN_MAY, "corrections", 0, "into"), "2026-13"),
    "carried": ((*IN_MAY, "closed", "tax_carried", "differences"), {"x": 1}),
    "carried_rate": ((*IN_MAY, "closed", "carried", 1, "rate"), "x"),
    "carried_yen": ((*IN_MAY, "closed", "carried", 0, "jpy"), "7"),
    "whole": ((), [1]),
    "version": (("version",), "2"),
    "into_itself": ((*IN_MAY, "corrections", 0, "into"), "2026-05"),
    "never_closed": ((*IN_MAY, "closed"), None),
    "into_an_open_one": (("periods", "2026-06", "closed"), None),
    "closed_twice": (("periods", "2026-06", "closed", "number"), 1),
    "closed_before": ((*IN_MAY, "closed", "number"), 3),
    "no_first": ((*IN_MAY, "closed", "number"), 0),
    "closed_state": ((*IN_MAY, "closed", "state"), A),
    "settled_state": ((*IN_MAY, "corrections", 0, "state"), A),
    "settled_sources": ((*IN_MAY, "corrections", 0, "sources"), {}),
    "settled_invoices": (
        (*IN_MAY, "corrections", 0, "invoices"),
        DOCUMENT["periods"]["2026-05"]["invoices"],
    ),
    "also": ((*IN_MAY, "sources", "u.csv", 0, "also"), ["../x"]),
    "no_such_version": ((*IN_MAY, "closed", "versions", "a.csv"), 3),
    "zeroth_version": ((*IN_MAY, "closed", "versions", "u.csv"), 0),
    "another_version": ((*IN_MAY, "closed", "versions", "a.csv"), 2),
    "settled_version": ((*IN_MAY, "corrections", 0, "versions", "a.csv"), 1),
    "moment": ((*IN_MAY, "closed", "at"), f"{AT}x"),
    "moment_elsewhere": ((*IN_MAY, "closed", "at"), "2026-06-01T09:00:00+09:00"),
    "moment_of_no_zone": ((*IN_MAY, "corrections", 0, "at"), "2026-06-01T00:00:00"),
    "moment_of_a_day": ((*IN_MAY, "sources", "a.csv", 0, "at"), "2026-06-01"),
    "closed_by": ((*IN_MAY, "closed", "by"), 1),
    "some_versions": ((*IN_MAY, "closed", "versions"), {"u.csv": 1}),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_was_found_damaged(name: str) -> None:
    path, value = KNOWN[name]
    with pytest.raises(OperationFailed, match=DAMAGED) as raised:
        decode(damaged(path, value))
    assert "restore it from a copy" in raised.value.lines("en")[-1]


@pytest.mark.parametrize("path", [(*IN_MAY, "closed"), (*IN_MAY, "sources", "u.csv", 0, "rows")])
def test_what_is_missing_is_not_taken_for_open_or_withdrawn(path: Path) -> None:
    with pytest.raises(OperationFailed, match=DAMAGED):
        decode(damaged(path, None, how="remove"))


CHANGED: dict[str, tuple[Path, object]] = {
    "opened": ((*IN_MAY, "corrections"), []),
    "carried": ((*IN_MAY, "closed", "carried", 0, "jpy"), 8),
    "tax_carried": ((*IN_MAY, "closed", "tax_carried", "on_net", "100/3"), 6),
    "invoice": ((*IN_MAY, "invoices", 0, "jpy"), 226),
    "columns": ((*IN_MAY, "sources", "a.csv", 0, "columns", 0), "ServiceNam"),
    "count": ((*IN_MAY, "sources", "a.csv", 0, "count"), 4),
    "checksum": (("sha256",), A),
    "more": (("more",), 1),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_could_be_but_is_not_as_it_was_written(name: str) -> None:
    path, value = CHANGED[name]
    with pytest.raises(
        OperationFailed, match=rf"{DAMAGED} \(it is not as it was written\)"
    ) as raised:
        decode(damaged(path, value, seal=False))
    assert "restore it from a copy" in raised.value.lines("en")[-1]


def test_its_form_may_be_another() -> None:
    assert decode(json.dumps(dict(reversed(DOCUMENT.items())), indent=7).encode()) == MANIFEST


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 7])
def test_another_version_of_the_format_is_refused_by_its_number(version: int) -> None:
    """The first had no checksum."""
    other = {key: value for key, value in DOCUMENT.items() if key != "sha256"}
    for document in (other, sealed(other)):
        with pytest.raises(OperationFailed, match=rf"{DAMAGED} \(its format is version {version};"):
            decode(json.dumps({**document, "version": version}).encode())


def test_a_manifest_without_its_checksum_is_not_as_it_was_written() -> None:
    bare = {key: value for key, value in DOCUMENT.items() if key != "sha256"}
    with pytest.raises(OperationFailed, match="it is not as it was written"):
        decode(json.dumps(bare).encode())


def test_the_place_is_told() -> None:
    with pytest.raises(OperationFailed, match=r"\(2026-05, a\.csv, by: 3\)"):
        decode(damaged((*IN_MAY, "sources", "a.csv", 0, "by"), 3))


def test_what_is_nested_deeply() -> None:
    with pytest.raises(OperationFailed, match=DAMAGED):
        decode(b'{"periods": ' + b"[" * 200_000)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4),
    st.sampled_from([A, B, "", "abc", "1e9", "-1", "\ud800", "2026-05", "\x1b[2J", 10**400]),
    st.sampled_from([[], {}, [[]], {"a": None}, [A], {"a.csv": B}, {"USD": "1"}]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(paths(DOCUMENT)), VALUES, st.sampled_from(["replace", "remove", "rename"]))
def test_any_damage_is_told_or_changes_nothing(path: Path, value: object, how: str) -> None:
    try:
        found = decode(damaged(path, value, how=how, seal=False))
    except OperationFailed:
        return
    assert found == MANIFEST


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(paths(DOCUMENT)), VALUES, st.sampled_from(["replace", "remove", "rename"]))
def test_any_damage_with_its_checksum_is_told_or_harmless(
    path: Path, value: object, how: str
) -> None:
    try:
        found = decode(damaged(path, value, how=how))
    except OperationFailed:
        return
    assert decode(encode(found)) == found
    named = found.keys()
    assert not any(".." in key for key in named)
    for period, part in found.periods.items():
        assert len(part.current(period).state) == 64
        if part.closed is not None:
            assert part.closed_basis(period).rows == dict(sorted(part.closed.sources.items()))
            for one in part.corrections:
                assert len(part.basis_of(period, one).state) == 64
