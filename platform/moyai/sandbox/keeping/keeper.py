"""Takes snapshots while resources change, and restores the newest one at the start."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Condition, Thread

from moyai.engine.sites import Doubt
from moyai.sandbox.gate import Gate
from moyai.sandbox.keeping import doubts, pickling
from moyai.sandbox.keeping.headers import DamagedError, Header
from moyai.sandbox.keeping.objects import ObjectStore
from moyai.sandbox.keeping.snapshots import SnapshotFiles
from moyai.sandbox.layout import Layout
from moyai.texts import Text

logger = logging.getLogger(__name__)

_OLDEST_SECONDS = 1.5
"""How old the newest snapshot gets while resources change, where a machine is not overloaded."""
_SHORTEST_SECONDS = 0.5
"""From one snapshot's beginning to the next one's, however long they take."""
_RETRY_SECONDS = 2.0
_FLUSH_SECONDS = 30.0
_STACK_BYTES = 256 * 1024 * 1024
_DEPTH = 20_000
"""Objects that hold one another are written recursively; a cloud's are nested a few hundred deep."""


class Keeper:
    """The snapshots of a running cloud."""

    def __init__(self, gate: Gate, layout: Layout, objects: ObjectStore) -> None:
        self._gate = gate
        self._layout = layout
        self._objects = objects
        self._files = SnapshotFiles(layout.snapshots)
        self._marker = layout.changed
        self._state = Condition()
        self._dirty = False
        self._asked = 0
        self._served = 0
        self._closing = False
        self._taken_at: datetime | None = None
        self._afterwards: list[Callable[[], None]] = []
        self._problem: str | None = None
        self._left_out: tuple[str, ...] = ()
        self._thread: Thread | None = None

    def recover(self) -> None:
        """Restore the newest snapshot that can be read, and put on record what may be lost."""
        unclean = self._marker.exists()
        header, damaged = self._restore()
        now = datetime.now(UTC)
        since = header.taken_at if header else doubts.BEGINNING
        reason = _reason(header, damaged=damaged, unclean=unclean)
        if header is not None and header.versions != _versions():
            since = doubts.BEGINNING
        if reason is not None:
            logger.warning("%s", reason.en)
            doubts.add(self._layout.doubts, Doubt(since, now, reason))
        self._taken_at = header.taken_at if header else None
        self._objects.keep_only(self._files.named_contents())
        self._marker.unlink(missing_ok=True)

    def start(self) -> None:
        """Take snapshots in the background from now on."""
        self._gate.on_change = self.note_change
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
        before = threading.stack_size(_STACK_BYTES)
        self._thread = Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()
        threading.stack_size(before)

    def note_change(self) -> None:
        """Called inside the gate before anything changes."""
        if self._dirty:
            return
        with self._state:
            self._marker.touch()
            self._dirty = True
            self._state.notify_all()

    def flush(self) -> None:
        """Return when what is there now is on disk. For the few changes that must not be lost."""
        with self._state:
            self._asked += 1
            mine = self._asked
            self._state.notify_all()
            if not self._state.wait_for(lambda: self._served >= mine, _FLUSH_SECONDS):
                logger.error("no snapshot in %.0f s", _FLUSH_SECONDS)

    def after_next(self, action: Callable[[], None]) -> None:
        """Do something once a snapshot that was taken later than now is on disk."""
        with self._state:
            self._afterwards.append(action)

    def close(self) -> None:
        """Keep every further change out and take the last snapshot."""
        with self._state:
            self._closing = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._objects.keep_only(self._files.named_contents())

    def status(self) -> Mapping[str, object]:
        """How old the newest snapshot is against what it should hold, and what is wrong."""
        age = 0.0
        if self._dirty and self._taken_at is not None:
            age = (datetime.now(UTC) - self._taken_at).total_seconds()
        return {
            "snapshot_age_seconds": round(age, 3),
            "snapshot_problem": self._problem,
            "not_kept": list(self._left_out),
        }

    def _restore(self) -> tuple[Header | None, bool]:
        damaged = False
        for path in self._files.all():
            try:
                header, content = self._files.read(path)
                pickling.load(content)
                return header, damaged
            except DamagedError as error:
                logger.error("%s: %s", path.name, error)
            except Exception:
                logger.exception("%s cannot be restored", path.name)
                for dictionary in pickling.tables():
                    dictionary.clear()
            damaged = True
            path.rename(path.with_suffix(".damaged"))
        return None, damaged

    def _run(self) -> None:
        last = took = 0.0
        while True:
            with self._state:
                self._state.wait_for(lambda: self._wanted() or self._dirty)
                # The one before is the newest until this one is on disk, which takes its time.
                period = max(_OLDEST_SECONDS - 2 * took, _SHORTEST_SECONDS)
                pause = last + period - time.monotonic()
                self._state.wait_for(self._wanted, max(0.0, pause))
                closing = self._closing
            if closing:
                self._take_last()
                return
            last = time.monotonic()
            done = self._take()
            took = time.monotonic() - last
            if not done:
                time.sleep(_RETRY_SECONDS)

    def _wanted(self) -> bool:
        return self._closing or self._asked > self._served

    def _take_last(self) -> None:
        """Keep everyone out for good, and take a snapshot unless the newest one holds all."""
        with self._gate.closed(for_good=True):
            needed = self._dirty or self._taken_at is None or bool(self._afterwards)
        if needed:
            self._take(nullcontext())

    def _take(self, closed: AbstractContextManager[None] | None = None) -> bool:
        """Take a snapshot: everything stands still while it is pickled, not while it is written."""
        try:
            with closed or self._gate.closed():
                taken_at, self._dirty = datetime.now(UTC), False
                asked, afterwards = self._asked, list(self._afterwards)
                pickled = pickling.dump()
            header = Header(taken_at, _versions(), tuple(pickled.digests))
            self._files.write(header, pickled.content)
        except Exception as error:
            self._problem = f"{type(error).__name__}: {error}"
            logger.exception("no snapshot was taken")
            self._dirty = True
            return False
        if pickled.left_out != self._left_out:
            logger.error("not kept: %s", "; ".join(pickled.left_out) or "nothing any more")
        self._left_out, self._problem = pickled.left_out, None
        with self._state:
            self._taken_at = taken_at
            if not self._dirty:
                self._marker.unlink(missing_ok=True)
            self._served = asked
            del self._afterwards[: len(afterwards)]
            self._state.notify_all()
        for action in afterwards:
            action()
        return True


def _versions() -> str:
    return f"moto {version('moto')}, Python {platform.python_version()}"


def _reason(header: Header | None, *, damaged: bool, unclean: bool) -> Text | None:
    if damaged and header is None:
        return Text(
            "控えがすべて壊れていたため、サンドボックスは空で始まりました。",
            "all snapshots were damaged; the sandbox began empty.",
        )
    if damaged:
        return Text(
            "最新の控えが壊れていたため、一つ前の控えに戻しました。",
            "the newest snapshot was damaged; the one before it was restored.",
        )
    if unclean:
        return Text(
            "サンドボックスが途中で終わったため、最後の控えより後の変更が失われたおそれがあります。",
            "the sandbox was killed; what changed after its last snapshot may be lost.",
        )
    if header is not None and header.versions != _versions():
        return Text(
            f"控えは {header.versions} のもので、いまは {_versions()} です。",
            f"the snapshot is of {header.versions}, this is {_versions()}.",
        )
    return None
