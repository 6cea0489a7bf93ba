"""Starting, finding and stopping the embedded cloud's process."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import moyai
from moyai.engine.sites import Doubt
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.registry.models import Site
from moyai.sandbox.daemon import Config
from moyai.sandbox.keeping import doubts as records
from moyai.sandbox.keeping.headers import newest_snapshot
from moyai.sandbox.layout import Layout, read_json
from moyai.sandbox.postgres.instance import stop_all
from moyai.sandbox.processes import Identity, is_locked, locked, wait_until
from moyai.texts import Text, of_system, text_of

_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_ANSWER_SECONDS = 5.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Running:
    """A cloud that runs."""

    identity: Identity
    endpoint: str
    operations_database: str
    started_at: float
    version: str
    """Of the Moyai that started it."""


def find(layout: Layout) -> Running | None:
    """The running cloud of a site, or None. A run file that is damaged counts as none."""
    document = read_json(layout.run_file)
    running = _decode(document) if isinstance(document, dict) else None
    return running if running is not None and running.identity.is_alive() else None


def _decode(document: Mapping[str, Any]) -> Running | None:
    try:
        pid = int(document["pid"])
        if pid <= 0:
            return None
        return Running(
            Identity(pid, float(document["process_started"])),
            str(document["endpoint"]),
            str(document["operations_database"]),
            float(document["started_at"]),
            str(document.get("version")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def running(layout: Layout) -> Running:
    """The running cloud of a site. Raises `OperationFailed` where there is none."""
    found = find(layout)
    if found is None:
        raise OperationFailed(
            Text("サンドボックスが動いていません。", "the sandbox is not running."),
            remedy=Text(
                "moyai sandbox start で起動してください。", "Start it with moyai sandbox start."
            ),
        )
    return found


def start(layout: Layout, site: Site, project: Path) -> bool:
    """Start the cloud unless it runs: False where it does.

    Of two starts at once one starts it and the other waits. A cloud that an older Moyai started is
    stopped first. Raises `OperationFailed` where it does not start, or its folder takes no files.
    """
    if _is_current(find(layout)):
        return False
    with _writing(layout):
        layout.prepare()
    with _alone(layout):
        found = find(layout)
        if _is_current(found):
            return False
        with _writing(layout):
            layout.prepare()  # a reset may have come between
        if found is not None:
            _end(found.identity)
        # A cloud that was killed may still be finishing its last snapshot.
        wait_until(lambda: not is_locked(layout.alive_lock), 10)
        _launch(layout, site, project)
    return True


def stop(layout: Layout) -> None:
    """Stop the cloud in good order, then whatever of it is left. Not running: nothing to do.

    Raises `OperationFailed` where its folder takes no files.
    """
    if not layout.home.exists():
        return
    with _alone(layout):
        found = find(layout)
        if found is not None:
            _end(found.identity)
        stop_all(layout.databases)


def doubts(layout: Layout) -> tuple[Doubt, ...]:
    """Spans whose changes may be lost: those on record, and the one that begins with a kill.

    That of a killed cloud, which its next start will put on record, lasts until now.
    """
    recorded = records.read(layout.doubts)
    if not layout.changed.exists() or find(layout) is not None:
        return recorded
    return (*recorded, Doubt(newest_snapshot(layout.snapshots), datetime.now(UTC)))


def status(layout: Layout) -> Mapping[str, object]:
    """What `moyai sandbox status` shows. A cloud that does not run, or not answer, has less."""
    found = find(layout)
    known: Mapping[str, object] = {"databases": [], "snapshot_age_seconds": None}
    if found is not None:
        known = {**known, **_ask(found.endpoint)}
    return {
        "running": found is not None,
        "endpoint": found.endpoint if found else None,
        "pid": found.identity.pid if found else None,
        "folder": str(layout.home),
        **known,
    }


def _ask(endpoint: str) -> Mapping[str, object]:
    try:
        connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=_ANSWER_SECONDS)
        connection.request("GET", "/_moyai/status")
        document = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        return {"problem": f"{type(error).__name__}: {error}"}
    return document if isinstance(document, dict) else {}


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Be the only one that starts or stops the cloud."""
    with ExitStack() as held:
        with _writing(layout):
            held.enter_context(locked(layout.change_lock))
        yield


@contextmanager
def _writing(layout: Layout) -> Iterator[None]:
    """Turn a folder that takes no files into `OperationFailed`; nothing else was done yet."""
    try:
        yield
    except OSError as error:
        why = of_system(error)
        raise OperationFailed(
            Text(
                f"サンドボックスのフォルダ {layout.home} に書けません（{why.ja}）。",
                f"cannot write to the sandbox's folder {layout.home}: {why.en}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "空き容量と権限を確かめるか、MOYAI_HOME で別のフォルダにしてください。",
                "Look at the free space and the rights, or set MOYAI_HOME to another folder.",
            ),
        ) from None


def _is_current(found: Running | None) -> bool:
    return found is not None and found.version == moyai.__version__


def _end(identity: Identity) -> None:
    identity.send(signal.SIGTERM)
    if not identity.wait_gone(_STOP_SECONDS):
        identity.send(signal.SIGKILL)
        identity.wait_gone(5)


def _launch(layout: Layout, site: Site, project: Path) -> None:
    reader, writer = os.pipe()
    config = Config(str(layout.home), str(project), site.account_id, site.region, writer)
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    try:
        first = subprocess.Popen(
            [sys.executable, "-m", "moyai.sandbox.daemon", config.to_json()],
            stdin=subprocess.DEVNULL,
            pass_fds=(writer,),
            start_new_session=True,
            cwd="/",
            env=environment,
        )
        os.close(writer)
        answer = _read_answer(reader)
        first.wait(_START_SECONDS)
    finally:
        os.close(reader)
    if not answer.get("ok"):
        raise _not_started(layout, answer)


def _read_answer(reader: int) -> dict[str, object]:
    deadline = time.monotonic() + _START_SECONDS
    content = b""
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], left)
        part = os.read(reader, 65536) if ready else b""
        if not part:
            break
        content += part
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _not_started(layout: Layout, answer: Mapping[str, object]) -> OperationFailed:
    reason = text_of(answer.get("error")) or Text("理由不明", "no reason")
    return OperationFailed(
        Text(
            f"サンドボックスが起動しません: {reason.ja}", f"the sandbox does not start: {reason.en}"
        ),
        touched=Text(
            "これまでに作った環境はそのままです。", "What was created before is untouched."
        ),
        remedy=text_of(answer.get("remedy"))
        or Text(
            f"{layout.log} を見て原因を除き、もう一度 moyai sandbox start を実行してください。",
            f"Look into {layout.log}, remove the cause, and run moyai sandbox start again.",
        ),
    )
