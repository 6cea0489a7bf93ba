"""Records are sealed one behind the other, and hold plain values only."""

from __future__ import annotations

import sys
from collections import UserString
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given

sys.path.insert(0, str(Path(__file__).parent))

from chains import CHAIN, ENTRIES, entry

from moyai.audit.records import (
    FEDERATION,
    Entry,
    chain_of,
    from_document,
    genesis,
    hash_of,
    seal,
    to_document,
)


@given(ENTRIES)
def test_a_record_comes_back_from_its_document_as_it_was(given_entry: Entry) -> None:
    record = seal(given_entry, genesis(CHAIN))
    assert from_document(to_document(record)) == record
    assert hash_of(record) == record.sha256


def test_a_chain_begins_at_a_hash_that_names_it() -> None:
    first = seal(entry(), genesis(CHAIN))
    assert (first.seq, first.previous_sha256) == (1, genesis(CHAIN).sha256)
    assert genesis(CHAIN).sha256 != genesis(FEDERATION).sha256
    second = seal(entry(), first.head)
    assert (second.seq, second.previous_sha256) == (2, first.sha256)


def test_hashes_stay_what_they_are() -> None:
    record = seal(entry(details={"release": "1.1.0", "rows": 3}), genesis(CHAIN))
    assert (
        genesis(CHAIN).sha256 == "28aa3dfe9b73bd4bbfb221b6d1919cee3b0671e4e034bb569f3d7d61793207ac"
    )
    assert record.sha256 == "df7ba971b2349494fa12661c60118fcc7c40c535d31baa238e9b383d276a190f"


def test_a_body_s_chain_has_only_its_own_records() -> None:
    with pytest.raises(ValueError, match="has no records of"):
        seal(entry(code="272272"), genesis(CHAIN))
    assert seal(entry(), genesis(FEDERATION)).chain == FEDERATION
    assert (chain_of(None), chain_of("271004")) == (FEDERATION, CHAIN)


def test_moments_are_kept_in_utc() -> None:
    tokyo = datetime(2026, 11, 26, 21, tzinfo=timezone(timedelta(hours=9)))
    assert entry(at=tokyo) == entry()
    assert to_document(seal(entry(), genesis(CHAIN)))["at"] == "2026-11-26T12:00:00.000000+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"actor": "root"},
        {"actor": "operator:"},
        {"actor": "operator:a b"},
        {"code": "27100"},
        {"plan_sha256": "ab"},
    ],
)
def test_an_entry_of_another_shape_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"actor|moment|code|SHA-256"):
        entry(**wrong)


class Secret(str):
    """A text that must not be written down."""


@pytest.mark.parametrize(
    "value",
    [Secret("hunter22"), UserString("hunter22"), b"hunter22", 0.5, {"x"}, datetime.now(UTC)],
)
def test_what_is_no_plain_value_is_refused_without_saying_it(value: object) -> None:
    with pytest.raises(TypeError) as raised:
        entry(details={"outer": [{"inner": value}]})
    assert "details.outer[0].inner" in str(raised.value)
    assert "hunter22" not in str(raised.value)


def test_a_private_key_a_large_number_and_a_deep_value_are_refused() -> None:
    deep: object = []
    for _ in range(40):
        deep = [deep]
    for value in ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", 2**53, deep, {"鍵": 1}):
        with pytest.raises(ValueError, match="details"):
            entry(details={"value": value})


def test_signs_that_cannot_be_kept_are_written_out() -> None:
    assert entry(details={"said": "a\x00b\udc80"}).details == {"said": "a\\x00b\\udc80"}


def test_details_cannot_be_changed_behind_a_record_s_back() -> None:
    mine = {"rows": [1]}
    made = entry(details=mine)
    mine["rows"].append(2)
    assert made.details == {"rows": (1,)}
    with pytest.raises(TypeError):
        made.details["rows"] = ()  # type: ignore[index]


def test_a_document_with_other_fields_or_types_is_no_record() -> None:
    good = to_document(seal(entry(), genesis(CHAIN)))
    for change in (
        {"more": 1},
        {"seq": "1"},
        {"seq": True},
        {"chain": "body:x"},
        {"at": "2026-11-26T12:00:00Z"},
        {"at": "soon"},
        {"at": "0001-01-01T00:00:00.000000+23:00"},
        {"details": {"x": 0.5}},
        {"details": []},
    ):
        with pytest.raises(ValueError, match=r"."):
            from_document({**good, **change})
    assert from_document(good) == seal(entry(), genesis(CHAIN))
