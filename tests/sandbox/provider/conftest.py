"""The engine with the plugin `moyai`, on bodies of the running sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation

from moyai.engine.sites import EmbeddedSite
from moyai.engine.toolchain import ensure
from moyai.infra.database import Database, DatabaseArgs, MoyaiProvider

from ..jobs.conftest import Body, Cluster, Tasks, make_cluster, make_tasks


@pytest.fixture(scope="session")
def cluster(sandbox: EmbeddedSite, aws: Callable[..., Any]) -> Cluster:
    return make_cluster(sandbox, aws, "provider")


@pytest.fixture(scope="session")
def tasks(sandbox: EmbeddedSite, aws: Callable[..., Any]) -> Tasks:
    return make_tasks(sandbox, aws, "provider")


@pytest.fixture
def body(cluster: Cluster) -> Body:
    return cluster.body()


class Stack:
    """One stack with one database; `given` changes its arguments for the next run."""

    def __init__(
        self, folder: Path, site: EmbeddedSite, body: Body, tasks: Tasks, port: int
    ) -> None:
        self._body, self._tasks = body, tasks
        self.given: dict[str, Any] = {}
        self.protect = False
        self.folder = folder
        variables = {
            **site.environment(),
            "PATH": f"{ensure().path.parent}:{os.environ['PATH']}",
            "PULUMI_DEBUG_PROVIDERS": f"moyai:{port}",
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_HOME": str(folder / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_CONFIG_PASSPHRASE": "for tests",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
        }
        with _path(variables["PATH"]):
            self._stack = automation.create_stack(
                "dev",
                "moyai-test",
                self._program,
                opts=automation.LocalWorkspaceOptions(work_dir=str(folder), env_vars=variables),
            )

    def _program(self) -> None:
        body, tasks = self._body, self._tasks
        args = {
            "name": body.name,
            "owner_role": body.owner,
            "app_role": body.app,
            "master_secret_arn": body.cluster.master_secret,
            "owner_secret_arn": body.owner_secret,
            "app_secret_arn": body.app_secret,
            "host": body.cluster.host,
            "port": body.cluster.port,
            "connection_limit": 8,
            "ssl_mode": "disable",
            "region": tasks.region,
            "job": tasks.target,
        }
        database = Database(
            "database",
            DatabaseArgs(**{**args, **self.given}),
            pulumi.ResourceOptions(provider=MoyaiProvider("moyai"), protect=self.protect),
        )
        pulumi.export("id", database.id)
        pulumi.export("owner_role", database.owner_role)
        pulumi.export("encoding", database.encoding)
        pulumi.export("shut", pulumi.Output.all(database.closed, database.guarded))

    def run(self, action: str, **given: Any) -> Any:
        """`up`, `preview`, `refresh` or `destroy`."""
        with _path(self._stack.workspace.env_vars["PATH"]):
            return getattr(self._stack, action)(color="never", **given)

    @property
    def state(self) -> str:
        """Everything that the engine wrote down."""
        files = [file for file in (self.folder / ".pulumi").rglob("*") if file.is_file()]
        assert files
        return "".join(file.read_text(errors="replace") for file in files)


@contextmanager
def _path(path: str) -> Iterator[None]:
    """The Automation API looks for the engine by this process's own PATH."""
    before = os.environ["PATH"]
    os.environ["PATH"] = path
    try:
        yield
    finally:
        os.environ["PATH"] = before


@pytest.fixture(scope="session")
def plugin(sandbox: EmbeddedSite) -> Iterator[int]:
    """The port of a plugin's process that all stacks share, as they do in a deploy."""
    command = [sys.executable, "-m", "moyai.provider"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **sandbox.environment()},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def stack(tmp_path: Path, sandbox: EmbeddedSite, body: Body, tasks: Tasks, plugin: int) -> Stack:
    return Stack(tmp_path, sandbox, body, tasks, plugin)
