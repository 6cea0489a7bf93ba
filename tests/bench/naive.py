"""The usual way to run many stacks, for comparison: a plain loop of `Stack.up()`.

The same programs, state and secrets as the driver's; one provider process for each stack, which
the engine starts itself from plugins on PATH; nothing shared, nothing at the same time.
"""

from __future__ import annotations

import os
import runpy
import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from pulumi import automation as auto

from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import StackRun


def naive_up(runtime: SiteRuntime, engine: Path, runs: Iterable[StackRun]) -> list[float]:
    """Run stacks one after another; the seconds that each took.

    Raises the Automation API's own errors. Changes this process's PATH and `sys.path` meanwhile,
    so it is best called in a process of its own.
    """
    with TemporaryDirectory(prefix="moyai-naive-") as folder:
        shims = Path(folder) / "bin"
        shims.mkdir()
        for plugin in runtime.plugins():
            _shim(shims / f"pulumi-resource-{plugin.package}", plugin.command)
        (shims / "pulumi").symlink_to(engine)
        path, os.environ["PATH"] = os.environ["PATH"], f"{shims}:{os.environ['PATH']}"
        try:
            return [_up(runtime, Path(folder), run) for run in runs]
        finally:
            os.environ["PATH"] = path


def _up(runtime: SiteRuntime, folder: Path, run: StackRun) -> float:
    began = time.perf_counter()
    work = folder / run.stack.project / run.stack.name
    work.mkdir(parents=True)
    variables = {
        **runtime.environment(),
        "PULUMI_BACKEND_URL": runtime.state_backend,
        "PULUMI_HOME": str(folder / "home"),
        "PATH": os.environ["PATH"],
    }
    config = {"pulumi:disable-default-providers": ["aws", "moyai"], **run.config}
    stack = auto.create_or_select_stack(
        stack_name=run.stack.name,
        project_name=run.stack.project,
        program=lambda: _program(run.program),
        opts=auto.LocalWorkspaceOptions(
            work_dir=str(work),
            env_vars=variables,
            secrets_provider=runtime.secrets_provider,
            project_settings=auto.ProjectSettings(name=run.stack.project, runtime="python"),
            stack_settings={run.stack.name: auto.StackSettings(config=config)},
        ),
    )
    stack.up()
    return time.perf_counter() - began


def _program(path: Path) -> None:
    sys.path.insert(0, str(path.parent))
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.path.remove(str(path.parent))


def _shim(path: Path, command: tuple[str, ...]) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    path.chmod(0o755)
