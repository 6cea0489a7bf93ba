"""Whatever a value says, it stays one argument, in what is run and in what is read."""

from __future__ import annotations

import re
import shlex

from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt
from tests.unit.runbook.books import BOOK, book

from moyai.runbook.commands import arguments, content_hash
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
