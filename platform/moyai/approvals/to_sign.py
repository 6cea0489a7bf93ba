"""What somebody is to sign to approve something, of a plan and of a run alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from moyai.approvals.elsewhere import signed_moment
from moyai.approvals.subjects import Subject, approval_line


@dataclass(frozen=True, slots=True)
class ToSign:
    """The words of a line."""

    about: str
    """An operation, or a run of a runbook."""
    sha256: str
    """Of all that is agreed to, reckoned."""
    subject: Subject | str
    signed_at: datetime
    """In UTC, in whole seconds."""

    @property
    def line(self) -> bytes:
        """With its line feed."""
        return approval_line(self.about, self.sha256, self.subject, self.signed_at)

    @property
    def words(self) -> str:
        """The line as people are shown it."""
        return self.line.decode().rstrip("\n")

    def as_signed(self, line: str | None) -> ToSign:
        """What was signed elsewhere, with the moment that is in its line. Raises as `signed_moment`."""
        moment = signed_moment(line, self.about, self.sha256, str(self.subject))
        return replace(self, signed_at=moment)


def to_sign(about: str, sha256: str, subject: Subject | str, now: datetime) -> ToSign:
    """What is signed at a moment."""
    return ToSign(about, sha256, subject, now.astimezone(UTC).replace(microsecond=0))
