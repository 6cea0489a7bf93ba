"""Reading tenants.yaml: everything at once, once for each content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.errors import UsageError
from moyai.registry.build import build
from moyai.registry.checks import check
from moyai.registry.manifests import MANIFEST, SETTINGS, load_manifest
from moyai.registry.models import Manifest, Registry
from moyai.registry.parts import Parts, read_parts
from moyai.registry.problems import Problem, RegistryError, Reporter, at
from moyai.registry.yaml_tree import UnreadableYaml, read
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file came to. `registry` is None exactly where `problems` has an error."""

    registry: Registry | None
    problems: tuple[Problem, ...]


_last: dict[tuple[Path, str], Loaded] = {}


def load(path: Path) -> Loaded:
    """Read and validate a file. Raises `UsageError` where it cannot be read at all."""
    content = _content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    key = (path.absolute(), sha256 + _services_stamp(path.parent))
    if key not in _last:
        _last.clear()
        _last[key] = load_content(path, content)
    return _last[key]


def require(path: Path) -> Registry:
    """The valid registry of a file. Raises `RegistryError` with every problem, or `UsageError`."""
    loaded = load(path)
    if loaded.registry is None:
        raise RegistryError(loaded.problems)
    return loaded.registry


def load_content(path: Path, content: bytes) -> Loaded:
    """Validate content as though the file had it; services are looked up beside the path."""
    try:
        tree = read(content)
    except UnreadableYaml as error:
        return Loaded(None, (at(path.name, error.place, error.reason),))
    reporter = Reporter(path.name, tree)
    parts = read_parts(tree, reporter)
    manifests, broken = _manifests(parts, path.parent, reporter)
    check(parts, manifests, reporter)
    problems = (*reporter.ordered(), *broken)
    if reporter.failed or broken:
        return Loaded(None, problems)
    sha256 = hashlib.sha256(content).hexdigest()
    return Loaded(build(parts, manifests, path.absolute(), sha256), problems)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            Text(
                f"{path} を読めません（{error.strerror}）", f"cannot read {path}: {error.strerror}"
            )
        ) from None


def _manifests(
    parts: Parts, project: Path, reporter: Reporter
) -> tuple[Mapping[str, Manifest], tuple[Problem, ...]]:
    found: dict[str, Manifest] = {}
    broken: list[Problem] = []
    for name, service in parts.services.items():
        folder = project / (service.manifest or f"stacks/services/{name}")
        if not folder.is_dir():
            reporter.error(
                ("services", name),
                Text(
                    f"サービスのフォルダー {folder.name} がありません（{folder.parent}）",
                    f"the service's folder {folder.name} is not in {folder.parent}",
                ),
                at_key=True,
            )
            continue
        manifest = load_manifest(folder, name)
        if isinstance(manifest, Manifest):
            found[name] = manifest
        else:
            broken += manifest
    return found, tuple(broken)


def _services_stamp(project: Path) -> str:
    """A hash over the default services' manifests, so that a changed one is read again."""
    total = hashlib.sha256()
    for name in (MANIFEST, SETTINGS):
        for file in sorted((project / "stacks" / "services").glob(f"*/{name}")):
            total.update(file.read_bytes())
    return total.hexdigest()
