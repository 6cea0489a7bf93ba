"""Documents as files: each whole or not there, for their owner only, with their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from moyai.costs.documents.compose.overview_paper import overview_bundle
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle
from moyai.costs.documents.pdf import pdf
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.statements.overview import Overview
from moyai.costs.statements.request import Request
from moyai.costs.statements.statement import Statement
from moyai.errors import OperationFailed
from moyai.texts import Lang, Text, of_system

_STEM = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,79}\Z")


class Kind(StrEnum):
    """A format of documents; its value is the files' ending."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"
    HTML = "html"


RENDERERS: Mapping[Kind, Callable[[Bundle], bytes]] = {
    Kind.PDF: pdf,
    Kind.XLSX: xlsx,
    Kind.CSV: csv_file,
    Kind.HTML: html,
}
ALL = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, and the hash of what is in it."""

    path: Path
    sha256: str


def write_statement(
    statement: Statement,
    request: Request,
    folder: Path,
    formats: Iterable[Kind] = ALL,
    lang: Lang = "ja",
    names: Mapping[str, str] | None = None,
) -> list[Written]:
    """A body's statement and request. `names`: code → name, for a lead body that rules name.

    Raises `OperationFailed` where a file cannot be written; what was written before stays.
    """
    bundle = body_bundle(statement, request, names or {}, lang)
    return write_bundle(bundle, folder, formats)


def write_overview(
    overview: Overview,
    folder: Path,
    formats: Iterable[Kind] = ALL,
    lang: Lang = "ja",
    names: Mapping[str, str] | None = None,
) -> list[Written]:
    """The secretariat's overview. Raises as `write_statement`."""
    return write_bundle(overview_bundle(overview, names or {}, lang), folder, formats)


def write_bundle(bundle: Bundle, folder: Path, formats: Iterable[Kind] = ALL) -> list[Written]:
    """A bundle in several formats, `STEM.pdf` and so on. Raises as `write_statement`."""
    if not _STEM.match(bundle.stem):
        raise ValueError(f"{bundle.stem!r} is no name for a file")
    written = []
    for kind in formats:
        content = RENDERERS[kind](bundle)
        written.append(write_file(folder / f"{bundle.stem}.{kind.value}", content))
    return written


def write_file(path: Path, content: bytes) -> Written:
    """One file. Raises as `write_statement`."""
    try:
        _replace(path, content)
    except OSError as error:
        raise _not_written(path, error) from error
    return Written(path, hashlib.sha256(content).hexdigest())


def _replace(path: Path, content: bytes) -> None:
    """The content in the path's place, in one step; readable by its owner only (mode 0600)."""
    _private(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _private(folder: Path) -> None:
    """The folder, made with all that is missing above it, each for its owner only (mode 0700)."""
    if not folder.exists():
        _private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _not_written(path: Path, error: OSError) -> OperationFailed:
    said = of_system(error)
    return OperationFailed(
        Text(f"{path} に書き込めません: {said.ja}", f"{path} cannot be written: {said.en}"),
    )
