"""The embedded cloud as a process: start, answer the starter, serve until SIGTERM."""

from __future__ import annotations

import errno
import json
import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from moyai.engine.files import disk_trouble
from moyai.errors import MoyaiError
from moyai.sandbox.daemon import Config
from moyai.sandbox.layout import Layout
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.processes import try_lock
from moyai.texts import Text, document_of, same

logger = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Start everything, answer until SIGTERM, stop everything. The exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    layout = Layout(Path(config.home))
    lock = try_lock(layout.alive_lock)
    if lock is None:
        _answer(config, error=Text("すでに動いています。", "it runs already."))
        return 1
    fleet = Fleet(layout.databases)
    try:
        cloud = _start(config, layout, lock, fleet)
    except Exception as error:
        fleet.stop_all()
        return _fail(config, error)
    _answer(config)
    if cloud.wait():
        cloud.stop()
    else:
        cloud.abandon()
    return 0


def _start(config: Config, layout: Layout, lock: int, fleet: Fleet) -> Any:
    with ThreadPoolExecutor(1) as pool:
        operations: Future[None] = pool.submit(fleet.ensure_operations)
        # moto takes a second to import: the operations database comes up meanwhile.
        cloud = import_module("moyai.sandbox.cloud").Cloud(config, layout, lock, fleet)
        cloud.start(operations)
        return cloud


def _fail(config: Config, error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        error = disk_trouble(error, config.home)
    if isinstance(error, MoyaiError):
        logger.error("%s", error.what.en)
        _answer(config, error=error.what, remedy=error.remedy)
        return 4
    logger.error("the cloud does not start", exc_info=error)
    _answer(config, error=same(f"{type(error).__name__}: {error}"))
    return 1


def _answer(config: Config, error: Text | None = None, remedy: Text | None = None) -> None:
    document: dict[str, object] = {"ok": error is None}
    for name, text in (("error", error), ("remedy", remedy)):
        if text is not None:
            document[name] = document_of(text)
    try:
        os.write(config.ready, json.dumps(document).encode())
    except OSError:
        logger.info("the starter did not wait")
    os.close(config.ready)
