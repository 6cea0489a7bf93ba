"""An export verifies alone; what is no export, or was cut or edited, is refused or found."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from chains import CHAIN, CHAINS, CODE, entry, sealed

from moyai.audit.export import (
    Header,
    UnreadableExport,
    export_lines,
    lines_of,
    read_export,
    verify_export,
)
from moyai.audit.page import Words, page
from moyai.audit.records import AuditRecord, Head, genesis
from moyai.audit.verify import verify
from moyai.json_value import JsonValue
from moyai.texts import Lang, Text, same

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
Chain = tuple[AuditRecord, ...]


def header(head: Head, name: str = "大阪市") -> Header:
    return Header("大阪の共同体", CODE, name, NOW, head)


def written(chain: Chain) -> list[bytes]:
    return list(export_lines(header(chain[-1].head), chain))


@given(CHAINS)
def test_what_was_exported_is_read_as_it_was_and_is_clean(chain: Chain) -> None:
    lines = written(chain)
    export = read_export(lines)
    assert (export.header, tuple(export.records)) == (header(chain[-1].head), chain)
    assert verify_export(lines, [chain[-1].head]) == (header(chain[-1].head), ())
    assert lines == list(export_lines(header(chain[-1].head), chain))


@given(CHAINS, st.data())
def test_any_changed_byte_is_refused_or_found(chain: Chain, data: st.DataObject) -> None:
    whole = b"".join(written(chain))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != whole[at]))
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        _, found = verify_export(changed.splitlines(keepends=True))
    except UnreadableExport:
        return
    assert found


@given(CHAINS, st.data())
def test_any_cut_is_refused_or_found(chain: Chain, data: st.DataObject) -> None:
    whole = b"".join(written(chain))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        _, found = verify_export(cut.splitlines(keepends=True))
    except UnreadableExport:
        return
    assert [one.kind for one in found] == ["cut"]


@given(CHAINS, st.data())
def test_any_line_left_out_doubled_or_moved_is_refused_or_found(
    chain: Chain, data: st.DataObject
) -> None:
    lines = written(chain)
    at = data.draw(st.integers(0, len(lines) - 1))
    to = data.draw(st.integers(0, len(lines) - 1))
    left_out = [*lines[:at], *lines[at + 1 :]]
    for mutated in (
        left_out,
        [*lines[:at], lines[at], *lines[at:]],
        [*left_out[:to], lines[at], *left_out[to:]],
    ):
        if mutated == lines:
            continue
        try:
            assert verify_export(mutated)[1]
        except UnreadableExport:
            continue


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b'{"schema":"moyai.audit/2"}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"1" * 5000 + b"\n",
        b"PK\x03\x04\n",
    ],
)
def test_foreign_files_are_refused_for_people(foreign: bytes) -> None:
    with pytest.raises(UnreadableExport) as raised:
        read_export([foreign] if foreign else [])
    assert raised.value.line == 1
    assert raised.value.what.ja.startswith("1行目")
    assert raised.value.remedy is not None


def test_a_line_that_says_the_same_in_another_way_is_refused() -> None:
    chain = sealed([entry()])
    first, second = written(chain)
    doubled_key = second.replace(b'"result":', b'"result":"failed","result":')
    for other in (
        doubled_key,
        second.replace(b":", b": ", 1),
        second.replace(b"done", b"d\\u006fne"),
    ):
        assert other != second
        with pytest.raises(UnreadableExport) as raised:
            verify_export([first, other])
        assert raised.value.line == 2


def test_a_moment_at_the_end_of_time_is_no_header() -> None:
    [line] = export_lines(header(genesis(CHAIN)), ())
    for moment in (b"0001-01-01T00:00:00.000000+23:00", b"9999-12-31T23:59:59.999999-23:00"):
        foreign = line.replace(b"2026-11-26T12:00:00.000000+00:00", moment)
        assert foreign != line
        with pytest.raises(UnreadableExport):
            read_export([foreign])


def test_a_file_without_lines_is_read_in_pieces() -> None:
    file = BytesIO(b"x" * (40 << 20))
    with pytest.raises(UnreadableExport):
        read_export(lines_of(file))
    assert file.tell() < 17 << 20


def test_an_export_without_records_is_one_and_of_another_chain_is_none() -> None:
    empty = list(export_lines(header(genesis(CHAIN)), ()))
    assert verify_export(empty) == (header(genesis(CHAIN)), ())
    with pytest.raises(ValueError, match="is not the chain of"):
        list(export_lines(header(genesis("federation")), ()))


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_page_says_what_happened_and_needs_nothing_else(lang: Lang) -> None:
    chain = sealed(
        [
            entry(action="step.done", step="migrate", attempt=2, details={"rows": [1, 2]}),
            entry(result="failed", details={"said": "<script>alert(1)</script>\x1b[2J"}),
        ]
    )
    words = Words(same, lambda _: Text("移行", "migrations"), same)
    text = "".join(page(header(chain[-1].head, "<b>市"), chain, lang, words=words, findings=()))
    seen = Seen()
    seen.feed(text)
    assert "script" not in seen.tags
    assert "b" not in seen.tags
    assert seen.links == []
    assert "\x1b" not in text
    for expected in (
        "<b>市",
        words.step("migrate").of(lang),
        chain[-1].sha256,
        "21:00:00 JST",
        r"\x1b[2J",
    ):
        assert expected in seen.words
    assert seen.tags.count("tr") == 3


def test_the_page_says_what_is_wrong() -> None:
    chain = sealed([entry(), entry()])
    found = verify(chain[:1], [chain[-1].head])
    assert "記録2番がありません" in "".join(
        page(header(chain[-1].head), chain[:1], "ja", findings=found)
    )


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("ja", ("次にすること 待つ", "止めていた はい", "移行 一、二")),
        ("en", ("次にすること wait", "止めていた yes", "移行 一, 二")),
    ],
)
def test_the_page_has_details_in_words_of_its_language_the_most_telling_first(
    lang: Lang, expected: tuple[str, ...]
) -> None:
    details: dict[str, JsonValue] = {
        "applied": ["一", "二"],
        "closed": True,
        "nothing": [],
        "remedy": {"ja": "待つ", "en": "wait"},
    }
    called = {"remedy": "次にすること", "closed": "止めていた", "applied": "移行"}
    places = {key: at for at, key in enumerate(called)}
    words = Words(same, same, same, lambda key: same(called[key]), lambda key: places.get(key, 9))
    [one] = sealed([entry(details=details)])
    text = "".join(page(header(one.head), [one], lang, words=words))
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text.partition("<tbody>")[2])
    assert tuple(map(" ".join, found)) == expected


def test_the_page_has_a_signature_by_its_beginning_and_end() -> None:
    armoured = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH" + "A" * 60 + "\nZZZZZZZZZZZZ=\n-----END"
    [signed] = sealed([entry(action="operation.approve", details={"signature": armoured})])
    text = "".join(page(header(signed.head), [signed], "ja"))
    assert "U1NIU0lHAAAAAAAAAAAAAAAA…ZZZZZZZZZZZ=" in text
    assert "A" * 40 not in text
