"""Chains for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from moyai.audit.records import AuditRecord, Entry, Head, genesis, seal

CODE = "271004"
CHAIN = f"body:{CODE}"
TEXTS = st.text(max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=4,
)
HASHES = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ENTRIES = st.builds(
    Entry,
    at=MOMENTS,
    actor=st.sampled_from(("moyai", "worker:w1", "operator:shonin@jimukyoku.example.jp")),
    action=TEXTS,
    result=TEXTS,
    operation=st.none() | TEXTS,
    plan_sha256=st.none() | HASHES,
    code=st.just(CODE),
    step=st.none() | TEXTS,
    attempt=st.none() | st.integers(1, 9),
    details=st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), PLAIN, max_size=3),
)


def sealed(entries: Sequence[Entry], head: Head | None = None) -> tuple[AuditRecord, ...]:
    chain: list[AuditRecord] = []
    at = head or genesis(CHAIN)
    for entry in entries:
        chain.append(seal(entry, at))
        at = chain[-1].head
    return tuple(chain)


CHAINS = st.lists(ENTRIES, min_size=1, max_size=5).map(sealed)


def entry(**values: Any) -> Entry:
    return Entry(
        **{
            "at": datetime(2026, 11, 26, 12, tzinfo=UTC),
            "actor": "moyai",
            "action": "step.done",
            "result": "done",
            "code": CODE,
            **values,
        }
    )
