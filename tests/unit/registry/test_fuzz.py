"""No file whatever gives a traceback: it gives a registry, or problems that say where and why."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.registry.load import Loaded, load_content
from moyai.registry.shape_errors import SENTENCES
from moyai.registry.yaml_tree import read

WORDS = SAMPLE.read_bytes()
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def _short() -> str:
    """The sample with six bodies, so that hypothesis gets further in the same time."""
    text = WORDS.decode()
    bodies = text.split("  - code: ")
    return "  - code: ".join(bodies[:7])


def _assert_told(content: bytes) -> Loaded:
    loaded = load_content(SAMPLE, content)
    lines = max(content.count(b"\n") + 2, 2)
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    assert (loaded.registry is None) == bool(errors)
    for problem in loaded.problems:
        if problem.file == "tenants.yaml":
            assert 1 <= problem.line <= lines + content.count(b"\r") + content.count(b"\xc2\x85")
        assert problem.column >= 1
        for lang in ("ja", "en"):
            assert problem.render(lang).isprintable(), problem  # type: ignore[arg-type] # both are languages
        assert JAPANESE.search(problem.message.ja), problem.message
        assert not JAPANESE.search(_without_quotes(problem.message.en)), problem.message
    return loaded


def _without_quotes(words: str) -> str:
    """English sentences may quote the file and name Japanese kinds, names and titles."""
    return "" if JAPANESE.search(words) else words


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    _assert_told(content)


@QUICK
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    _assert_told(text.encode(errors="replace"))


@QUICK
@given(st.data())
def test_the_sample_cut_or_with_other_bytes(data: st.DataObject) -> None:
    content = bytearray(_short().encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        change = data.draw(st.sampled_from(["cut", "put", "drop", "double"]))
        if change == "cut":
            del content[at:]
            break
        if change == "put":
            some = data.draw(
                st.one_of(
                    st.binary(min_size=1, max_size=3),
                    st.sampled_from([b"\t", b"*", b"&a ", b"<<: ", b"- ", b": ", b"!x ", b"\n"]),
                )
            )
            content[at:at] = some
        elif change == "drop":
            del content[at : at + data.draw(st.integers(1, 20))]
        else:
            content[at:at] = content[at : at + data.draw(st.integers(1, 200))]
    _assert_told(bytes(content))


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.sampled_from(
        [
            "0.0.0.0/0", "10.0.0.0/8", "2026-04-01", "all", "not", "chat", "一般市", "271004",
            "-----BEGIN OPENSSH PRIVATE KEY-----", "../..", "\0", "x" * 5_000, "network", "account",
            [], {}, [[]], [{}], {"from": "2026-04-01"}, {"service": "chat"}, 10**30,
        ]
    ),
)  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _paths(inner, (*path, index))
    return found


@QUICK
@given(st.data())
def test_the_sample_with_other_values(data: st.DataObject) -> None:
    root: Any = read(_short().encode()).value
    paths = _paths(root)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(paths))
        holder = root
        try:
            for step in path[:-1]:
                holder = holder[step]
            change = data.draw(st.sampled_from(["set", "drop", "add"]))
            if change == "drop":
                del holder[path[-1]]
            elif change == "add" and isinstance(holder, dict):
                holder[data.draw(st.text(min_size=1, max_size=12))] = data.draw(STRANGE)
            else:
                holder[path[-1]] = data.draw(STRANGE)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    _assert_told(yaml.safe_dump(root, allow_unicode=True).encode(errors="replace"))


@settings(QUICK, max_examples=100)
@given(st.sampled_from(_paths(read(_short().encode()).value)), STRANGE)
@example(("tenants",), {"a": 1})
@example(("federation", "network"), [])
@example(("tenants", 1, "services"), {"service": "chat"})
def test_each_value_replaced(path: tuple[Any, ...], strange: Any) -> None:
    root: Any = read(_short().encode()).value
    holder = root
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = strange
    loaded = _assert_told(yaml.safe_dump(root, allow_unicode=True).encode(errors="replace"))
    generic = [one for one in loaded.problems if "this value is wrong" in one.message.en]
    assert generic == [], "an error of pydantic's without a sentence of its own"


def test_every_sentence_can_be_said() -> None:
    context: dict[str, Any] = {
        "input": "x", "value": "x", "meant": "y", "expected": "'a' or 'b'", "ge": 1, "le": 2,
        "min_length": 1, "max_length": 2, "pattern": "p",
    }  # fmt: skip
    for kind, say in SENTENCES.items():
        text = say(context)
        assert JAPANESE.search(text.ja), kind
        assert text.en.isascii() or "…" in text.en, kind
