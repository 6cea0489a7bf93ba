"""What decides stacks beside the file, read from disk: code, versions, the foundation's outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import moyai
from moyai.operations.site.workspace import Workspace
from moyai.planning.consumed import CONSUMED
from moyai.planning.fingerprints import Surroundings
from moyai.planning.topology import SHARED

_LIBRARY = Path(moyai.__file__).parent
_DECIDING = ("infra", "planning", "registry/models.py", "jobs/__init__.py", "job_target.py")
"""Code that programs are built of. What reads and checks tenants.yaml is not among it: what comes
of it is in the other parts of a fingerprint, value by value."""
_NOT_DECIDING = (
    "infra/packages.py",
    "planning/addresses.py",
    "planning/conditions.py",
    "planning/consumed.py",
    "planning/decisions.py",
    "planning/deploy_refusals.py",
    "planning/fingerprints.py",
    "planning/fleet",
    "planning/openings.py",
    "planning/plans.py",
    "planning/quota_table.py",
    "planning/quotas.py",
    "planning/releases.py",
    "planning/selectors.py",
    "planning/statuses.py",
)
"""Code beside it that no program runs, files and rooms."""


def surroundings(
    workspace: Workspace, outputs: Mapping[str, Mapping[str, object]], program: str
) -> Surroundings:
    """Everything beside the file that decides the stacks of one program.

    `outputs` are the foundation's stacks' outputs; only the consumed ones are taken.
    """
    code = {
        "program": hash_files((workspace.project / "stacks" / program,)),
        "components": _hash(_LIBRARY, component_files()),
    }
    for name, target in workspace.registry.services.items():
        component = target.manifest.folder / "component.py"
        if program == "tenant" and component.is_file():
            code[f"code:{name}"] = hash_files((component,))
    consumed = {
        stack: {name: values[name] for name in _consumed(stack) if name in values}
        for stack, values in outputs.items()
    }
    return Surroundings(code, versions(workspace), consumed)


def versions(workspace: Workspace) -> dict[str, str]:
    """The pinned versions of the engine and of the providers."""
    found = {"engine": version("pulumi"), "provider:aws": version("pulumi-aws")}
    for plugin in workspace.runtime.plugins():
        try:
            found.setdefault(f"provider:{plugin.package}", version(f"pulumi-{plugin.package}"))
        except PackageNotFoundError:
            found[f"provider:{plugin.package}"] = moyai.__version__
    return found


def _consumed(stack: str) -> Iterable[str]:
    return CONSUMED[SHARED if stack == SHARED else "cell"]


def component_files() -> tuple[Path, ...]:
    """The files of Moyai's own code that decide what stacks have."""
    found = (path for place in _DECIDING for path in _files(_LIBRARY / place))
    skipped = {_LIBRARY / name for name in _NOT_DECIDING}
    return tuple(path for path in found if skipped.isdisjoint((path, *path.parents)))


def hash_files(places: Iterable[Path]) -> str:
    """A hash over names and contents of Python and YAML files below the places."""
    total = hashlib.sha256()
    for place in places:
        _add(total, place.parent, _files(place))
    return total.hexdigest()


def _hash(root: Path, paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    _add(total, root, paths)
    return total.hexdigest()


def _add(total: Any, root: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(
        path
        for path in place.rglob("*")
        if path.suffix in {".py", ".yaml"} and not path.name.startswith("Pulumi.")
    )
