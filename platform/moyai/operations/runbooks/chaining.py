"""Evidence of runs put into the audit chains, in order, each line once; what the database does not take now
waits in its file for the next command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from moyai.errors import MoyaiError
from moyai.operations.runbooks.evidence import EvidenceFiles, run_key
from moyai.operations.runbooks.records import RunStore
from moyai.texts import Text

if TYPE_CHECKING:
    import sqlalchemy as sa

AWAY_SECONDS = 30.0
"""So long a database that did not answer is left alone: a runbook goes on without it."""
_PATIENCE_SECONDS = 15.0
"""A server that is frozen never answers."""


class Chaining:
    """See `asking.Evidence`. `open_database`: an engine of the operations database as an operator."""

    def __init__(
        self, store: RunStore, open_database: Callable[[], AbstractContextManager[sa.Engine]]
    ) -> None:
        self.files = EvidenceFiles(store)
        self._store = store
        self._open = open_database
        self._kept = ExitStack()
        self._engine: sa.Engine | None = None
        self._away_until = 0.0
        self._one_at_a_time = threading.Lock()
        self.why: Text | None = None
        """Why evidence waits, as far as it was tried."""

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """See `Evidence.put`: in the file for certain, and in the chains if the database answers."""
        self.files.put(run, record)
        if time.monotonic() >= self._away_until:
            self._in_time([run])

    def catch_up(self) -> int:
        """Put what waits of all runs into the chains; how many lines still wait."""
        waiting = [run for run in self._store.ids() if self.files.waiting(run)]
        if waiting:
            self._in_time(waiting)
        return sum(self.files.waiting(run) for run in waiting)

    def again(self) -> int:
        """Put lines once more that a database which was restored from an older copy does not have any more; how
        many lines still wait."""
        runs = [run for run in self._store.ids() if self.files.chained(run)]
        if runs:
            self._in_time(runs, from_record=True)
        return self.catch_up()

    def close(self) -> None:
        """Give the database up."""
        self._kept.close()
        self._engine = None

    def _in_time(self, runs: list[str], *, from_record: bool = False) -> None:
        done = threading.Thread(target=self._try, args=(runs, from_record), daemon=True)
        done.start()
        done.join(_PATIENCE_SECONDS)
        if done.is_alive():
            self._away(_NO_ANSWER)

    def _try(self, runs: list[str], from_record: bool) -> None:
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self._put_all(runs, from_record)
            finally:
                self._one_at_a_time.release()

    def _put_all(self, runs: list[str], from_record: bool) -> None:
        try:
            if self._engine is None:
                self._engine = self._kept.enter_context(self._open())
            engine = self._engine
            told = (self._put(run, engine, from_record=from_record) for run in runs)
            why = [refusal for refusal in told if refusal is not None]
        except MoyaiError as error:
            self._away(error.what)
        else:
            self.why = why[0] if why else None

    def _put(self, run: str, engine: sa.Engine, *, from_record: bool = False) -> Text | None:
        """Why a run's evidence goes no further; that of others does. `from_record`: from where the database has
        come, whatever this machine knows of it. Raises `OperationFailed` where the server does not answer."""
        # Imported where it is needed: the database's library is slow to import, and may have nothing to do.
        from sqlalchemy.exc import DBAPIError

        from moyai.operations.database.noting import NOT_THAT_LINE, note, noted

        try:
            lines, known = self.files.lines(run), self.files.chained(run)
        except MoyaiError as error:
            return error.what
        if from_record and lines:
            known = min(known, noted(engine, run_key(run, lines)))
        for number in range(known + 1, len(lines) + 1):
            line = lines[number - 1]
            try:
                note(engine, run_key(run, lines), number, line.sha256, line.notes())
            except (ValueError, TypeError, KeyError, AttributeError):
                return _damaged(run, number)
            except DBAPIError as error:
                is_other = getattr(error.orig, "sqlstate", None) == NOT_THAT_LINE
                if is_other and not from_record and noted(engine, run_key(run, lines)) < known:
                    return self._put(run, engine, from_record=True)  # lines of before are lost
                return _refused(run, str(error.orig).splitlines()[0])
            self.files.put_chained(run, number)
        return None

    def _away(self, why: Text) -> None:
        self.why = why
        self._away_until = time.monotonic() + AWAY_SECONDS


_NO_ANSWER = Text("運用データベースが応答しません。", "the operations database does not answer.")


def _refused(run: str, said: str) -> Text:
    return Text(
        f"運用データベースが実行 {run} の証跡を受け付けません（{said}）。",
        f"the operations database does not take the evidence of {run} ({said}).",
    )


def _damaged(run: str, number: int) -> Text:
    return Text(
        f"実行 {run} の証跡の {number} 行目が壊れています。",
        f"line {number} of the evidence of {run} is damaged.",
    )
