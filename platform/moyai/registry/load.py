"""Reading tenants.yaml: everything at once, once for each content."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from moyai.registry.build import build
from moyai.registry.checks import check, expiries
from moyai.registry.given_files import read_given
from moyai.registry.manifests import Folder, folder_stamp, load_manifest, manifest_folder
from moyai.registry.models import Manifest, Registry
from moyai.registry.parts import Parts, read_parts
from moyai.registry.problems import Problem, RegistryError, Reporter, at
from moyai.registry.service_sql import check_sql
from moyai.registry.settings import SettingsChecker
from moyai.registry.yaml_text import MAX_BYTES
from moyai.registry.yaml_tree import UnreadableYaml, read


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file came to. `registry` is None exactly where `problems` has an error."""

    registry: Registry | None
    problems: tuple[Problem, ...]
    expiries: tuple[tuple[date, Problem], ...] = ()
    """Last days, each with the warning that holds after it."""

    def problems_on(self, day: date) -> tuple[Problem, ...]:
        """All problems, with what is past on a day."""
        return (*self.problems, *(past for last, past in self.expiries if last < day))


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A result with what it rests on: the file's hash, and the services' folders with theirs."""

    path: Path
    sha256: str
    folders: Mapping[Path, str]
    loaded: Loaded


_READINGS = 5
"""After so many a folder that is still being written is taken as it was read last; its stamp tells the next."""
_last: list[_Remembered] = []
"""The last result only: programs and their driver read one file over and over."""


def load(path: Path) -> Loaded:
    """Read and validate a file. Raises `UsageError` where it cannot be read at all."""
    content = read_content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    known = _last[0] if _last else None
    if (
        known is not None
        and (known.path, known.sha256) == (path.absolute(), sha256)
        and all(folder_stamp(folder) == stamp for folder, stamp in known.folders.items())
    ):
        return known.loaded
    folders: dict[Path, str] = {}
    loaded = load_content(path, content, folders)
    _last[:] = [_Remembered(path.absolute(), sha256, folders, loaded)]
    return loaded


def require(path: Path) -> Registry:
    """The valid registry of a file. Raises `RegistryError` with every problem, or `UsageError`."""
    loaded = load(path)
    if loaded.registry is None:
        raise RegistryError(loaded.problems)
    return loaded.registry


def load_content(path: Path, content: bytes, folders: dict[Path, str] | None = None) -> Loaded:
    """Validate content as though the file had it; services are looked up beside the path.

    Folders of services that were read are noted in `folders`, with a stamp of what they held.
    """
    with _no_collection():
        return _load_content(path, content, {} if folders is None else folders)


def _load_content(path: Path, content: bytes, folders: dict[Path, str]) -> Loaded:
    try:
        tree = read(content)
    except UnreadableYaml as error:
        return Loaded(None, (at(path.name, error.place, error.reason),))
    reporter = Reporter(path.name, tree)
    parts = read_parts(tree, reporter)
    manifests, broken = _manifests(parts, path.absolute().parent, reporter, folders)
    checkers = {name: SettingsChecker(manifest) for name, manifest in manifests.items()}
    check(parts, checkers, reporter)
    problems, ends = (*reporter.ordered(), *broken), tuple(expiries(parts, reporter))
    if reporter.failed or broken:
        return Loaded(None, problems, ends)
    sha256 = hashlib.sha256(content).hexdigest()
    registry = build(parts, checkers, path.absolute(), sha256)
    stamps = "".join(f"\n{name} {folders[name]}" for name in sorted(folders))
    sources = hashlib.sha256(f"{sha256}{stamps}".encode(errors="surrogateescape")).hexdigest()
    return Loaded(replace(registry, sources_sha256=sources), problems, ends)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing read is garbage before the end; looking for it takes a third of a large file's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_content(path: Path) -> bytes:
    """The bytes of a tenants.yaml. Raises `UsageError` where it cannot be read, or is too large."""
    return read_given(path, MAX_BYTES)


def _manifests(
    parts: Parts, project: Path, reporter: Reporter, folders: dict[Path, str]
) -> tuple[Mapping[str, Manifest], tuple[Problem, ...]]:
    found: dict[str, Manifest] = {}
    broken: list[Problem] = []
    for name, service in parts.services.items():
        folder = manifest_folder(project, name, service.manifest)
        if not isinstance(folder, Folder):
            path = ("services", name, "manifest") if service.manifest else ("services", name)
            reporter.error(path, folder, at_key=service.manifest is None)
            continue
        folders[folder.path], manifest, problems = _of_one_moment(folder, name)
        if manifest is not None:
            found[name] = manifest
        broken += problems
    return found, tuple(broken)


def _of_one_moment(folder: Folder, name: str) -> tuple[str, Manifest | None, tuple[Problem, ...]]:
    """The stamp of a service's folder, and what it said then: who edits it meanwhile has it read anew."""
    for _ in range(_READINGS):
        stamp = folder_stamp(folder.path)
        sql = check_sql(folder.path, folder.shown)
        manifest = load_manifest(folder, name, sql.newest)
        if folder_stamp(folder.path) == stamp:
            break
    if isinstance(manifest, Manifest):
        return stamp, manifest, tuple(sql.problems)
    return stamp, None, (*manifest, *sql.problems)
