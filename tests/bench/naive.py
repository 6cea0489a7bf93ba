"""The usual way: a plain loop of the Automation API's `Stack.up()`, one provider process each."""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulumi import automation as auto

from moyai.operations.deploy import config_of
from moyai.operations.plan import FOUNDATION, make_plan
from moyai.operations.session import open_session
from moyai.operations.workspace import today


def naive_seconds(path: Path, home: Path, engine: Path, scratch: Path) -> float:
    """Seconds that the loop takes for foundation and all bodies, on an empty, running sandbox.

    It builds the same stacks; migrations and health checks, which a deploy does as well, are left
    out.
    """
    with _environment(home, engine, scratch):
        session = open_session(path, "sandbox")
        workspace = session.workspace
        os.environ.update(workspace.runtime.environment())
        plan = make_plan(workspace, session.state, "all", today())
        begun = time.perf_counter()
        for stack in plan.stacks:
            name = "foundation" if stack.stack.project == FOUNDATION else "tenant"
            made = auto.create_or_select_stack(
                stack_name=stack.stack.name,
                project_name=stack.stack.project,
                program=_program(workspace.program(name)),
            )
            config = config_of(workspace, stack, plan.day)
            made.set_all_config({key: auto.ConfigValue(value) for key, value in config.items()})
            made.up()
        return time.perf_counter() - begun


def _program(path: Path) -> Callable[[], None]:
    def run() -> None:
        runpy.run_path(str(path), run_name="__main__")

    return run


@contextmanager
def _environment(home: Path, engine: Path, scratch: Path) -> Iterator[None]:
    """PATH with the engine and with plugins that it starts by itself."""
    shims = scratch / "shims"
    shims.mkdir(parents=True)
    for package, module in (("aws", "moyai.sandbox.aws"), ("moyai", "moyai.provider")):
        shim = shims / f"pulumi-resource-{package}"
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        shim.chmod(0o755)
    before: Mapping[str, str] = dict(os.environ)
    os.environ["PATH"] = f"{shims}{os.pathsep}{engine.parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["MOYAI_HOME"] = str(home)
    os.environ["PULUMI_HOME"] = str(scratch / "pulumi")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    file, moyai_home, binary, place = map(Path, sys.argv[1:5])
    print(json.dumps({"seconds": naive_seconds(file, moyai_home, binary, place)}))
