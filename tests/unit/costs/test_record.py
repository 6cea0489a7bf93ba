"""Documents of allocations: the same bytes for the same inputs, exact numbers in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.costs.rulebook import allocate, bill, everybody, part, pool, rules

from moyai.costs.record import canonical, document, indented, plain, sha256
from moyai.registry.cost_rules import ShareBy

_PROGRAM = """
from moyai.costs.record import document, sha256
from moyai.registry.cost_rules import ShareBy
from tests.unit.costs.rulebook import allocate, bill, everybody, part, pool, rules
shared = pool("all", part(ShareBy.POPULATION))
print(sha256(document(allocate(bill(1_000_003), rules(shared), everybody()))))
"""


@given(st.fractions())
def test_exact_numbers_are_exact_in_words(value: Fraction) -> None:
    assert Fraction(plain(value)) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [("40", "40"), ("33.3", "33.3"), ("100/3", "100/3"), ("-1/8", "-0.125"), ("0", "0")],
)
def test_decimals_are_written_as_such(value: str, words: str) -> None:
    assert plain(Fraction(value)) == words


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(_VALUES)
def test_canonical_bytes_are_those_of_the_standard_library(value: object) -> None:
    """Hashes of closed periods rest on them, whatever writes them."""
    words = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(value) == f"{words}\n".encode()


@given(_VALUES)
def test_what_is_read_is_that_of_the_standard_library(value: object) -> None:
    assert indented(value) == json.dumps(value, ensure_ascii=False, indent=2)


def test_what_is_no_json_is_refused() -> None:
    for value in (Fraction(1, 2), date(2026, 5, 1), part(ShareBy.EQUAL)):
        for write in (canonical, indented):
            with pytest.raises(TypeError):
                write({"value": value})


def test_the_document_sums_to_the_bill_and_shows_the_way() -> None:
    shared = pool("all", part(ShareBy.EQUAL, 20), part(ShareBy.POPULATION, 80))
    made = json.loads(canonical(document(allocate(bill(1_000_003), rules(shared), everybody()))))
    assert made["difference_jpy"] == 0
    assert sum(body["jpy"] for body in made["bodies"]) == made["allocated_jpy"] == 1_000_003
    [body] = [body for body in made["bodies"] if body["code"] == "273830"]
    share = body["lines"][0]
    assert sum(line["jpy"] for line in body["lines"]) == body["jpy"]
    exact = sum(
        Fraction(1_000_003)
        * Fraction(one["percent"])
        / 100
        * Fraction(int(one["weight"]), int(one["of"]))
        for one in share["parts"]
    )
    assert share["jpy"] <= exact < share["jpy"] + 1


def test_other_processes_come_to_the_same_hash() -> None:
    shared = pool("all", part(ShareBy.POPULATION))
    mine = sha256(document(allocate(bill(1_000_003), rules(shared), everybody())))
    for seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == mine
