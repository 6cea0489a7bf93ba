"""Parameters are held against tenants.yaml; what is wrong is told at once, with what is near."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sample import SAMPLE
from tests.unit.runbook.books import BOOK, book

from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.runbook.model import Type, Values
from moyai.runbook.parameters import WrongParameters, parse

DAY = date(2026, 11, 23)
MORE = """\
  release: { type: release, service: service, required: false, description: { ja: 版, en: release } }
  service: { type: service, required: false, description: { ja: サービス, en: service } }
  who: { type: selector, required: false, description: { ja: 選択, en: who } }
  day: { type: date, default: today, description: { ja: 日, en: day } }
  month: { type: month, default: last-month, description: { ja: 月, en: month } }
  number: { type: integer, default: 3, least: 1, most: 5, description: { ja: 数, en: number } }
  operator: { type: operator, required: false, description: { ja: 担当, en: operator } }
  colour:
    type: choice
    required: false
    choices: { red: { ja: 赤, en: red } }
    description: { ja: 色, en: colour }
"""
RUNBOOK = book(BOOK.replace("parameters:\n", "parameters:\n" + MORE))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return require(Path(SAMPLE))


def taken(registry: Registry, **call: str) -> Values:
    return parse(RUNBOOK, call.items(), registry, DAY, "sandbox")


def test_values_of_each_type(registry: Registry) -> None:
    pairs = [("body", "kishiwada"), ("services", "chat"), ("services", "eapp-a"), ("loud", "yes")]
    found = parse(RUNBOOK, pairs, registry, DAY, "sandbox")
    assert found["body"] == "272027"
    assert found["services"] == ("chat", "eapp-a")
    assert (found["loud"], found["words"], found["number"]) == (True, None, 3)
    assert (found["day"], found["month"]) == (DAY, "2026-10")
    assert taken(registry, body="岸和田市", service="chat", release="1.0.0")["release"] == "1.0.0"


@pytest.mark.parametrize(
    ("name", "word", "says"),
    [
        ("body", "kishiwad", "nearest: kishiwada"),
        ("bdoy", "x", "did you mean body?"),
        ("service", "chta", "did you mean chat?"),
        ("release", "9.9.9", "there is no release of chat '9.9.9'"),
        ("who", "service:chta", "nearest: chat"),
        ("who", "(", "cannot be read"),
        ("day", "2026-02-30", "is not a date"),
        ("month", "2026-13", "is not a month"),
        ("number", "6", "it has to be 5 or less"),
        ("number", "x", "is no whole number"),
        ("operator", "x@example.jp", "there is no operator"),
        ("colour", "blue", "known: red"),
        ("loud", "maybe", "it is yes or no"),
        ("words", "--yes", "cannot begin with '-'"),
        ("words", "a\nb", "line breaks"),
        ("words", " ", "cannot be empty"),
    ],
)
def test_what_is_wrong_is_told(registry: Registry, name: str, word: str, says: str) -> None:
    call = {"body": "272027", "service": "chat", name: word}
    with pytest.raises(WrongParameters) as error:
        taken(registry, **call)
    ((told, reason),) = error.value.reasons
    assert told == name
    assert says in reason.en
    assert reason.ja != reason.en


TYPES = tuple(one for one in Type if one is not Type.CHOICE)
ALL_TYPES = book(
    BOOK.replace(
        "parameters:\n",
        "parameters:\n"
        + "".join(
            f"  of_{one}: {{ type: {one}, required: false, description: {{ ja: 値, en: value }} }}\n"
            for one in TYPES
        ),
    )
)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.integers().map(lambda number: str(-abs(number) - 1))
    | st.text(st.characters(codec="utf-8"), max_size=20).map(lambda words: f"-{words}")
    | st.sampled_from(["--yes", "-", "--", "-y all", "--file=x", "-or all"]),
)
def test_no_value_is_taken_for_an_option(kind: Type, word: str) -> None:
    pairs = [("body", "272027"), (f"of_{kind}", word)]
    with pytest.raises(WrongParameters):
        parse(ALL_TYPES, pairs, require(Path(SAMPLE)), DAY, "sandbox")


def test_a_number_below_zero_is_taken_where_the_runbook_says_so(registry: Registry) -> None:
    text = BOOK.replace(
        "parameters:\n",
        "parameters:\n  below: { type: integer, least: -5, description: { ja: 数, en: number } }\n",
    )
    pairs = [("body", "272027"), ("below", "-5")]
    assert parse(book(text), pairs, registry, DAY, "sandbox")["below"] == -5


def test_everything_wrong_is_told_at_once(registry: Registry) -> None:
    with pytest.raises(WrongParameters) as error:
        taken(registry, loud="x", number="y")
    assert [name for name, _ in error.value.reasons] == ["number", "body", "loud"]
