"""A site for the driver's tests: its cloud is a folder, its plugin `filing_plugin`."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import Doubt, Plugin
from moyai.engine.stacks import Action, RunFinished, RunResult, StackId, StackRun
from moyai.engine.toolchain import ensure
from moyai.registry.models import Site

HERE = Path(__file__).parent
PROGRAM = HERE / "program" / "__main__.py"


@dataclass
class FilingSite:
    """A runtime whose cloud is a folder."""

    home: Path
    secrets_provider: str = "passphrase"
    state: str | None = None
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.home, self.cloud, self.home / "state"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.home / "passphrase").write_text("a passphrase for tests\n")

    @property
    def cloud(self) -> Path:
        return self.home / "cloud"

    @property
    def site(self) -> Site:
        return Site(
            name="test",
            runtime="test",
            account_id="123456789012",
            region="ap-northeast-1",
            backup_region="ap-northeast-3",
            state_backend=None,
            secrets_provider=None,
            operations_database=None,
            database_sslmode="prefer",
            role_arn=None,
        )

    @property
    def state_backend(self) -> str:
        return self.state or f"file://{self.home / 'state'}"

    def ensure_ready(self) -> None:
        return None

    def environment(self) -> Mapping[str, str]:
        return {
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.home / "passphrase"),
            "FILING_ROOT": str(self.cloud),
            **self.more,
        }

    def plugins(self) -> tuple[Plugin, ...]:
        return (Plugin("filing", (sys.executable, str(HERE / "filing_plugin.py"))),)

    def doubts(self) -> tuple[Doubt, ...]:
        return ()

    def clear(self) -> None:
        """Forget all stacks and what is live, but for what processes hold open."""
        for folder in (self.cloud, self.home / "work", self.home / "logs" / "proj"):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.home / "state" / ".pulumi", ignore_errors=True)
        self.cloud.mkdir()
        (self.home / "passphrase").write_text("a passphrase for tests\n")

    def names(self) -> set[str]:
        """Names of what is live."""
        return {json.loads(f.read_text())["name"] for f in self.cloud.glob("*.file")} | {
            json.loads(f.read_text())["name"] for f in self.cloud.glob("*.box")
        }

    def calls(self, verb: str) -> list[str]:
        """What the plugin was asked, for one verb."""
        log = self.cloud / "calls.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == verb]


def find_engine() -> Path:
    """The pinned engine; built where there is none yet."""
    return ensure().path


def run_of(name: str, action: Action = "up", *, refresh: bool = False, **config: Any) -> StackRun:
    """A run of the tests' program; `files` is a list of specs."""
    values = {
        f"test:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    return StackRun(StackId("proj", name), PROGRAM, values, action, refresh)


def files(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, **more} for name in names]


def results(driver: Driver, runs: Iterable[StackRun]) -> list[RunResult]:
    return [e.result for e in driver.run(runs) if isinstance(e, RunFinished)]


def only(driver: Driver, run: StackRun) -> RunResult:
    (result,) = results(driver, [run])
    return result


def engines_of(driver: Driver) -> list[int]:
    """Process ids of the engines of a driver's workers."""
    groups = driver.worker_pids
    return [int(entry.name) for entry in _engines() if os.getpgid(int(entry.name)) in groups]


def engines_at(site: FilingSite) -> list[Path]:
    """Folders in `/proc` of the engines that work for a site."""
    return [entry for entry in _engines() if _works_in(entry, site.home)]


def _engines() -> Iterator[Path]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                program = (entry / "cmdline").read_bytes().split(b"\0")[0]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if program.endswith(b"pulumi"):
                yield entry


def _works_in(entry: Path, folder: Path) -> bool:
    try:
        return (entry / "cwd").readlink().is_relative_to(folder)
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def meanwhile(action: Callable[[], object]) -> threading.Thread:
    """Do something in another thread."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread
