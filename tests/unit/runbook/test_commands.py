"""Whatever a value says, it stays one argument, in what is run and in what is read."""

from __future__ import annotations

import re
import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt
from tests.unit.runbook.books import BOOK, book, loaded

from moyai.runbook.commands import arguments, content_hash
from moyai.runbook.lengths import MOST_BYTES, Room, TooLong
from moyai.runbook.markdown import markdown
from moyai.runbook.render import html
from moyai.runbook.templates import escaped

SMALL = book()
hostile = some.text(min_size=1, max_size=30).filter(str.isprintable) | some.sampled_from(
    ["$(reboot)", "a b", "'; rm -rf /", "{{ body }}", "{% raw %}", "`x`", "--yes", "a\\", '"', "*"]
)


@settings(deadline=None)
@given(hostile, hostile, some.lists(hostile, max_size=3))
def test_a_value_is_one_argument(words: str, person: str, services: list[str]) -> None:
    values = {
        "body": "272027",
        "person": person,
        "words": words,
        "services": tuple(services),
        "loud": True,
        "site": "sandbox",
    }
    found = arguments(SMALL.steps[2].run, values)
    each = [word for one in services for word in ("--site", one)]
    wanted = ["moyai", "deploy", f"272027-{person}", "--jobs", "1", *each, words]
    assert list(found) == wanted
    blocks = re.findall(r"^```console\n\$ (.*)\n```$", markdown(SMALL, "en", values), re.MULTILINE)
    assert shlex.split(blocks[1]) == wanted


@given(some.text(min_size=1, max_size=40).filter(lambda one: one.strip() and one.isprintable()))
def test_a_value_in_what_is_read_is_only_words(words: str) -> None:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    inline = reader.parse(escaped(words))
    assert [one.type for one in inline] == ["paragraph_open", "inline", "paragraph_close"]
    shown = "".join(part.content for part in inline[1].children or ())
    assert {part.type for part in inline[1].children or ()} <= {"text", "text_special"}
    assert shown == " ".join(words.split())


def test_what_is_not_there_leaves_its_arguments_out() -> None:
    values = {"body": "1", "person": "x", "words": None, "services": (), "loud": False}
    assert arguments(SMALL.steps[2].run, values) == ("moyai", "deploy", "1-x")


def test_html_of_a_value_is_shown_and_not_read() -> None:
    page = html(SMALL, "en", {"body": "<script>alert(1)</script>", "loud": False, "services": ()})
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_hash_is_of_content_and_values() -> None:
    values = {"body": "272027", "site": "sandbox"}
    hashes = {
        content_hash(SMALL, values),
        content_hash(SMALL, {**values, "body": "272043"}),
        content_hash(SMALL, {**values, "person": "x"}),
        content_hash(book(BOOK.replace("First", "Then")), values),
    }
    assert len(hashes) == 4
    assert content_hash(book(), dict(reversed(values.items()))) == content_hash(SMALL, values)


def test_both_languages_come_of_one_source() -> None:
    japanese, english = markdown(SMALL, "ja"), markdown(SMALL, "en")
    assert "はじめに BODY。" in japanese
    assert "はじめに" not in english
    assert "First BODY." in english
    assert re.findall(r"^\$ .*", japanese, re.MULTILINE) == re.findall(
        r"^\$ .*", english, re.MULTILINE
    )


LONG = "a" * 2_000
VALUES = {
    "body": "272027",
    "person": LONG,
    "words": LONG,
    "loud": True,
    "site": "sandbox",
    "services": (LONG,),
}
_BODY = BOOK.rindex("---\n") + len("---\n")


@pytest.mark.usefixtures("little_memory")
def test_a_runbook_that_becomes_too_long_with_its_values_is_refused_while_it_is_made() -> None:
    steps = "".join(f'{{{{ step("{one}") }}}}\n' for one in ("look", "who", "act"))
    found = loaded(BOOK[:_BODY] + steps + "{{ words }}" * 4_000).runbook
    assert found is not None
    assert len(markdown(found, "ja")) < 1024**2, "without values it is not"
    before = time.process_time()
    for make in (markdown, html):
        with pytest.raises(TooLong, match="1 MiB at most") as caught:
            make(found, "en", VALUES)
        assert "MiB" in caught.value.what.ja
    assert time.process_time() - before < 20


@pytest.mark.usefixtures("little_memory")
def test_a_command_that_becomes_too_long_is_refused_while_it_is_made() -> None:
    many = {**VALUES, "services": (LONG,) * 1_000_000}
    with pytest.raises(TooLong):
        arguments(SMALL.steps[2].run, many)
    with pytest.raises(TooLong):
        markdown(SMALL, "en", many)


@given(some.lists(hostile, max_size=40))
def test_a_room_takes_up_to_its_bytes_and_not_one_more(words: list[str]) -> None:
    room = Room()
    taken = "".join(map(room.take, words))
    assert taken == "".join(words)
    room.take("x" * (MOST_BYTES - len(taken.encode())))
    with pytest.raises(TooLong):
        room.take("あ")
