"""A service's own component: `component.py` in its folder, with `build(args, opts)`.

A vendor whose service needs more than the platform gives every subscription writes it there, in
ordinary Pulumi; nothing else of the platform changes.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pulumi

from moyai.errors import UsageError
from moyai.infra.subscription import SubscriptionArgs
from moyai.texts import Text

Build = Callable[[SubscriptionArgs, pulumi.ResourceOptions], None]


def extend(args: SubscriptionArgs, opts: pulumi.ResourceOptions) -> None:
    """Build what the service's folder adds; nothing where it has no `component.py`."""
    file = args.manifest.folder / "component.py"
    if file.is_file():
        _load(file, file.stat().st_mtime_ns)(args, opts)


@cache
def _load(file: Path, _version: int) -> Build:
    found = runpy.run_path(str(file)).get("build")
    if not callable(found):
        raise UsageError(
            Text(f"{file} に build(args, opts) がありません。", f"{file} has no build(args, opts).")
        )
    build: Build = found
    return build
