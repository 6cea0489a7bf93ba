"""What decides stacks beside the file, read from disk: code, versions, the foundation's outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import moyai
from moyai.operations.workspace import Workspace
from moyai.planning.consumed import CONSUMED
from moyai.planning.fingerprints import Surroundings
from moyai.planning.stacks import SHARED

_COMPONENT_ROOMS = ("infra", "planning", "registry/models.py", "jobs/__init__.py")
_NOT_DECIDING = (
    "addresses.py",
    "fingerprints.py",
    "quota_table.py",
    "quotas.py",
    "releases.py",
    "selectors.py",
)


def surroundings(
    workspace: Workspace, outputs: Mapping[str, Mapping[str, object]], program: str
) -> Surroundings:
    """Everything beside the file that decides the stacks of one program.

    `outputs` are the foundation's stacks' outputs; only the consumed ones are taken.
    """
    library = Path(moyai.__file__).parent
    code = {
        "program": hash_files((workspace.project / "stacks" / program,)),
        "components": hash_files(tuple(library / room for room in _COMPONENT_ROOMS)),
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


def hash_files(places: Iterable[Path]) -> str:
    """A short hash over names and contents of Python and YAML files below the places."""
    total = hashlib.sha256()
    for place in places:
        for path in _files(place):
            total.update(path.relative_to(place.parent).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(
        path
        for path in place.rglob("*")
        if path.suffix in {".py", ".yaml"}
        and path.name not in _NOT_DECIDING
        and not path.name.startswith("Pulumi.")
    )
