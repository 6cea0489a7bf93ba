"""The runbooks of a federation: the folder `runbooks` beside tenants.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from moyai.engine.files import disk_trouble
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.site.places import find_registry_file
from moyai.registry.load import require as require_registry
from moyai.registry.problems import at
from moyai.registry.yaml_tree import Place
from moyai.runbook.check import Commands
from moyai.runbook.model import Runbook, Values
from moyai.runbook.parameters import parse
from moyai.runbook.read import Loaded, catalogue, load, require
from moyai.runbook.render import html, markdown, pdf
from moyai.texts import Lang, Text

FOLDER = "runbooks"
Form = Literal["md", "html", "pdf"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A runbook's page in a file."""

    path: Path
    sha256: str
    made: Path | None = None
    """The folder, where it was made for the page."""


def folder_of(file: Path | None) -> Path:
    """Where the runbooks are. Raises `UsageError` where there is no tenants.yaml."""
    return find_registry_file(file).parent / FOLDER


def all_of(file: Path | None, commands: Commands | None = None) -> tuple[Loaded, ...]:
    """Every runbook, valid or not, by name; one that cannot be read has that as its problem."""
    return tuple(_loaded(path, commands) for path in catalogue(folder_of(file)).values())


def _loaded(path: Path, commands: Commands | None) -> Loaded:
    try:
        return load(path, commands)
    except UsageError as error:
        return Loaded(path.name, None, (at(path.name, Place(1, 1), error.what),))


def some_of(file: Path | None, names: Sequence[str], commands: Commands) -> tuple[Loaded, ...]:
    """The named ones, all where none is named. Raises `UsageError` for an unknown name."""
    known = catalogue(folder_of(file))
    if not names:
        return all_of(file, commands)
    found: list[Loaded] = []
    for name in names:
        if name not in known:
            require(folder_of(file), name)
        found.append(load(known[name], commands))
    return tuple(found)


def one_of(file: Path | None, name: str, commands: Commands | None = None) -> Runbook:
    """The valid runbook of a name. Raises `UsageError`, `RunbookError`."""
    return require(folder_of(file), name, commands)


def given(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Parameters as `KEY=VALUE`. Raises `UsageError` for anything else."""
    pairs: list[tuple[str, str]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(
                Text(
                    f"「{word}」は 名前=値 の形ではありません。",
                    f"'{word}' is not written NAME=VALUE.",
                ),
                touched=NOTHING_TOUCHED,
            )
        pairs.append((name, value))
    return tuple(pairs)


def values_of(
    file: Path | None, runbook: Runbook, words: Sequence[str], day: date, site: str
) -> Values:
    """The parameters of a call. Raises `WrongParameters`, `RegistryError`, `UsageError`."""
    registry = require_registry(find_registry_file(file))
    return parse(runbook, given(words), registry, day, site)


def page_of(runbook: Runbook, form: Form, lang: Lang, day: date, values: Values | None) -> bytes:
    """A runbook's page in one form."""
    if form == "pdf":
        return pdf(runbook, lang, day, values)
    return (html if form == "html" else markdown)(runbook, lang, values).encode()


def write_page(folder: Path, runbook: Runbook, form: Form, lang: Lang, page: bytes) -> Rendered:
    """Write a page as `NAME.LANG.FORM` into a folder, which is made. Raises `OperationFailed`."""
    path = folder / f"{runbook.name}.{lang}.{form}"
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    except OSError as error:
        raise disk_trouble(error, str(path)) from error
    return Rendered(path, hashlib.sha256(page).hexdigest(), folder if is_new else None)
