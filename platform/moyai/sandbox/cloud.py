"""The embedded cloud while it runs: databases, moto, the HTTP server, and its orderly end."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from moyai.errors import MoyaiError
from moyai.sandbox.daemon import Config
from moyai.sandbox.databases import ClusterDatabases
from moyai.sandbox.extensions import extend
from moyai.sandbox.gate import Gate
from moyai.sandbox.layout import Layout, read_json, write_json
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.processes import LOOPBACK, Identity, free_port, try_lock
from moyai.sandbox.server import HttpServer, moto_application
from moyai.sandbox.tasks import TaskRunner
from moyai.texts import Text, same

logger = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Start everything, answer until SIGTERM, stop everything. The exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    layout = Layout(Path(config.home))
    if try_lock(layout.alive_lock) is None:
        _answer(config, error=Text("すでに動いています。", "it runs already."))
        return 1
    try:
        cloud = Cloud(config, layout)
        cloud.start()
    except MoyaiError as error:
        _answer(config, error=error.what)
        return 4
    except Exception as error:
        logger.exception("the cloud does not start")
        _answer(config, error=same(f"{type(error).__name__}: {error}"))
        return 1
    _answer(config)
    cloud.wait()
    cloud.stop()
    return 0


class Cloud:
    """The running parts, in the order in which they start; they stop the other way round."""

    def __init__(self, config: Config, layout: Layout) -> None:
        self._config = config
        self._layout = layout
        self._end = Event()
        self.gate = Gate()
        self.fleet = Fleet(layout.databases)
        services = Path(config.project) / "stacks" / "services"
        self.tasks = TaskRunner(self.gate, layout.work, services)
        extend(ClusterDatabases(self.fleet, self.gate), self.tasks)

    def start(self) -> None:
        """Start everything; returns when it answers."""
        signal.signal(signal.SIGTERM, lambda *_: self._end.set())
        with ThreadPoolExecutor(1) as pool:
            operations = pool.submit(self.fleet.ensure_operations)
            last = read_json(self._layout.last_port)
            port = free_port(last if isinstance(last, int) else None)
            os.environ["MOTO_PORT"] = str(port)
            endpoint = f"http://{LOOPBACK}:{port}"
            self.tasks.open(endpoint)
            application = moto_application(self.gate)
            operations.result()
        self._http = HttpServer(port, application)
        self._http.start()
        own = Identity.of(os.getpid())
        assert own is not None
        self._layout.last_port.write_text(str(port))
        write_json(
            self._layout.run_file,
            {
                "pid": own.pid,
                "process_started": own.started,
                "endpoint": endpoint,
                "operations_database": self.fleet.operations_url(),
                "started_at": time.time(),
            },
        )
        logger.info("answers on port %d", port)

    def wait(self) -> None:
        """Wait for SIGTERM."""
        self._end.wait()

    def stop(self) -> None:
        """Stop everything; what was created stays."""
        self.tasks.close()
        self._http.stop()
        self.fleet.stop_all()
        self._layout.run_file.unlink(missing_ok=True)
        logger.info("stopped")


def _answer(config: Config, error: Text | None = None) -> None:
    document: dict[str, object] = {"ok": error is None}
    if error is not None:
        document["error"] = {"ja": error.ja, "en": error.en}
    try:
        os.write(config.ready, json.dumps(document).encode())
    except OSError:
        logger.info("the starter did not wait")
    os.close(config.ready)
