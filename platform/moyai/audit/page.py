"""The export of one chain as a page for people: one HTML file, no scripts, nothing from elsewhere. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from moyai.audit.details import plain
from moyai.audit.export import Header
from moyai.audit.page_words import WORDS
from moyai.audit.records import AuditRecord
from moyai.audit.verify import Finding
from moyai.json_value import JsonValue
from moyai.texts import Lang, Text, in_japan, same, text_of, visible

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Words:
    """What actions, steps and results are called, by their names on record."""

    action: Callable[[str], Text]
    step: Callable[[str], Text]
    result: Callable[[str], Text]
    detail: Callable[[str], Text] = same
    """Of a key among the details."""
    place: Callable[[str], int] = lambda _: 0
    """Where that stands among others, the lowest first; equal ones by their keys."""
    proof: Callable[[AuditRecord], Text | None] = lambda _: None
    """What its signature proves; None where nobody signs such a record."""


def page(
    header: Header,
    records: Iterable[AuditRecord],
    lang: Lang,
    *,
    words: Words | None = None,
    findings: Sequence[Finding] | None = None,
) -> Iterator[str]:
    """The page, piece by piece, as the records come.

    `words`: what actions, steps and results are called; None: they stand as they are.
    `findings`: of `verify`, where it was done; None: the page does not say whether the chain is whole.
    """
    named = words or Words(*(same,) * 3)

    def said(what: Callable[[str], Text]) -> Callable[[str], str]:
        return lambda code: visible(what(code).of(lang))

    yield from _template().generate(
        lang=lang,
        w={key: text.of(lang) for key, text in WORDS.items()},
        header=header,
        records=records,
        findings=None if findings is None else [one.what.of(lang) for one in findings],
        action=said(named.action),
        step=said(named.step),
        result=said(named.result),
        details=lambda details: _details(details, named, lang),
        proof=lambda record: _proof(named.proof(record), lang),
    )


def _details(
    details: Mapping[str, JsonValue], named: Words, lang: Lang
) -> Iterator[tuple[str, str]]:
    """What they are called, and what they say; those that say nothing are left out."""
    for key in sorted(details, key=lambda key: (named.place(key), key)):
        value = details[key]
        if value is not None and value != () and value != "":
            yield visible(named.detail(key).of(lang)), visible(_said(value, lang))


def _proof(text: Text | None, lang: Lang) -> str:
    return "" if text is None else visible(text.of(lang))


_SIGNATURE = "-----BEGIN SSH SIGNATURE-----"


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=_moment, visible=_visible)
    return environment.get_template("export.html.j2")


def _moment(moment: datetime) -> str:
    return in_japan(moment)


def _visible(words: object) -> str:
    return visible(str(words))


def _said(value: JsonValue, lang: Lang) -> str:
    """A sentence in the page's language, yes and no in words, lists with commas; anything else as JSON."""
    sentence = text_of(value)
    if sentence is not None:
        return sentence.of(lang)
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"].of(lang)
    if isinstance(value, (list, tuple)) and all(
        isinstance(one, (str, int)) or text_of(one) is not None for one in value
    ):
        return WORDS["comma"].of(lang).join(_said(one, lang) for one in value)
    return json.dumps(plain(value), ensure_ascii=False)


def _shortened(words: str) -> str:
    """An SSH signature by its beginning and end: the whole is in the export that is verified."""
    if not words.startswith(_SIGNATURE):
        return words
    kept = "".join(line for line in words.splitlines() if not line.startswith("-----"))
    return f"{kept[:24]}…{kept[-12:]}"
