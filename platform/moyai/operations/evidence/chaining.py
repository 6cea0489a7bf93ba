"""Lines of evidence put into the audit chains, in order, each once; what the database does not take now
waits in its file for the next command or worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from moyai.errors import MoyaiError
from moyai.operations.evidence.lines import LineFiles, key_of
from moyai.texts import Text

if TYPE_CHECKING:
    import sqlalchemy as sa

AWAY_SECONDS = 30.0
"""So long a database that did not answer is left alone: work goes on without it."""
_PATIENCE_SECONDS = 15.0
"""A server that is frozen never answers."""
_Wanted = list[tuple[LineFiles, str]]


class Chaining:
    """Puts lines into the chains. `open_database`: an engine of the operations database."""

    def __init__(
        self,
        files: LineFiles,
        open_database: Callable[[], AbstractContextManager[sa.Engine]],
        *others: LineFiles,
    ) -> None:
        """`others`: lines that are caught up with beside `files`."""
        self.files = files
        self._every = (files, *others)
        self._open = open_database
        self._kept = ExitStack()
        self._engine: sa.Engine | None = None
        self._away_until = 0.0
        self._one_at_a_time = threading.Lock()
        self.why: Text | None = None
        """Why lines wait, as far as it was tried."""

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """In the file for certain, and in the chains if the database answers. Raises `OperationFailed`."""
        self.files.put(run, record)
        if time.monotonic() >= self._away_until:
            self._in_time([(self.files, run)])

    def catch_up(self) -> int:
        """Put what waits of all into the chains; how many lines still wait."""
        waiting = [(files, one) for files in self._every for one in files.ids()]
        for files, one in waiting:
            files.before_putting(one)
        waiting = [(files, one) for files, one in waiting if files.waiting_or_unread(one)]
        if waiting:
            self._in_time(waiting)
        return sum(files.all_waiting() for files in self._every)

    def again(self) -> int:
        """Put lines once more that a database which was restored from an older copy does not have any more; how
        many lines still wait."""
        known = [
            (files, one) for files in self._every for one in files.all_ids() if files.chained(one)
        ]
        if known:
            self._in_time(known, from_record=True)
        return self.catch_up()

    def close(self) -> None:
        """Give the database up."""
        self._kept.close()
        self._engine = None

    def _in_time(self, wanted: _Wanted, *, from_record: bool = False) -> None:
        done = threading.Thread(target=self._try, args=(wanted, from_record), daemon=True)
        done.start()
        done.join(_PATIENCE_SECONDS)
        if done.is_alive():
            self._away(_NO_ANSWER)

    def _try(self, wanted: _Wanted, from_record: bool) -> None:
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self._put_all(wanted, from_record)
            finally:
                self._one_at_a_time.release()

    def _put_all(self, wanted: _Wanted, from_record: bool) -> None:
        try:
            if self._engine is None:
                self._engine = self._kept.enter_context(self._open())
            engine = self._engine
            told = (put_one(files, one, engine, from_record=from_record) for files, one in wanted)
            why = [refusal for refusal in told if refusal is not None]
        except MoyaiError as error:
            self._away(error.what)
        else:
            self.why = why[0] if why else None

    def _away(self, why: Text) -> None:
        self.why = why
        self._away_until = time.monotonic() + AWAY_SECONDS


def put_one(
    files: LineFiles, found: str, engine: sa.Engine, *, from_record: bool = False
) -> Text | None:
    """Put the lines of one run or deed into the chains; why they go no further, where they do not.

    `from_record`: from where the database has come, whatever this machine knows of it. Raises `OperationFailed`
    where the server does not answer.
    """
    # Imported where it is needed: the database's library is slow to import, and may have nothing to do.
    from sqlalchemy.exc import DBAPIError

    from moyai.operations.database.noting import NOT_THAT_LINE, note, noted

    try:
        lines, known = files.lines(found), files.chained(found)
    except MoyaiError as error:
        return error.what
    key = key_of(found, lines) if lines else ""
    if from_record and lines:
        known = min(known, noted(engine, key))
    for number in range(known + 1, len(lines) + 1):
        line = lines[number - 1]
        try:
            note(engine, key, number, line.sha256, files.notes(line), files.of)
        except (ValueError, TypeError, KeyError, AttributeError):
            return _damaged(files.title(found), number)
        except DBAPIError as error:
            is_other = getattr(error.orig, "sqlstate", None) == NOT_THAT_LINE
            if is_other and not from_record and noted(engine, key) < known:
                return put_one(files, found, engine, from_record=True)  # lines of before are lost
            return _refused(files.title(found), str(error.orig).splitlines()[0])
        files.put_chained(found, number)
    files.settled(found)
    return None


_NO_ANSWER = Text("運用データベースが応答しません。", "the operations database does not answer.")


def _refused(what: Text, said: str) -> Text:
    return Text(
        f"運用データベースが{what.ja}を受け付けません（{said}）。",
        f"the operations database does not take {what.en} ({said}).",
    )


def _damaged(what: Text, number: int) -> Text:
    return Text(
        f"{what.ja}の {number} 行目が壊れています。", f"line {number} of {what.en} is damaged."
    )
