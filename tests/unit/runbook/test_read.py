"""What is wrong with a runbook is told all at once, each fault with its line, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.unit.runbook.books import BOOK, book, loaded

from moyai.runbook.model import Idempotency, Kind


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_a_runbook_is_read_whole() -> None:
    found = book()
    assert [one.kind for one in found.steps] == [Kind.CHECK, Kind.QUESTION, Kind.COMMAND]
    assert found.steps[2].idempotency is Idempotency.ONCE
    assert found.steps[2].undo == ("back",)
    assert list(found.undo_steps) == ["back"]
    assert found.parameters["body"].required
    assert not found.parameters["loud"].required


FAULTS = [
    ("kind: check", "kind: chekc", "is none of command, operation, question, check"),
    ("    timeout_seconds: 60\n  - id: who", "  - id: who", "this key is missing"),
    ("id: who", "id: look", "the id 'look' is there twice"),
    ("undo: [back]", "undo: [bakc]", "there is no undo step 'bakc'; did you mean back?"),
    ("    undo: [back]\n", "", "either undo or, with the reason, no_undo is needed"),
    ("moyai, status,", "moyai, sattus,", "there is no command of moyai 'sattus"),
    ("{ if: loud, then: [--jobs, 1] }", "--jbos", "there is no option '--jbos'"),
    ('"{{ body }}-{{ person }}"', '"{{ boby }}"', "there is no value 'boby'; did you mean body?"),
    ('{ if: words, then: ["{{ words }}"] }', '"{{ words }}"', "words may be missing"),
    ('"{{ body }}-{{ person }}"', '"{{ loud }}"', "loud is no single argument"),
    ('"{{ body }}-{{ person }}"', '"{{ body }"', "the template cannot be read"),
    ('status, "{{ body }}"', 'status, "{{ person }}"', "there is no value 'person'"),
    ("[*].code == :body", "[*].code = :body", "the condition cannot be read"),
    ("[*].code == :body", "[*].code == :nobody", "there is no value 'nobody'"),
    ("--output, json]", "--site, json]", "a check needs --output json"),
    ("    idempotency: once\n", "", "a step of the kind command needs idempotency"),
    ("bind: person", "bind: body", "the name body is in use already"),
    ("approval: true", "aproval: true", "there is no key 'aproval'; did you mean approval?"),
    ('{{ step("who") }}\n', "", "the text shows each step once"),
    ('step("who")', 'step("why")', "there is no step 'why'"),
    ("{{ body | sh }}", "{{ body }}", "a value in a block of commands needs | sh"),
    ("First {{ body }}.", "First {{ bdoy }}.", "there is no value 'bdoy'"),
    ('"{{ body }}-{{ person }}"', '"{{ body.x }}"', "not Getattr"),
    ('"{{ body }}-{{ person }}"', '"{{ body * 9 }}"', "not Mul"),
    ("First {{ body }}.", "{% for x in body %}{% endfor %}", "not For"),
    ("First {{ body }}.", "{{ who('look') }}", "not Call"),
    ("First {{ body }}.", "{{ body | safe }}", "not Filter"),
    ("First {{ body }}.", "{% if body > 1 %}x{% endif %}", "not Operand"),
    ("{% en %}", "", "Encountered unknown tag 'endlang'"),
    ('run: [moyai, status, "{{ body }}", --output, json]', "run: []", "kind check needs run"),
    ('run: [moyai, deploy, "{{ body }}"]', "run: []", "kind command needs run"),
    ('run: [moyai, deploy, "{{ body }}"]', 'run: [" ", x]', "the program's name is empty"),
    ('run: [moyai, deploy, "{{ body }}"]', 'run: [echo, "a\\0b"]', "can have a NUL"),
    ("expect: all $[*].code == :body", "expect:", "kind check needs expect"),
    ('ask: { ja: "{{ body }} はだれ", en: "Who is {{ body }}" }', "ask:", "question needs ask"),
    ("{ ja: 見る, en: Look }", '{ ja: " ", en: Look }', "this cannot be empty"),
    ("bind: person }", 'bind: person, wanted: " " }', "nobody can give this answer"),
    ("undo: [back]", "undo: [back, back]", "the id 'back' is there twice"),
    ("words: { type: text,", 'words: { type: text, default: "",', "default: this cannot be empty"),
    ("words: { type: text,", "words: { type: text, default: -x,", "default: it cannot begin with"),
    ("words: { type: text,", 'words: { type: date, default: "2026-13-01",', "is not a date"),
    ("words: { type: text,", "words: { type: month, default: x,", "is not a month"),
    ("words: { type: text,", "words: { type: integer, most: 5, default: 9,", "not between least"),
    ("words: { type: text,", "words: { type: integer, least: 9, most: 5,", "most is less than"),
    ("words: { type: text,", "words: { type: text, most: 5,", "of integer only"),
    ("timeout_seconds: 60", "timeout_seconds: 604801", "604800"),
    ("timeout_seconds: 60", "timeout_seconds: -1", "it has to be 1 or more"),
    ("timeout_seconds: 60", "timeout_seconds: yes", "a whole number is needed"),
    (
        "First {{ body }}.",
        "{{ " + "(" * 20_000 + "body" + ")" * 20_000 + " }}",
        "nested too deeply",
    ),
    ("First {{ body }}.", "{% if body %}" * 150 + "{% endif %}" * 150, "nested too deeply"),
    ('"{{ body }}-{{ person }}"', '"{{ ' + "(" * 900 + "body" + ")" * 900 + ' }}"', "too deeply"),
]


@pytest.mark.parametrize(
    ("before", "after", "says"), FAULTS, ids=[f"{i} {one[2]}" for i, one in enumerate(FAULTS)]
)
def test_a_fault_is_told(before: str, after: str, says: str) -> None:
    assert before in BOOK
    found = loaded(BOOK.replace(before, after, 1))
    assert found.runbook is None
    assert any(says in one.render("en") for one in found.problems), found.problems
    assert all(one.render("ja") != one.render("en") for one in found.problems)


def test_all_faults_come_at_once_each_on_its_line() -> None:
    text = BOOK.replace("undo: [back]", "undo: [bakc]").replace("moyai, status", "moyai, sattus")
    text = text.replace("First {{ body }}.", "First {{ bdoy }}.")
    lines = [one.line for one in loaded(text).problems]
    assert lines == [line_of(text, w) for w in ("moyai, sattus", "undo: [bakc]", "{{ bdoy }}")]


@given(some.binary(max_size=300) | some.text(max_size=300).map(str.encode))
def test_no_content_makes_it_fail_otherwise(content: bytes) -> None:
    for whole in (content, b"---\n" + content + b"\n---\n", BOOK.encode()[:400] + content):
        found = loaded(whole.decode("utf-8", "replace"))
        assert (found.runbook is None) == bool(found.problems)


def test_whatever_one_runbook_runs_into_is_its_own_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise TypeError("unsupported")

    monkeypatch.setattr("moyai.runbook.read.check", fails)
    [found] = loaded().problems
    assert "this runbook cannot be read (TypeError)" in found.render("en")
    assert "この手順書は読めません（TypeError）" in found.render("ja")
