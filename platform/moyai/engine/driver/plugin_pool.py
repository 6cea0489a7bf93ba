"""Provider plugins that all stacks of a site share: started once, watched, ended with the driver.

The engine attaches to them by `PULUMI_DEBUG_PROVIDERS=package:port,…`. They end when their standard
input closes, so that they go even where the driver was killed.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.sites import Plugin
from moyai.engine.worker.log import rotate
from moyai.errors import OperationFailed
from moyai.texts import Text

START_SECONDS = 30.0
_END_SECONDS = 3.0
_RESTARTS = 1
"""How often one plugin is started again before its end is taken for a fault of its own."""


@dataclass(slots=True)
class _Running:
    plugin: Plugin
    process: subprocess.Popen[bytes]
    log: Path
    port: int | None = None
    restarts: int = 0
    _line: bytes = field(default=b"", repr=False)

    def read_port(self, deadline: float) -> int:
        """Wait for the line with the port. Raises `OperationFailed` naming the log."""
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        while not self._line.endswith(b"\n"):
            remaining = deadline - time.monotonic()
            ready = select.select([pipe], [], [], max(remaining, 0.0))[0]
            part = os.read(pipe, 64) if ready else b""
            if not part:
                raise _broken(self.plugin, self.log)
            self._line += part
        try:
            self.port = int(self._line)
        except ValueError:
            raise _broken(self.plugin, self.log) from None
        return self.port


class PluginPool:
    """The shared plugins of one driver."""

    def __init__(
        self, plugins: Iterable[Plugin], environment: Mapping[str, str], logs: Path
    ) -> None:
        self._plugins = tuple(plugins)
        self._environment = dict(environment)
        self._logs = logs
        self._running: dict[str, _Running] = {}

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that plugins of this pool serve."""
        return tuple(plugin.package for plugin in self._plugins)

    @property
    def pids(self) -> Mapping[str, int]:
        """Package → process id of its plugin."""
        return {package: one.process.pid for package, one in self._running.items()}

    def start(self) -> None:
        """Start every plugin that does not run; `addresses` waits for them."""
        for plugin in self._plugins:
            if plugin.package not in self._running:
                self._running[plugin.package] = self._spawn(plugin)

    def addresses(self) -> str:
        """What `PULUMI_DEBUG_PROVIDERS` must be. A plugin that died is started again, once.

        Raises `OperationFailed` naming the plugin's log where it does not start or dies again.
        """
        self.start()
        for package, one in list(self._running.items()):
            if one.process.poll() is not None and one.port is not None:
                self._again(package, one)
        deadline = time.monotonic() + START_SECONDS
        ports = {
            package: one.port if one.port is not None else one.read_port(deadline)
            for package, one in self._running.items()
        }
        return ",".join(f"{package}:{port}" for package, port in ports.items())

    def dead(self) -> Mapping[str, Path]:
        """Package → log of each plugin that is not running any more."""
        return {
            package: one.log
            for package, one in self._running.items()
            if one.process.poll() is not None
        }

    def close(self) -> None:
        """End them all: politely first, by force after some seconds."""
        for one in self._running.values():
            for pipe in (one.process.stdin, one.process.stdout):
                assert pipe is not None
                pipe.close()
        deadline = time.monotonic() + _END_SECONDS
        for one in self._running.values():
            try:
                one.process.wait(max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
        self._running.clear()

    def _again(self, package: str, one: _Running) -> None:
        if one.restarts >= _RESTARTS:
            raise _broken(one.plugin, one.log)
        for pipe in (one.process.stdin, one.process.stdout):
            assert pipe is not None
            pipe.close()
        fresh = self._spawn(one.plugin)
        fresh.restarts = one.restarts + 1
        self._running[package] = fresh

    def _spawn(self, plugin: Plugin) -> _Running:
        private_folder(self._logs)
        log = self._logs / f"plugin-{plugin.package}.log"
        rotate(log)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(
                plugin.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=handle,
                env=self._environment,
                # Ctrl-C on the terminal is for the driver alone: runs still need their plugins.
                start_new_session=True,
            )
        except OSError as error:
            raise _broken(plugin, log) from error
        finally:
            os.close(handle)
        return _Running(plugin, process, log)


def _broken(plugin: Plugin, log: Path) -> OperationFailed:
    return OperationFailed(
        Text(
            f"プロバイダー {plugin.package} のプラグインが動きません。",
            f"the plugin of the provider {plugin.package} does not run.",
        ),
        remedy=Text(
            f"記録 {log} を見てください。原因を除いてからもう一度実行すると、続きから行います。",
            f"See its log {log}; with the cause removed, run again: it goes on from there.",
        ),
    )
