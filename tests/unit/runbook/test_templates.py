"""What a template may not have is refused before anything of it is computed."""

from __future__ import annotations

import time

import pytest
from tests.unit.runbook.books import BOOK, loaded

from moyai.runbook.templates import for_arguments, for_reading, for_sentences

COSTLY = [
    '{{ "a" * 1000000000 }}',
    "{{ 9 ** 9 ** 9 }}",
    "{{ ('%' ~ '1000000000d')|format(1) }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'|indent(1000000000, true) }}",
    "{{ 'aaaa'|replace('a', 'b' * 100000000) }}",
    "{{ ['a' * 1000000000]|join }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ (['a'] * 300000000)|length }}",
    "{% if 'a' * 1000000000 == 'b' %}x{% endif %}",
]


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("words", COSTLY)
@pytest.mark.parametrize(
    "place", ["First {{ body }}.", "Who is {{ body }}", "{{ body }}-{{ person }}"]
)
def test_a_costly_constant_is_refused_and_not_computed(words: str, place: str) -> None:
    quoted = words.replace('"', "'")
    before = time.process_time()
    found = [one.render("en") for one in loaded(BOOK.replace(place, quoted)).problems]
    assert time.process_time() - before < 2
    assert any("templates have values" in one for one in found), found
    assert not any("nested" in one for one in found)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("{{ body }}" * 5_000, "the template is too long"),
        ('{{ "\'"' + "|sh" * 30 + " }}", "one filter at most"),
        ('{{ (("\'"|sh) ~ body)|upper }}', "one filter at most"),
        ("{{ " + "9" * 5_000 + " }}", "a number in it is too long"),
        ("{{ 0x" + "f" * 5_000 + " }}", "templates have values"),
        ("{{ 1e999 }}", "templates have values"),
    ],
    ids=[
        "many values",
        "quotes of quotes",
        "a filter within",
        "long number",
        "long hexadecimal",
        "no number",
    ],
)
def test_what_a_template_can_become_is_bounded(words: str, says: str) -> None:
    found = [one.render("en") for one in loaded(BOOK.replace("First {{ body }}.", words)).problems]
    assert any(says in one for one in found), found


def test_constants_are_not_computed_where_templates_are_compiled() -> None:
    for environment in (for_arguments(), for_reading(), for_sentences()):
        assert not environment.optimized


STATEMENTS = [
    "{% autoescape false %}{{ body }}{% endautoescape %}",
    "{% set a = body %}",
    "{% set a %}{{ body }}{% endset %}",
    "{% for x in body %}x{% endfor %}",
    "{% with a = body %}{{ a }}{% endwith %}",
    "{% block x %}{{ body }}{% endblock %}",
    "{% macro x(y=1) %}{{ y }}{% endmacro %}",
    "{% call who() %}x{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    '{% include "x" ignore missing %}',
    '{% import "x" as x %}',
    '{% from "x" import y with context %}',
    "{{ body[1:2] }}",
    "{{ {'a': body} }}",
    "{{ body(*who, **who) }}",
    "{{ body(a=who) }}",
    "{{ body is defined }}",
    "{{ body if words }}",
    "{{ body < words }}",
    "{{ -body }}",
    "{{ (body, words) }}",
    "{% if body %}{% autoescape true %}x{% endautoescape %}{% endif %}",
]


@pytest.mark.parametrize("words", STATEMENTS)
def test_what_no_template_may_have_is_refused_with_its_line(words: str) -> None:
    place = "First {{ body }}."
    text = BOOK.replace(place, f"\n{{% if body %}}\n{words}\n{{% endif %}}")
    line = text[: text.index(words)].count("\n") + 1
    [found] = [
        one for one in loaded(text).problems if one.line > BOOK[: BOOK.index(place)].count("\n")
    ]
    assert (found.line, "templates have values" in found.render("en")) == (line, True)
