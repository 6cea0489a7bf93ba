"""A body's database that does not answer: waited for in sight, and for a bounded time.

A server that restarts or fails over (Aurora: tens of seconds to some minutes) says nothing of what was asked of
the body. One that is gone for good must not keep the body, and its place in the wave, for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moyai.errors import MoyaiError, SiteTrouble
from moyai.jobs.failures import JobFailed
from moyai.texts import Text, in_japan, text_of

AWAY_SECONDS = 900.0
"""How long the database of a body is tried again within one step, from the first time without an answer."""
LEAST_TRIES = 3
"""So often at least, also where one try takes long, as a backup's."""
_LONGEST_PAUSE_SECONDS = 15.0


class DatabaseAway(SiteTrouble):
    """The body's database does not answer now. `failure` is the job's that found it so.

    Its words are of this body alone.
    """

    def __init__(self, what: Text, failure: JobFailed) -> None:
        super().__init__(what, touched=failure.touched, remedy=failure.remedy)
        self.failure = failure


Judge = Callable[[JobFailed], MoyaiError]
"""What is raised for a job that did not reach its database."""


def waited_for(failure: JobFailed) -> MoyaiError:
    """For whoever counts by itself how long it has been away."""
    return DatabaseAway(failure.what, failure)


@dataclass(slots=True)
class Absence:
    """How long, within one step of one body, its database has not answered."""

    clock: Callable[[], float] = time.monotonic
    _step: str = ""
    _since: float | None = None
    _moment: str = ""
    _reason: Text = field(default_factory=lambda: Text("", ""))
    _tries: int = 0

    def at(self, step: str) -> None:
        """A step is tried: what another one waited for counts no more."""
        if step != self._step:
            self._step = step
            self.over()

    def over(self) -> None:
        """It has answered."""
        self._since, self._tries = None, 0

    @property
    def pause(self) -> float:
        """Seconds before the next try; they grow."""
        return float(min(2 ** max(self._tries - 1, 0), _LONGEST_PAUSE_SECONDS))

    def judge(self, failure: JobFailed) -> MoyaiError:
        """`DatabaseAway` while it is waited for; then the job's own failure, with for how long it was."""
        now = self.clock()
        if self._since is None:
            self._since, self._moment = now, in_japan(datetime.now(UTC))
            self._reason = _reason(failure)
        self._tries += 1
        if self._tries > LEAST_TRIES and now - self._since >= AWAY_SECONDS:
            return _too_long(failure, self._moment, self._tries)
        what = Text(
            f"団体のデータベースが {self._moment} から応答しないため、間をおいて試しています"
            f"（{self._reason.ja}）",
            f"the body's database has not answered since {self._moment}: it is tried again and again "
            f"({self._reason.en})",
        )
        return DatabaseAway(what, failure)


def _reason(failure: JobFailed) -> Text:
    """In the job's own words, for brackets."""
    said = text_of(failure.fields.get("reason")) or failure.what
    return Text(said.ja.rstrip("。"), said.en.rstrip("."))


def _too_long(failure: JobFailed, since: str, tries: int) -> JobFailed:
    return JobFailed(
        Text(
            f"団体のデータベースが {since} から応答しません（{tries} 回試しました）。最後: {failure.what.ja}",
            f"the body's database has not answered since {since}, though it was tried {tries} times; the last: "
            f"{failure.what.en}",
        ),
        verb=failure.verb,
        code=failure.code,
        task_arn=failure.task_arn,
        exit_code=failure.job_exit_code,
        fields=failure.fields,
        touched=failure.touched,
        remedy=failure.remedy,
    )
