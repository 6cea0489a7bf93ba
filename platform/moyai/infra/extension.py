"""A service's own component: `component.py` in its folder, with `build(args, opts)`.

A vendor whose service needs more than the platform gives every subscription writes it there, in
ordinary Pulumi; nothing else of the platform changes. It runs for every subscription that has begun,
so that what it keeps outlives the service (`args.active` says whether that runs).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pulumi

from moyai.errors import NOTHING_TOUCHED, FileTrouble, UsageError
from moyai.infra.code import AGAIN, CONFIG, EDITED, SERVICE, hash_content
from moyai.infra.subscription import SubscriptionArgs
from moyai.texts import Text

FILE = "component.py"


@dataclass(frozen=True, slots=True)
class Extension:
    """What the service's tasks get of what its component made.

    The boundary of bodies' roles holds for `statements` too: secrets `moyai/{code}/{service}/*`,
    topics `{slug}-{code}-{service}-*`, objects below `{service}/`.
    """

    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Variables of the service's container."""
    statements: Sequence[Mapping[str, Any]] = ()
    """Statements for the task role; values may be outputs."""


Build = Callable[[SubscriptionArgs, pulumi.ResourceOptions], Extension]


def extend(args: SubscriptionArgs, opts: pulumi.ResourceOptions) -> Extension:
    """Build what the service's folder adds; nothing where it has no `component.py`.

    It is read once: what is run is what is compared with what the run was planned by. Raises `UsageError` where
    it has no `build`, or that answers anything but an `Extension`, `FileTrouble` where it is another by now.
    """
    file = args.manifest.folder / FILE
    content = file.read_bytes() if file.is_file() else None
    _hold_to_planned(args.manifest.name, content)
    if content is None:
        return Extension()
    made = _load(file, content)(args, opts)
    if not isinstance(made, Extension):
        raise _wrong(file)
    return made


def _hold_to_planned(service: str, content: bytes | None) -> None:
    planned = pulumi.Config("moyai").get(CONFIG)
    if planned is None:
        return
    found = None if content is None else hash_content(FILE, content)
    if json.loads(planned).get(f"{SERVICE}{service}") != found:
        raise FileTrouble(EDITED, touched=NOTHING_TOUCHED, remedy=AGAIN)


@dataclass(frozen=True, slots=True)
class _AsRead(SourceLoader):
    """Loads a module from what was read of its file."""

    file: Path
    content: bytes

    def get_filename(self, fullname: str) -> str:
        """Where errors say that it is."""
        del fullname
        return str(self.file)

    def get_data(self, path: str) -> bytes:
        """What was read, whatever stands there by now."""
        del path
        return self.content


@cache
def _load(file: Path, content: bytes) -> Build:
    loader = _AsRead(file, content)
    spec = spec_from_loader(f"{file.parent.name}.component", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look it up
    loader.exec_module(module)
    build = getattr(module, "build", None)
    if not callable(build):
        raise _wrong(file)
    found: Build = build
    return found


def _wrong(file: Path) -> UsageError:
    return UsageError(
        Text(
            f"{file} に、Extension を返す build(args, opts) がありません。",
            f"{file} has no build(args, opts) that answers an Extension.",
        )
    )
