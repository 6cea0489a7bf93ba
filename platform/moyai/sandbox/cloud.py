"""The embedded cloud while it runs: databases, moto, the HTTP server, and its orderly end."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import time
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import moyai
from moyai.engine.sites import Doubt
from moyai.errors import MoyaiError
from moyai.sandbox import machine
from moyai.sandbox.backends import move_ports, postgres_clusters
from moyai.sandbox.daemon import Config
from moyai.sandbox.databases import ClusterDatabases, Recovery, key_of
from moyai.sandbox.extensions import extend
from moyai.sandbox.gate import Gate
from moyai.sandbox.keeping import doubts
from moyai.sandbox.keeping.keeper import Keeper
from moyai.sandbox.keeping.objects import Body, ObjectStore
from moyai.sandbox.layout import Layout, read_json, write_json
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.processes import LOOPBACK, Identity, free_port, is_same_file
from moyai.sandbox.server import Application, HttpServer
from moyai.sandbox.tasks import TaskRunner, end_restored
from moyai.texts import Text

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""Between two looks whether a database ended by itself."""
_GARBAGE = 20_000
"""New objects after which the collector looks for cycles: a request makes thousands, few stay."""

_REBOOTED = Text(
    "機械が再起動したため、データベースの最後の変更が失われたおそれがあります。",
    "the machine was restarted; the databases' last changes may be lost.",
)


class Cloud:
    """The running parts, in the order in which they start; they stop the other way round."""

    def __init__(self, config: Config, layout: Layout, lock: int, fleet: Fleet) -> None:
        self._layout = layout
        self._lock = lock
        self._started_at = time.time()
        self._end, self._told = os.pipe()
        objects = ObjectStore(layout.objects)
        Body.store = objects
        self.gate = Gate()
        self.fleet = fleet
        self.keeper = Keeper(self.gate, layout, objects)
        services = Path(config.project) / "stacks" / "services"
        self.tasks = TaskRunner(self.gate, layout.work, services)
        self._databases = ClusterDatabases(self.fleet, self.gate, self.keeper.after_next)
        extend(self._databases, self.tasks)

    def start(self, operations: Future[None]) -> None:
        """Start everything; returns when it answers. `operations`: its database is being started."""
        os.set_blocking(self._told, False)
        # What is written at once cannot be lost between a look and the wait, as a handler's can.
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        last = read_json(self._layout.last_port)
        port = free_port(last if isinstance(last, int) else None)
        self._endpoint = f"http://{LOOPBACK}:{port}"
        os.environ["MOTO_PORT"] = str(port)
        self.tasks.open(self._endpoint)
        self.keeper.recover()
        end_restored("The embedded cloud ended while the task was running")
        if machine.rebooted_since(self._layout.run_file):
            self._doubt([_REBOOTED])
        changed = self._recover()
        operations.result()
        self.keeper.start()
        if changed:
            self.keeper.note_change()
        application = Application(self.gate, self.keeper.flush, self.status)
        self._http = HttpServer(port, application)
        self._http.start()
        self.tasks.warm_up()
        # What is there now stays for good: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        self._layout.last_port.write_text(str(port))
        self._announce()
        logger.info("answers on port %d", port)

    def wait(self) -> bool:
        """Wait for SIGTERM, and start again what ends by itself meanwhile.

        False where somebody deleted the cloud's folder: there is nothing left to serve or to keep.
        """
        while not select.select([self._end], [], [], _LOOK_SECONDS)[0]:
            if not is_same_file(self._layout.alive_lock, self._lock):
                logger.error("the folder %s is gone", self._layout.cloud)
                return False
            self._revive()
        return True

    def _revive(self) -> None:
        try:
            revived = self.fleet.revive()
        except MoyaiError as error:
            logger.error("%s", error.what.en)
            return
        for key in revived:
            logger.warning("PostgreSQL %s had ended; it was started again", key)
        if not revived:
            return
        with self.gate.request():
            moved = self._databases.follow(cluster for cluster, _ in postgres_clusters())
            self._tell_secrets(moved)
        self._doubt(_reasons(Recovery(moved, ())))
        self._announce()

    def abandon(self) -> None:
        """End everything without keeping anything."""
        self._http.stop()
        self.tasks.close()
        self.fleet.abandon()

    def stop(self) -> None:
        """Stop everything; what was created stays."""
        self.tasks.close()
        self._http.stop()
        self.keeper.close()
        self.fleet.stop_all()
        self._layout.run_file.unlink(missing_ok=True)
        logger.info("stopped")

    def status(self) -> Mapping[str, object]:
        """What `moyai sandbox status` shows of a running cloud."""
        with self.gate.request(changes=False):
            clusters = [(key_of(c), c.db_cluster_identifier) for c, _ in postgres_clusters()]
        names = {"operations": "operations", **dict(clusters)}
        databases = [
            {
                "name": names.get(i.folder.name),
                "key": i.folder.name,
                "port": i.port,
                "running": i.identity() is not None,
            }
            for i in self.fleet.all()
        ]
        return {
            "databases": databases,
            "running_jobs": self.tasks.count(),
            **self.keeper.status(),
        }

    def _recover(self) -> bool:
        """Bring up what the clusters stand for; whether any of them had to be changed."""
        with self.gate.request():
            recovery = self._databases.recover(postgres_clusters())
            self._tell_secrets(recovery.moved)
        self._doubt(_reasons(recovery))
        return bool(recovery.moved or recovery.lost)

    def _tell_secrets(self, moved: Mapping[int, int]) -> None:
        changed = move_ports(moved) if moved else 0
        if changed:
            logger.warning("%d secrets have new ports: %s", changed, moved)

    def _doubt(self, reasons: list[Text]) -> None:
        now = datetime.now(UTC)
        for reason in reasons:
            logger.warning("%s", reason.en)
            doubts.add(self._layout.doubts, Doubt(doubts.BEGINNING, now, reason))

    def _announce(self) -> None:
        own = Identity.of(os.getpid())
        assert own is not None
        write_json(
            self._layout.run_file,
            {
                "pid": own.pid,
                "process_started": own.started,
                "boot": machine.boot(),
                "version": moyai.__version__,
                "endpoint": self._endpoint,
                "operations_database": self.fleet.operations_url(),
                "started_at": self._started_at,
            },
        )


def _reasons(recovery: Recovery) -> list[Text]:
    reasons = []
    if recovery.moved:
        ports = ", ".join(f"{old} → {new}" for old, new in recovery.moved.items())
        reasons.append(
            Text(
                f"データベースのポートが変わりました: {ports}",
                f"ports of databases changed: {ports}",
            )
        )
    if recovery.lost:
        names = ", ".join(recovery.lost)
        reasons.append(
            Text(
                f"データの無かったデータベースは空で始まりました: {names}",
                f"databases whose data were gone began empty: {names}",
            )
        )
    return reasons
