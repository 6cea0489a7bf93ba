"""Every change of a chain is found, and named by its number; honest chains are clean."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from chains import CHAIN, CHAINS, ENTRIES, entry, sealed

from moyai.audit.anchors import Anchor, from_document, head_of_key, object_key, prefix, to_document
from moyai.audit.records import AuditRecord, Entry, Head, genesis, hash_of, seal
from moyai.audit.verify import verify

Chain = tuple[AuditRecord, ...]
PLACES = st.integers(0, 5)


def anchored(chain: Chain) -> Anchor:
    head = chain[-1].head
    return Anchor(head.chain, head.seq, head.sha256, datetime(2026, 11, 26, tzinfo=UTC))


def kinds(records: Chain, anchors: tuple[Anchor | Head, ...] = ()) -> dict[str, int | None]:
    return {one.kind: one.seq for one in verify(records, anchors)}


@given(CHAINS, st.data())
def test_an_honest_chain_is_clean_with_and_without_its_anchors(
    chain: Chain, data: st.DataObject
) -> None:
    assert verify(chain) == ()
    known = data.draw(st.lists(st.sampled_from(chain)))
    assert verify(chain, [one.head for one in known]) == ()


@given(CHAINS, CHAINS, PLACES, st.sampled_from([field.name for field in fields(AuditRecord)]))
def test_any_changed_field_is_found(chain: Chain, other: Chain, at: int, name: str) -> None:
    at %= len(chain)
    value = getattr(other[0], name)
    assume(value != getattr(chain[at], name))
    changed = replace(chain[at], **{name: value})
    found = verify((*chain[:at], changed, *chain[at + 1 :]), (anchored(chain),))
    assert found
    named = {at + 1, at + 2, value if name == "seq" else None}
    assert {one.seq for one in found} & named


@given(CHAINS, ENTRIES, PLACES)
def test_a_record_that_was_sealed_anew_is_found_by_the_next_or_by_the_anchor(
    chain: Chain, new: Entry, at: int
) -> None:
    at %= len(chain)
    changed = seal(new, Head(CHAIN, chain[at].seq - 1, chain[at].previous_sha256))
    assume(changed != chain[at])
    found = kinds((*chain[:at], changed, *chain[at + 1 :]), (anchored(chain),))
    last = at == len(chain) - 1
    assert found == ({"unanchored": at + 1} if last else {"unlinked": at + 2})


@given(CHAINS, PLACES, ENTRIES)
def test_a_tail_that_was_written_anew_is_found_by_the_anchor(
    chain: Chain, at: int, new: Entry
) -> None:
    at %= len(chain)
    again = (*chain[:at], *sealed([new] * (len(chain) - at), chain[at - 1].head if at else None))
    assume(again != chain)
    assert verify(again) == ()
    assert kinds(again, (anchored(chain),)) == {"unanchored": len(chain)}


@given(CHAINS, PLACES)
def test_a_record_that_was_left_out_is_found(chain: Chain, at: int) -> None:
    at %= len(chain)
    found = kinds((*chain[:at], *chain[at + 1 :]), (anchored(chain),))
    assert found == ({"cut": at + 1} if at == len(chain) - 1 else {"missing": at + 1})


@given(CHAINS, PLACES)
def test_a_cut_tail_is_found_by_the_anchor(chain: Chain, at: int) -> None:
    at %= len(chain)
    assert kinds(chain[:at], (anchored(chain),)) == {"cut": at + 1}


@given(CHAINS, PLACES, PLACES)
def test_a_doubled_record_is_found(chain: Chain, at: int, to: int) -> None:
    at, to = at % len(chain), to % (len(chain) + 1)
    assume(to > at)
    assert kinds((*chain[:to], chain[at], *chain[to:])) == {"doubled": at + 1}


@given(CHAINS, PLACES, PLACES)
def test_two_records_that_changed_places_are_found(chain: Chain, one: int, two: int) -> None:
    one, two = sorted((one % len(chain), two % len(chain)))
    assume(one != two)
    mixed = list(chain)
    mixed[one], mixed[two] = mixed[two], mixed[one]
    found = verify(mixed, (anchored(chain),))
    assert {each.kind for each in found} == {"moved"}
    assert one + 1 in {each.seq for each in found}


@given(CHAINS, ENTRIES, PLACES)
def test_a_record_that_was_put_in_between_is_found(chain: Chain, new: Entry, at: int) -> None:
    at %= len(chain)
    head = chain[at - 1].head if at else genesis(CHAIN)
    put_in = seal(new, head)
    assume(put_in != chain[at])
    assert "doubled" in kinds((*chain[:at], put_in, *chain[at:]))


@given(CHAINS)
def test_a_record_of_another_body_is_found(chain: Chain) -> None:
    stranger = seal(entry(code="272272"), genesis("body:272272"))
    assert kinds((*chain, stranger)) == {"foreign": 1}
    assert kinds((stranger,), (anchored(chain),))["foreign"] == 1
    assert [one.kind for one in verify(chain, (), "body:272272")] == ["foreign"] * len(chain)


def test_anchors_of_another_chain_are_told_and_findings_speak_both_languages() -> None:
    chain = sealed([entry(), entry()])
    [foreign, _] = verify(chain, (Head("federation", 9, "0" * 64),), CHAIN)
    assert foreign.kind == "foreign"
    [missing] = verify((chain[1],))
    assert missing.what.of("ja") == "記録1番がありません"
    assert missing.what.of("en") == "record 1 is missing"


def test_a_chain_that_is_wrong_throughout_ends_the_look() -> None:
    chain = sealed([entry()] * 2000)
    wrong = [replace(one, result="failed") for one in chain]
    found = verify(wrong)
    assert (len(found), found[-1].kind) == (1001, "more")
    every_other = verify(chain[::2])
    assert len(every_other) == 1000 - 1


def test_memory_stays_flat_however_long_the_chain_is() -> None:
    def chain(length: int) -> Iterator[AuditRecord]:
        head = genesis(CHAIN)
        for _ in range(length):
            record = seal(entry(), head)
            head = record.head
            yield record

    peaks = []
    for length in (200, 4000):
        tracemalloc.start()
        assert verify(chain(length)) == ()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 20_000


def test_an_anchor_comes_back_from_its_document_and_its_key() -> None:
    anchor = anchored(sealed([entry()] * 12))
    assert from_document(to_document(anchor)) == anchor
    assert object_key(anchor) == f"audit/anchors/{CHAIN}/000000000012-{anchor.sha256}.json"
    assert object_key(anchor).startswith(prefix(CHAIN))
    assert head_of_key(object_key(anchor)) == Head(CHAIN, 12, anchor.sha256)
    assert head_of_key("audit/anchors/federation/1-ab.json") is None


@given(
    st.sampled_from(("schema", "chain", "seq", "sha256", "at")),
    st.none() | st.text() | st.integers(-1, 0),
)
def test_what_is_no_anchor_is_refused(name: str, value: object) -> None:
    document = to_document(anchored(sealed([entry()])))
    try:
        read = from_document({**document, name: value})
    except ValueError:
        return
    assert name == "at"
    assert read.at.tzinfo is not None


def test_hashing_sees_each_field() -> None:
    record = sealed([entry()])[0]
    assert hash_of(replace(record, seq=2)) != record.sha256


def test_a_record_of_another_body_has_no_place_in_a_body_s_chain() -> None:
    other = seal(entry(), genesis(CHAIN))
    told = replace(other, code="271403")
    forged = replace(told, sha256=hash_of(told))
    assert [one.kind for one in verify([forged])] == ["foreign"]
