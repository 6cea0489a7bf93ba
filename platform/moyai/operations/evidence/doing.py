"""A deed by hand on record: a line before it is done, another for how it ended, with who and what."""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import moyai
from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed, Refused, UsageError
from moyai.json_value import JsonValue
from moyai.operations.evidence.deeds import deed_files
from moyai.texts import Text

Kind = Literal[
    "deploy",
    "onboard",
    "demo",
    "tenant-add",
    "tenant-withdraw",
    "tenant-edit",
    "tenant-apply",
    "prepare",
    "new-passwords",
    "psql",
]
"""What is done by hand and is no operation; in the audit chains its action is `hand.KIND`."""
Result = Literal["applied", "failed", "interrupted", "refused", "nothing"]
"""`refused`: nothing was touched, as it may not be; `nothing`: nothing was left to do. Of a command that never
said how it ended the chains have `lost`, by whoever found that."""
Facts = Mapping[str, JsonValue]
_UNSEEN = re.compile(r"[^!-~]")


def person() -> str:
    """Who this process is of, as the machine says: `person:USER@HOST`."""
    number = os.getuid()
    try:
        user = pwd.getpwuid(number).pw_name
    except KeyError:
        user = str(number)
    return "person:" + _UNSEEN.sub("?", f"{user}@{os.uname().nodename}")[:254]


@dataclass(frozen=True, slots=True)
class About:
    """What a deed is, apart from what becomes of it."""

    kind: Kind
    site: str
    registry_sha256: str
    """Of tenants.yaml as the command read it."""
    operator: str | None = None
    """Who the person says to be (`--operator`): a claim, which nothing proves."""

    def told(self) -> dict[str, JsonValue]:
        """What every chain has of it."""
        said: dict[str, JsonValue] = {
            "site": self.site,
            "source_sha256": self.registry_sha256,
            "version": moyai.__version__,
        }
        return said if not self.operator else {**said, "claimed_operator": self.operator}


class Deed:
    """A deed while it is done; within `deed`."""

    def __init__(self, home: Path, about: About) -> None:
        """`home`: the folder of the site's work on this machine."""
        self._files = deed_files(home)
        self._about = about
        self._by = person()
        self._begun_at = datetime.now(UTC)
        self.id = self._files.new_id(self._begun_at)
        self._plan_sha256: str | None = None
        self._held = ExitStack()
        self.bodies: set[str] = set()
        """Of which it has been said that it begins."""
        self.has_begun = False
        self.has_ended = False
        self._stand = 0
        """Lines that stand."""

    def begin(
        self, bodies: Mapping[str, Facts], federation: Facts, plan_sha256: str | None = None
    ) -> None:
        """Say that it begins, or that it goes on to more bodies; on the disk when this returns.

        `bodies`: code → what its own chain is told. Raises `OperationFailed`: then it must not be done.
        """
        told = {code: {"result": "begun", **facts} for code, facts in bodies.items()}
        stood = self._stand
        try:
            if not self.has_begun:
                self._held.enter_context(self._files.held(self.id))
                self._plan_sha256 = plan_sha256
            self._put("begin", "begun", told, federation)
        except OperationFailed as error:
            touched = error.touched if self.has_begun else NOTHING_TOUCHED
            raise OperationFailed(error.what, touched=touched, remedy=error.remedy) from error
        finally:
            if self._stand > stood:
                self.has_begun = True
                self.bodies |= bodies.keys()

    def end(
        self, result: Result, bodies: Mapping[str, tuple[str, Facts]], federation: Facts
    ) -> None:
        """Say how it ended; `bodies` as in `begin`, each with a result of its own. Raises `OperationFailed`."""
        began: Facts = {"begun_at": self._begun_at.isoformat()}
        told = {code: {"result": one, **facts, **began} for code, (one, facts) in bodies.items()}
        stood = self._stand
        try:
            self._put("end", result, told, {**federation, **began})
        finally:
            self.has_ended = self._stand > stood

    def close(self) -> None:
        """It is not at work any more."""
        self._held.close()

    def _put(self, event: str, result: str, bodies: Mapping[str, Facts], federation: Facts) -> None:
        line = _without_keys(
            {
                "deed": self.id,
                "kind": self._about.kind,
                "event": event,
                "by": self._by,
                "at": datetime.now(UTC).isoformat(),
                "told": self._about.told(),
                "plan_sha256": self._plan_sha256,
                "result": result,
                "federation": dict(federation),
                "bodies": {code: dict(facts) for code, facts in bodies.items()},
            },
        )
        try:
            self._files.put(self.id, line)
            self._stand += 1
        except BaseException:
            # An interrupt, or a disk that failed late: the line may stand nevertheless.
            with suppress(MoyaiError):
                self._stand = len(self._files.lines(self.id))
            raise


@contextmanager
def on_record(home: Path, about: About, codes: tuple[str, ...], facts: Facts) -> Iterator[Deed]:
    """A deed that is done at once: begun on record before what is within, ended by how that ends.

    `facts` is told to the federation and to each of the bodies. Raises `OperationFailed` before it is
    done.
    """
    deed = Deed(home, about)
    try:
        deed.begin(dict.fromkeys(codes, facts), {**facts, **_codes(codes)})
        yield deed
    except BaseException as error:
        with suppress(MoyaiError):  # the failure itself is what is told
            _end(deed, _result_of(error), codes)
        raise
    else:
        _end(deed, "applied", codes)
    finally:
        deed.close()


def _without_keys(line: Mapping[str, object]) -> Mapping[str, object]:
    """Raises `UsageError` where somebody has put a private key into what would be on record for good."""
    if "PRIVATE KEY-----" in json.dumps(line, ensure_ascii=False):
        raise UsageError(
            Text("秘密鍵は、どこにも記録できません。", "a private key is kept on no record."),
            touched=NOTHING_TOUCHED,
        )
    return line


def _end(deed: Deed, result: Result, codes: tuple[str, ...]) -> None:
    if deed.has_begun and not deed.has_ended:
        deed.end(result, dict.fromkeys(codes, (result, {})), _codes(codes))


def _codes(codes: tuple[str, ...]) -> Facts:
    return {"codes": codes} if codes else {}


def _result_of(error: BaseException) -> Result:
    if isinstance(error, Refused):
        return "refused"
    return "failed" if isinstance(error, Exception) else "interrupted"
