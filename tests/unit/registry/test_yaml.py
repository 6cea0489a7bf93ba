"""Reading YAML: what it means, where it stands, and what is refused."""

from __future__ import annotations

import pytest
from tests.pace import seconds_of

from moyai.registry import yaml_text
from moyai.registry.yaml_tree import Place, UnreadableYaml, read


def _value(text: str) -> object:
    tree = read(text.encode())
    assert tree.flaws == ()
    return tree.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),  # Norway, and 能 in romaji
        ("on", "on"),
        ("y", "y"),
        ("22:00", "22:00"),
        ("1:30:00", "1:30:00"),
        ("011002", "011002"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-04-01", "2026-04-01"),
        ("1.0.0", "1.0.0"),
        ("=", "="),
        ("271004", 271004),
        ("-5", -5),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'271004'", "271004"),
        ('"true"', "true"),
        ("'<<'", "<<"),
        ("!!str x", "x"),
        ("|\n  a\n  b", "a\nb"),
    ],
)
def test_scalars_mean_what_they_look_like(written: str, meant: object) -> None:
    found = _value(f"a: {written}\n")
    assert found == {"a": meant + "\n" if written.startswith("|") else meant}  # type: ignore[operator] # a word there


def test_anchors_and_merge_keys() -> None:
    text = """
base: &base { x: 1, y: 2 }
more: &more { y: 3, z: 4 }
one: { <<: *base, x: own }
both: { <<: [*base, *more] }
again: *base
"""
    assert _value(text) == {
        "base": {"x": 1, "y": 2},
        "more": {"y": 3, "z": 4},
        "one": {"x": "own", "y": 2},
        "both": {"x": 1, "y": 2, "z": 4},
        "again": {"x": 1, "y": 2},
    }


def test_flaws_are_told_and_the_rest_is_read() -> None:
    tree = read(b"a: 1\na: 2\nb: !secret 3\n[c]: 4\nd: { <<: 5 }\ne: {x: 1, y: 2, x: 3}\n")
    assert tree.value == {"a": 1, "b": 3, "d": {}, "e": {"x": 1, "y": 2}}
    assert [(flaw.place.line, flaw.place.column) for flaw in tree.flaws] == [
        (2, 1),
        (3, 4),
        (4, 1),
        (5, 10),
        (6, 17),
    ]


def test_places() -> None:
    tree = read(
        "あ:\n  - x: 1\n    y: [2, 三, 4]\nb: &b { k: v }\nc: { <<: *b, own: 1 }\n".encode()
    )
    assert tree.place(("あ", 0, "y", 2)) == Place(3, 15)
    assert tree.key_place(("あ", 0, "y")) == Place(3, 5)
    assert tree.place(("あ", 0, "missing", "deeper")) == Place(2, 5)
    assert tree.key_place(("c", "k")) == Place(4, 9)
    assert tree.place(()) == Place(1, 1)


UNREADABLE = {
    "nothing": (b"", "the file is empty", 1),
    "only a comment": (b"# a\n", "the file is empty", 1),
    "Shift_JIS": ("a: 1\nb: 堺市\n".encode("cp932"), "not UTF-8", 2),
    "UTF-16": ("a: 1\n".encode("utf-16"), "not UTF-8", 1),
    "UTF-8 cut inside a character": ("a: 堺".encode()[:-1], "not UTF-8", 1),
    "NUL": (b"a: 1\nb: \x00\n", "a character that YAML does not allow", 2),
    "control character": ("a: 堺\nb: 市\x07\n".encode(), "a character that YAML does not allow", 2),
    "cut inside quotes": (b'a: "b\nc: d\n', "a quotation mark is not closed", 3),
    "cut inside brackets": (b"a: [1, 2\n", "closing bracket is missing", 2),
    "cut inside braces": (b"a: {b: 1,\n", "closing bracket is missing", 2),
    "a tab": (b"a:\n\tb: 1\n", "a tab", 2),
    "indentation": (b"a: 1\n b: 2\n", "':' cannot stand here", 2),
    "a dash where a key belongs": (b"a: 1\n- b\n", "a key was expected here", 2),
    "no colon": (b"a: 1\nb\nc: 2\n", "a ':' is missing", 3),
    "unknown alias": (b"a: 1\nb: *c\n", "no anchor (&) of this name", 2),
    "doubled anchor": (b"a: &x 1\nb: &x 2\n", "two anchors have this name", 2),
    "two documents": (b"a: 1\n---\nb: 2\n", "one document only", 2),
    "a backquote": (b"a: `b`\n", "cannot begin a value", 1),
    "escape": (b'a: "\\q"\n', "a wrong '\\' inside quotes", 1),
    "surrogate": (b'a: "\\ud800"\n', "a wrong '\\' inside quotes", 1),
    "an anchor inside itself": (b"a: &x [1, *x]\n", "an anchor that contains itself", 1),
    "a merge of itself": (b"a: &x { <<: *x }\n", "an anchor that contains itself", 1),
    "deep brackets": (b"a: " + b"[" * 100_000, "nested too deeply", 1),
    "deep dashes": (b"- " * 50_000, "nested too deeply", 1),
    "deep braces": (b"{a: " * 50_000, "nested too deeply", 1),
    "deep questions": (b"? " * 50_000, "nested too deeply", 1),
    "deep indentation": (
        b"".join(b" " * i + b"a:\n" for i in range(1_000)),
        "nested too deeply",
        61,
    ),
    "too large": (b"#" * (yaml_text.MAX_BYTES + 1), "too large", 1),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read(name: str) -> None:
    content, reason, line = UNREADABLE[name]
    with pytest.raises(UnreadableYaml) as caught:
        read(content)
    assert reason in caught.value.reason.en
    assert caught.value.place.line == line
    assert caught.value.place.column >= 1


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MAX_NODES", 1_000)
    assert len(read(b"[" + b"1," * 998 + b"]").value) == 998  # type: ignore[arg-type] # a list
    with pytest.raises(UnreadableYaml, match="too many values"):
        read(b"[" + b"1," * 1_000 + b"]")


def _laughs(levels: int) -> bytes:
    """Each level is ten of the one before."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("levels", [10, 5_000])
def test_a_billion_laughs_are_refused_at_once(levels: int) -> None:
    text = _laughs(levels)

    def laugh() -> None:
        with pytest.raises(UnreadableYaml, match="aliases expand"):
            read(text)

    # As many lines of as many plain words each.
    plain = text.replace(b"&", b"").replace(b"*", b"")
    assert seconds_of(laugh) < 10 * seconds_of(lambda: read(plain))


def test_a_few_laughs_are_fine() -> None:
    assert len(_value(_laughs(4).decode())["a3"]) == 10  # type: ignore[index,call-overload,arg-type] # a mapping of lists


def test_laughs_by_merge_keys_are_refused() -> None:
    lines = ["a0: &a0 { k: v }"]
    lines += [f"a{i}: &a{i} {{ x: *a{i - 1}, y: *a{i - 1}, z: *a{i - 1} }}" for i in range(1, 40)]
    lines.append("b: { <<: *a39 }")
    with pytest.raises(UnreadableYaml, match="aliases expand"):
        read("\n".join(lines).encode())


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - 2\r\n").value == {"a": 1, "b": [2]}
