"""What a signature is about, and the lines that are signed. Pure.

`plan`, `exceptions` (what a plan is laxer in than tenants.yaml), `wave:2`, `body:271004`, and a risk of one
body by its name: `unverified-restore:271004`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

PLAN_NAMESPACE = "moyai-plan@1"
"""Of the planner's signature, which says who planned."""
APPROVAL_NAMESPACE = "moyai-approval@1"
"""Of approvals. A signature in one namespace says nothing in another."""

Kind = Literal["plan", "exceptions", "wave", "body", "risk"]
_SUBJECT = re.compile(
    r"(?P<whole>plan|exceptions)|wave:(?P<wave>[1-9][0-9]{0,3})|(?P<risk>[a-z][a-z-]{0,39}):(?P<code>[0-9]{6})"
)
_WORD = re.compile(r"[!-~]{1,200}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is approved. `str()` writes it."""

    kind: Kind
    wave: int | None = None
    code: str | None = None
    risk: str | None = None

    def __str__(self) -> str:
        if self.kind in ("plan", "exceptions"):
            return self.kind
        if self.kind == "wave":
            return f"wave:{self.wave}"
        return f"{self.risk or 'body'}:{self.code}"


PLAN = Subject("plan")
EXCEPTIONS = Subject("exceptions")


def wave(number: int) -> Subject:
    """A wave, by its number from 1."""
    return Subject("wave", wave=number)


def body(code: str) -> Subject:
    """A body's own slot."""
    return Subject("body", code=code)


def risk(name: str, code: str) -> Subject:
    """A risk that is taken with one body."""
    return Subject("risk", code=code, risk=name)


def parse(text: str) -> Subject:
    """Read a subject. Raises ValueError for anything that `str()` of one does not write."""
    found = _SUBJECT.fullmatch(text)
    if found is None or found["risk"] in ("plan", "exceptions", "wave"):
        raise ValueError(f"no subject: {text!r}")
    if found["whole"]:
        return PLAN if found["whole"] == "plan" else EXCEPTIONS
    if found["wave"]:
        return wave(int(found["wave"]))
    return body(found["code"]) if found["risk"] == "body" else risk(found["risk"], found["code"])


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """The words of a line that somebody signed to approve something."""

    about: str
    """An operation's id, or a runbook's run."""
    sha256: str
    """Of all that is agreed to."""
    subject: str
    """As `Subject` writes it; a step of a runbook."""
    signed_at: datetime
    """In UTC, in whole seconds: by the signer's clock, as nobody else's is there."""


def signed_line(operation: str, sha256: str, subject: Subject | str) -> bytes:
    """What a planner signs: `<operation> <hash> <subject>` and a line feed, as `echo` writes it.

    The hash is of all that a person agrees to: an operation's plan, a runbook with its parameters. Raises
    ValueError for a word with blanks or signs outside ASCII, and for what is no SHA-256 in lower case.
    """
    words = (operation, sha256, str(subject))
    if _SHA256.fullmatch(sha256) is None or not all(_WORD.fullmatch(word) for word in words):
        raise ValueError("not what can be signed")
    return (" ".join(words) + "\n").encode()


def approval_line(
    operation: str, sha256: str, subject: Subject | str, signed_at: datetime
) -> bytes:
    """What an approver signs: the same, with the moment in UTC at its end (`2026-11-26T12:00:00Z`).

    Raises ValueError as `signed_line`, and for a moment that is not written so: with a fraction of a second,
    without a zone, of another century.
    """
    if signed_at.utcoffset() is None or signed_at.microsecond:
        raise ValueError("not what can be signed")
    moment = f"{signed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if _MOMENT.fullmatch(moment) is None:
        raise ValueError("not what can be signed")
    line = signed_line(operation, sha256, subject).decode().rstrip("\n")
    return f"{line} {moment}\n".encode()


def read_approval_line(line: str) -> ApprovalLine:
    """The words of a line as `approval_line` writes it, with or without its line feed. Raises ValueError."""
    words = line.removesuffix("\n").split(" ")
    if len(words) != 4 or _MOMENT.fullmatch(words[3]) is None:
        raise ValueError("no line of an approval")
    about, sha256, subject, moment = words
    found = ApprovalLine(about, sha256, subject, datetime.fromisoformat(moment))
    approval_line(about, sha256, subject, found.signed_at)
    return found
