"""A runbook as HTML and PDF, from the same Markdown. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from moyai.runbook.markdown import markdown
from moyai.runbook.model import Runbook, Values
from moyai.texts import JAPAN, Lang
from moyai.typesetting import STANDARDS, compiler

_LAYOUTS = Path(__file__).parent / "layouts"

Json = str | bool | int | list["Json"] | dict[str, "Json"]

__all__ = ["html", "markdown", "pdf"]


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    """CommonMark and tables; HTML in it is shown as it is written."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def html(runbook: Runbook, lang: Lang, values: Values | None = None) -> str:
    """One page that needs nothing else: no script, no other file."""
    body = _reader().render(markdown(runbook, lang, values))
    return _page().render(lang=lang, title=runbook.title.of(lang), body=body)


@lru_cache(maxsize=1)
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_LAYOUTS), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("runbook.html.j2")


def pdf(runbook: Runbook, lang: Lang, day: date, values: Values | None = None) -> bytes:
    """PDF/A-2a, laid out by Typst; the same runbook, values and day give the same bytes."""
    tree = SyntaxTreeNode(_reader().parse(markdown(runbook, lang, values)))
    data: Json = {
        "lang": lang,
        "title": runbook.title.of(lang),
        "foot": f"{runbook.name} · {runbook.sha256[:12]}",
        "blocks": [_block(one) for one in tree.children],
    }
    made = compiler(_LAYOUTS / "runbook.typ", with_code=True).compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=datetime.combine(day, time(), JAPAN),
        pdf_standards=[*STANDARDS],
    )
    assert isinstance(made, bytes)
    return made


def _block(node: SyntaxTreeNode) -> Json:
    """What the layout is given of a block: data, none of it markup."""
    if node.type == "heading":
        return {"type": "heading", "level": int(node.tag[1:]), "runs": _runs(node)}
    if node.type == "paragraph":
        return {"type": "paragraph", "runs": _runs(node)}
    if node.type in ("fence", "code_block"):
        return {"type": "code", "words": node.content.rstrip("\n")}
    if node.type in ("bullet_list", "ordered_list"):
        items: list[Json] = [[_block(part) for part in one.children] for one in node.children]
        return {"type": "list", "ordered": node.type == "ordered_list", "items": items}
    if node.type == "blockquote":
        return {"type": "quote", "blocks": [_block(one) for one in node.children]}
    if node.type == "table":
        rows = [row for part in node.children for row in part.children]
        cells: list[Json] = [[_runs(cell) for cell in row.children] for row in rows]
        return {"type": "table", "rows": cells}
    return {"type": "rule"}


def _runs(node: SyntaxTreeNode) -> list[Json]:
    return [run for one in node.children for run in _inline(one, "plain")]


def _inline(node: SyntaxTreeNode, style: str) -> Iterator[Json]:
    """Words with their style: plain, strong, em or code; links are their words."""
    if node.type == "text":
        yield {"style": style, "words": node.content}
    elif node.type == "code_inline":
        yield {"style": "code", "words": node.content}
    elif node.type in ("softbreak", "hardbreak"):
        yield {"style": style, "words": " " if node.type == "softbreak" else "\n"}
    else:
        style = node.type if node.type in ("strong", "em") else style
        for one in node.children:
            yield from _inline(one, style)
