"""The code that decides stacks, by hash: what a run was planned by, and what its program finds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import moyai
from moyai.texts import Text

CONFIG = "code"
"""The key of a program's configuration, in the namespace `moyai`: JSON, part of the fingerprint → hash."""
PROGRAM, COMPONENTS, SERVICE = "program", "components", "code:"
"""Parts: the program's folder, Moyai's own, and a service's `component.py` behind its name."""

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
"""Code beside it that decides nothing of what is built, files and rooms."""


EDITED = Text(
    "計画してから、tenants.yaml、サービスのファイル、構成のコードのどれかが変わりました。",
    "tenants.yaml, a service's files or code of the stacks was changed since this was planned.",
)
AGAIN = Text(
    "もう一度計画して、内容を確かめてから実行してください。",
    "Plan it again, look at what it says, and run it then.",
)


def code_of(fingerprint: Mapping[str, str]) -> dict[str, str]:
    """The parts of a stack's fingerprint that are code."""
    known = (PROGRAM, COMPONENTS)
    return {part: fingerprint[part] for part in fingerprint if part in known or part[:5] == SERVICE}


def is_as_planned(planned: str | None, program: Path) -> bool:
    """Whether program and Moyai's own code are those that a run was planned by, as its configuration says;
    `program`: the program's folder. True where it says nothing."""
    known = {} if planned is None else json.loads(planned)
    if PROGRAM in known and known[PROGRAM] != hash_files((program,)):
        return False
    if COMPONENTS not in known:
        return True
    # What this process has imported lies between the two.
    return str(known[COMPONENTS]) == _AT_IMPORT == hash_components()


def hash_components() -> str:
    """A hash over Moyai's own code that decides what stacks have."""
    total = hashlib.sha256()
    _add(total, _LIBRARY, component_files())
    return total.hexdigest()


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


def hash_content(name: str, content: bytes) -> str:
    """The same of one file, by what was read of it."""
    total = hashlib.sha256()
    _add_one(total, name, content)
    return total.hexdigest()


def _add(total: Any, root: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        _add_one(total, path.relative_to(root).as_posix(), path.read_bytes())


def _add_one(total: Any, name: str, content: bytes) -> None:
    total.update(name.encode() + b"\0")
    total.update(hashlib.sha256(content).digest())


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(
        path
        for path in place.rglob("*")
        if path.suffix in {".py", ".yaml"} and not path.name.startswith("Pulumi.")
    )


_AT_IMPORT = hash_components()
"""When this process began to import what programs are made of."""
