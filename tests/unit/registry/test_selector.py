"""The language of selectors: what is read, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.registry.selector import (
    ALL,
    Every,
    Not,
    Some,
    UnreadableSelector,
    Word,
    parse,
    words,
)
from moyai.registry.selector_words import Vocabulary, check_words

A, B, C = (Word(None, name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a", A),
        ("all", ALL),
        ("ALL", ALL),
        ("a b", Some((A, B))),
        ("a, b", Some((A, B))),
        ("a、b", Some((A, B))),
        ("a or b", Some((A, B))),
        ("a and b", Every((A, B))),
        ("a AND NOT b", Every((A, Not(B)))),
        ("not a", Not(A)),
        ("not not a", Not(Not(A))),
        ("a or b and c", Some((A, Every((B, C))))),
        ("a and b, c", Some((Every((A, B)), C))),
        ("all not a", Every((ALL, Not(A)))),
        ("a b not c", Every((Some((A, B)), Not(C)))),
        ("a, not b", Every((A, Not(B)))),
        ("not a not b", Every((Not(A), Not(B)))),
        ("not (a b)", Not(Some((Some((A, B)),)))),
        ("（a）", Some((A,))),
        ("kind:中核市", Word("kind", "中核市")),
        ("kind：中核市", Word("kind", "中核市")),
        ("service:eapp-a", Word("service", "eapp-a")),
        ("isolation:network", Word("isolation", "network")),
        ("cell:a", Word("cell", "a")),
        ("tag:wave", Word("tag", "wave")),
        ("tag:wave=canary", Word("tag", "wave=canary")),
        ('tag:note="a b"', Word("tag", "note=a b")),
        ("population:..49999", Word("population", "..49999")),
        ("population：１０００００..", Word("population", "100000..")),
        ("population:0..0 a", Some((Word("population", "0..0"), A))),
    ],
)
def test_what_is_meant(text: str, meant: object) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "`all` means all"),
        ("  ", "`all` means all"),
        ("not a b", "a word follows a `not`"),
        ("a not b c", "a word follows a `not`"),
        ("a b and c", "mixed with a list"),
        ("a or b c", "mixed with a list"),
        ("(a", "cannot be read"),
        ("a)", "cannot be read"),
        ("()", "cannot be read"),
        ("a and", "cannot be read"),
        ("and a", "cannot be read"),
        ("not", "cannot be read"),
        ("a,,b", "cannot be read"),
        (",a", "cannot be read"),
        ('"', "cannot be read"),
        ("kind:市", "there is no kind '市'"),
        ("isolation:vpc", "there is no isolation 'vpc'"),
        ("colour:red", "there is no condition 'colour'"),
        ("population:..", "write ..49999 (up to), 100000.. (from), or 50000..99999"),
        ("population:", "the range of residents '' cannot be read"),
        ("population:5000", "cannot be read"),
        ("population:<5000", "cannot be read"),
        ("population:50,000..", "the range of residents '50' cannot be read"),
        ("population:2..1", "cannot be read"),
        ("population:-1..2", "cannot be read"),
        ("population:1...2", "cannot be read"),
        ("population:1234567890..", "cannot be read"),
        ("(" * 100 + "a" + ")" * 100, "nested too deeply"),
        ("not " * 100 + "a", "nested too deeply"),
        ("a " * 20_000, "too long"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableSelector) as caught:
        parse(text)
    assert reason in caught.value.reason.en


@given(st.text(alphabet='ab(),、"：: notadr=', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except UnreadableSelector:
        return
    assert list(words(found))


KNOWN = Vocabulary(
    {"271004": ("271004",), "osaka": ("271004",), "府中市": ("132063", "342084")},
    frozenset({"chat"}),
    {"wave": frozenset({"canary"})},
    frozenset({"a"}),
)


@pytest.mark.parametrize(
    "text", ["osaka not 271004", "service:chat", "tag:wave=canary cell:a", "all"]
)
def test_known_words(text: str) -> None:
    check_words(parse(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "reason", "near"),
    [
        ("osakaa", "there is no body 'osakaa'", "osaka"),
        ("Ｏsaka", "there is no body 'Ｏsaka'", "osaka"),
        ("府中市", "2 bodies are named '府中市'", "342084"),
        ("osaka service:chatt", "there is no service 'chatt'", "chat"),
        ("not tag:wav", "there is no tag 'wav'", "wave"),
        ("tag:wave=canry", "there is no value of the tag wave 'canry'", "canary"),
        ("cell:b", "there is no cell 'b'", "a"),
    ],
)
def test_unknown_words_name_the_nearest(text: str, reason: str, near: str) -> None:
    with pytest.raises(UnreadableSelector) as caught:
        check_words(parse(text), KNOWN)
    assert reason in caught.value.reason.en
    assert near in (caught.value.near or caught.value.known)


@pytest.mark.parametrize("text", ["foo", "999999"])
def test_a_word_like_none_names_no_unrelated_bodies(text: str) -> None:
    with pytest.raises(UnreadableSelector) as caught:
        check_words(parse(text), KNOWN)
    assert caught.value.hint is None
