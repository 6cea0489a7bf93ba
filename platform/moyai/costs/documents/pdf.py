"""Papers as PDF/A-2a, laid out by Typst with Japanese fonts that come with the product.

Everything foreign goes in as data, none of it as markup. The same bundle gives the same bytes.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from pathlib import Path

from moyai.costs.documents.paper import (
    Block,
    Bundle,
    Chart,
    Facts,
    Heading,
    Note,
    Pair,
    Paper,
    Table,
)
from moyai.costs.documents.written import plain, written
from moyai.texts import JAPAN, Lang, Text
from moyai.typesetting import STANDARDS, compiler

_TEMPLATE = Path(__file__).parent / "templates" / "paper.typ"

Json = str | bool | int | list["Json"] | dict[str, "Json"]


def pdf(bundle: Bundle) -> bytes:
    """The bundle's papers, one after the other, as one PDF."""
    made = compiler(_TEMPLATE).compile(
        format="pdf",
        sys_inputs=inputs(bundle),
        timestamp=datetime.combine(bundle.issued_on, time(), JAPAN),
        pdf_standards=[*STANDARDS],
    )
    assert isinstance(made, bytes)
    return made


def pages(bundle: Bundle, dots_per_inch: float = 100) -> list[bytes]:
    """The same as pictures (PNG), a page each."""
    made = compiler(_TEMPLATE).compile(format="png", sys_inputs=inputs(bundle), ppi=dots_per_inch)
    return [made] if isinstance(made, bytes) else list(made or ())


def inputs(bundle: Bundle) -> dict[str, str]:
    """What the template is given."""
    lang = bundle.lang
    data: Json = {
        "lang": lang,
        "title": plain(bundle.title),
        "author": plain(bundle.author),
        "yen-word": Text("円", "yen").of(lang),
        "papers": [_paper(paper, lang) for paper in bundle.papers],
    }
    return {"data": json.dumps(data, ensure_ascii=False)}


def _paper(paper: Paper, lang: Lang) -> Json:
    label, amount = paper.amount
    return {
        "marks": [plain(mark) for mark in paper.marks],
        "title": plain(paper.title),
        "number": plain(paper.number),
        "to": plain(paper.to),
        "sender": [plain(line) for line in paper.sender],
        "dated": paper.dated,
        "opening": plain(paper.opening),
        "amount-label": plain(label),
        "amount": written(amount, lang),
        "blocks": [
            _block(block, lang)
            for block in paper.blocks
            if not (isinstance(block, Table) and block.wide)
        ],
        "basis": [[plain(name), plain(said)] for name, said in paper.basis],
    }


def _block(block: Block, lang: Lang) -> Json:
    if isinstance(block, Table):
        return _table(block, lang)
    if isinstance(block, Pair):
        return {
            "type": "pair",
            "left": _table(block.left, lang),
            "right": _table(block.right, lang),
        }
    if isinstance(block, Heading):
        return {"type": "heading", "words": plain(block.words), "together": block.together}
    if isinstance(block, Note):
        return {"type": "note", "words": plain(block.words), "warning": block.warning}
    if isinstance(block, Facts):
        return {"type": "facts", "rows": [[plain(name), plain(said)] for name, said in block.rows]}
    assert isinstance(block, Chart)
    return {
        "type": "chart",
        "svg": block.svg,
        "title": plain(block.title),
        "says": plain(block.says),
    }


def _table(table: Table, lang: Lang) -> Json:
    return {
        "type": "table",
        "caption": plain(table.caption),
        "columns": [
            {"title": plain(column.title), "width": column.width, "numeric": column.numeric}
            for column in table.columns
        ],
        "rows": [
            {"kind": row.kind.value, "cells": [written(cell, lang) for cell in row.cells]}
            for row in table.rows
        ],
    }
