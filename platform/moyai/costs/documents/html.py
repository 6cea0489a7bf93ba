"""Papers as one HTML file that needs nothing else: no script, no other file, print styles within."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from moyai.costs.documents.paper import Block, Bundle, Cell
from moyai.costs.documents.written import plain, written
from moyai.texts import Lang, Text

_TEMPLATES = Path(__file__).parent / "templates"


def html(bundle: Bundle) -> bytes:
    """The bundle's papers, one after the other, as one page."""
    return (
        _template(bundle.lang)
        .render(
            lang=bundle.lang,
            title=plain(bundle.title),
            author=plain(bundle.author),
            yen_word=Text("円", "yen").of(bundle.lang),
            papers=bundle.papers,
        )
        .encode()
    )


@lru_cache(maxsize=2)
def _template(lang: Lang) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )

    def in_words(cell: Cell) -> str:
        return written(cell, lang)

    environment.filters.update(plain=plain, written=in_words, kind=_kind)
    return environment.get_template("paper.html.j2")


def _kind(block: Block) -> str:
    return type(block).__name__
