"""Expected failures. Each says what was touched, what was not, and what to do next.

Whatever is not a `MoyaiError` is a bug and keeps its traceback (without locals, which may hold
secrets). Exit codes are part of the interface for machines and never change their meaning.
"""

from __future__ import annotations

from enum import IntEnum

from moyai.texts import Lang, Text

NOTHING_TOUCHED = Text("何も変更していません。", "Nothing was touched.")


class ExitCode(IntEnum):
    """What the `moyai` command answers to its caller."""

    DONE = 0
    BUG = 1
    USAGE = 2
    REGISTRY = 3
    FAILED = 4
    REFUSED = 5
    HELD = 6


class MoyaiError(Exception):
    """Base of every expected failure.

    `what` says what happened, `touched` what was changed before it happened (None: nothing was),
    `remedy` what the person can do next. None of the three may hold a secret.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(
        self, what: Text, *, touched: Text | None = None, remedy: Text | None = None
    ) -> None:
        super().__init__(what.en)
        self.what = what
        self.touched = touched
        self.remedy = remedy

    def lines(self, lang: Lang) -> tuple[str, ...]:
        """The message as lines to print: what, then touched, then remedy, where they are known."""
        return tuple(
            part.of(lang) for part in (self.what, self.touched, self.remedy) if part is not None
        )


class UsageError(MoyaiError):
    """The command was called wrongly: an unknown selector, a missing file."""

    exit_code = ExitCode.USAGE


class OperationFailed(MoyaiError):
    """Something failed on the way; what is on record lets the next run go on."""

    exit_code = ExitCode.FAILED


SITE_UNREAD = Text(
    "tenants.yaml、拠点の記録、または拠点そのものを、いま読めません。",
    "tenants.yaml, the site's records or the site itself cannot be read now.",
)


class SiteTrouble(OperationFailed):
    """tenants.yaml, the site's records or the site itself cannot be read or entered now.

    It says nothing of the body that was asked for, and its words may name others: on record of a body stands
    `SITE_UNREAD` in their place.
    """


class FileTrouble(SiteTrouble):
    """The same of tenants.yaml, as a program met it: its words quote other bodies' entries, most likely."""


class Refused(MoyaiError):
    """Moyai will not do this without more: an approval, a thawed freeze date, `exit`."""

    exit_code = ExitCode.REFUSED


class Held(MoyaiError):
    """What is waited for does not go on by itself: a person has to decide."""

    exit_code = ExitCode.HELD
