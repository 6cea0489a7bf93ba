"""What the words of selectors can name in a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from moyai.registry.selector import (
    ALL,
    Expression,
    UnreadableSelector,
    Word,
    no_body,
    nothing,
    parse,
    words,
)
from moyai.registry.words import one_line
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What words can name. `bodies`: code, former code, slug or name → the codes it means; `tags`:
    key → the values in use."""

    bodies: Mapping[str, tuple[str, ...]]
    services: frozenset[str]
    tags: Mapping[str, frozenset[str]]
    cells: frozenset[str]


class _Body(Protocol):
    """What words need of a body; the file's and the registry's bodies both have it."""

    @property
    def code(self) -> str: ...
    @property
    def former_codes(self) -> tuple[str, ...]: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


def vocabulary(
    bodies: Iterable[_Body],
    services: Iterable[str],
    cells: Iterable[str],
    default_tags: Mapping[str, str] | None = None,
) -> Vocabulary:
    """The words of a file. `default_tags` are those that bodies have without writing them."""
    named: dict[str, dict[str, None]] = {}
    tags: dict[str, set[str]] = {key: {value} for key, value in (default_tags or {}).items()}
    for body in bodies:
        for word in (body.code, *body.former_codes, body.slug, body.name):
            named.setdefault(word, {})[body.code] = None
        for key, value in body.tags.items():
            tags.setdefault(key, set()).add(value)
    return Vocabulary(
        {word: tuple(codes) for word, codes in named.items()},
        frozenset(services),
        {key: frozenset(values) for key, values in tags.items()},
        frozenset(cells),
    )


def why_unreadable(text: str, known: Vocabulary) -> Text | None:
    """Why a selector of the file cannot be read or names nothing, with the words that were rather meant."""
    try:
        check_words(parse(text), known)
    except UnreadableSelector as error:
        reason, hint = error.reason, error.hint
        if hint is None:
            return reason
        return Text(f"{reason.ja}（{hint.ja}）", f"{reason.en}; {hint.en}")
    return None


def check_words(expression: Expression, known: Vocabulary) -> None:
    """Raise `UnreadableSelector` for the first word that names nothing, with the nearest that do."""
    for word in words(expression):
        _check(word, known)


def _check(word: Word, known: Vocabulary) -> None:
    value = word.value
    if word.quality is None:
        if word == ALL:
            return
        meant = known.bodies.get(value)
        if meant is None:
            raise no_body(value, known.bodies)
        if len(meant) > 1:
            raise UnreadableSelector(
                Text(
                    f"「{value}」は {len(meant)} 団体あります（コードで選んでください）",
                    f"{len(meant)} bodies are named '{value}': choose one by its code",
                ),
                known=tuple(map(one_line, meant)),
            )
        return
    if word.quality == "service" and value not in known.services:
        raise nothing(value, known.services, "サービス", "service")
    if word.quality == "cell" and value not in known.cells:
        raise nothing(value, known.cells, "セル", "cell")
    if word.quality == "tag":
        key, equals, wanted = value.partition("=")
        if key not in known.tags:
            raise nothing(key, known.tags, "タグ", "tag")
        if equals and wanted not in known.tags[key]:
            raise nothing(wanted, known.tags[key], f"タグ {key} の値", f"value of the tag {key}")
