"""A declared gap excuses the anchors that it lists, and nothing else; without one they are findings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from chains import CHAIN, CHAINS, NUMBERS, entry, sealed

from moyai.audit.gaps import RESTORED, gap_of
from moyai.audit.records import AuditRecord, Head, genesis
from moyai.audit.verify import verify

Chain = tuple[AuditRecord, ...]


def declared(before: Chain, lost: list[Head], more: dict[str, Any] | None = None) -> Chain:
    """A chain that goes on from a copy with a declaration."""
    head = before[-1].head if before else genesis(CHAIN)
    anchors = [{"seq": one.seq, "sha256": one.sha256} for one in lost]
    after = {"seq": head.seq, "sha256": head.sha256 if before else ""}
    details = {"epoch": 2, "after": after, "lost": anchors, **(more or {})}
    return (*before, *sealed([entry(action=RESTORED, details=details)], head))


@given(CHAINS, CHAINS, st.integers(0, 5), st.data())
def test_a_declaration_excuses_what_it_lists_and_nothing_else(
    chain: Chain, other: Chain, kept: int, data: st.DataObject
) -> None:
    kept %= len(chain)
    lost = [one.head for one in chain[kept:]]
    known = [one.head for one in chain]
    later = declared(chain[:kept], lost)
    whole = (*later, *sealed([entry(), entry()], later[-1].head))
    assert verify(whole, known) == ()
    assert verify(whole, [*known, whole[-1].head]) == ()
    undeclared = (
        *chain[:kept],
        *sealed([entry(action="other")], chain[kept - 1].head if kept else None),
    )
    assert verify(undeclared, known)
    left = data.draw(st.sampled_from(lost))
    some = declared(chain[:kept], [one for one in lost if one != left])
    assert verify(some, known), "one that it does not list"
    forged = Head(CHAIN, left.seq, "f" * 64)
    assert verify(whole, [*known, forged]), "another of the same number"
    assert verify(whole[:-1], [*known, whole[-1].head]), "what came after it"


def test_a_gap_says_from_which_record_to_which_anchor() -> None:
    chain = sealed([entry(), entry(), entry(), entry()])
    gap = gap_of(declared(chain[:2], [chain[2].head, chain[3].head])[-1])
    assert gap is not None
    assert (gap.after, gap.newest, gap.epoch) == (chain[1].head, 4, 2)
    assert "records 3 to 4 are lost" in gap.what.en
    assert chain[1].sha256[:12] in gap.what.en
    assert chain[3].sha256[:12] in gap.what.ja
    none = gap_of(declared(chain[:2], [])[-1])
    assert none is not None
    assert "nothing behind record 2" in none.what.en


def test_records_that_came_between_copy_and_declaration_hide_no_loss() -> None:
    chain = sealed([entry(), entry(), entry(), entry()])
    between = (*chain[:2], *sealed([entry(action="operation.pause")], chain[1].head))
    later = declared(between, [chain[2].head, chain[3].head])
    assert verify(later, [one.head for one in chain]) == ()
    gap = gap_of(later[-1])
    assert gap is not None
    assert "records 3 to 4 are lost" in gap.what.en


@given(st.sampled_from(["epoch", "after", "lost"]), st.none() | NUMBERS | st.text(max_size=3))
def test_what_is_not_written_as_a_declaration_is_none(name: str, value: object) -> None:
    chain = sealed([entry(), entry()])
    gap = gap_of(declared(chain, [], {name: value})[-1])
    assert gap is None or (name == "epoch" and type(value) is int)
    wrong = entry(
        action=RESTORED, details={"epoch": 2, "after": {"seq": 1, "sha256": "0"}, "lost": []}
    )
    assert gap_of(sealed([entry(), wrong])[-1]) is None, "another head than the one before it"
