"""What decides stacks beside the file, read from disk: code, versions, the foundation's outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import moyai
from moyai.infra.code import COMPONENTS, PROGRAM, SERVICE, hash_components, hash_files
from moyai.operations.site.workspace import Workspace
from moyai.planning.consumed import CONSUMED
from moyai.planning.fingerprints import Surroundings
from moyai.planning.topology import SHARED


def surroundings(
    workspace: Workspace, outputs: Mapping[str, Mapping[str, object]], program: str
) -> Surroundings:
    """Everything beside the file that decides the stacks of one program.

    `outputs` are the foundation's stacks' outputs; only the consumed ones are taken.
    """
    code = {
        PROGRAM: hash_files((workspace.project / "stacks" / program,)),
        COMPONENTS: hash_components(),
    }
    for name, target in workspace.registry.services.items():
        component = target.manifest.folder / "component.py"
        if program == "tenant" and component.is_file():
            code[f"{SERVICE}{name}"] = hash_files((component,))
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
