"""What preflight found of a body, by which every later step holds what it is about to do.

Files are read anew by each step. Nothing is done by them that is not what preflight compared with the
approved change: not a stack, a migration, or a look at health.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from moyai.jobs.results import JobError
from moyai.jobs.settings import approved_word
from moyai.json_value import JsonValue
from moyai.operations.kinds.kind import InDoubt, Moved, Result, Work
from moyai.operations.kinds.upgrade.change import (
    back_sha256,
    between,
    contracts_of,
    end_sha256,
    service_sha256,
)
from moyai.operations.site.places import today
from moyai.planning.conditions import Condition, Recorded
from moyai.planning.fingerprints import reason
from moyai.planning.plans import PlannedStack
from moyai.registry.models import Manifest
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Found:
    """What is on record of preflight. None where a version wrote it that did not know of it."""

    release: str
    """The release that the body came from."""
    end_sha256: str
    """What the body is in the end."""
    back_sha256: str | None = None
    """What its stack is with the release that it came from."""
    service_sha256: str | None = None
    """What migrations and health checks rest on."""
    contracts: tuple[int, ...] | None = None
    """Versions of the migrations on the way that the release before does not work with."""
    day: date | None = None
    """As of which stacks are built, also by steps after midnight."""
    stack_sha256: str | None = None
    """What its stack is in the end."""

    def result(self) -> dict[str, JsonValue]:
        """The same as preflight's result."""
        return {
            "release": self.release,
            "end_sha256": self.end_sha256,
            "back_sha256": self.back_sha256,
            "service_sha256": self.service_sha256,
            "stack_sha256": self.stack_sha256,
            "contracts": self.contracts,
            "day": None if self.day is None else self.day.isoformat(),
        }

    @property
    def as_of(self) -> date:
        """The day that stacks are built as of: preflight's over a midnight, later the one of now, as what
        has begun since is there then."""
        now = today()
        return self.day if self.day is not None and now - self.day <= timedelta(days=1) else now


def found_in(result: Result) -> Found:
    """What preflight's result says."""
    day, contracts = result.get("day"), result.get("contracts")
    return Found(
        release=str(result["release"]),
        end_sha256=str(result["end_sha256"]),
        back_sha256=_word(result.get("back_sha256")),
        service_sha256=_word(result.get("service_sha256")),
        stack_sha256=_word(result.get("stack_sha256")),
        contracts=None if not isinstance(contracts, (list, tuple)) else _numbers(contracts),
        day=None if day is None else date.fromisoformat(str(day)),
    )


def found_by(work: Work) -> Found:
    """What the preflight of this attempt found, or of one before."""
    return found_in(work.results.get("preflight") or work.earlier["preflight"])


def hold_to_end(found: Found, manifest: Manifest, target: str, stack: PlannedStack) -> None:
    """Raises `Moved` where a stack that is about to be built is not the one that preflight found."""
    if end_sha256(manifest, found.release, target, stack.fingerprint) != found.end_sha256:
        raise _moved(stack)


def hold_to_way_back(
    found: Found, service: str, recorded: Recorded, stack: PlannedStack
) -> PlannedStack | None:
    """A stack as it is to be built with the release before; None where nothing of the upgrade is there.

    Raises `InDoubt` where more would go along than what the upgrade changed.
    """
    part = f"release:{service}"
    if recorded.condition is Condition.APPLIED:
        if part not in stack.changed:
            return None
        if set(stack.changed) == {part}:
            return stack
    if found.back_sha256 in (None, back_sha256(stack.fingerprint)):
        return stack
    raise InDoubt(
        Text(
            "tenants.yaml かプログラムが作業の途中で変わり、前のリリースに戻すと、承認されていない"
            "変更も適用されます。",
            "tenants.yaml or a program was changed meanwhile: going back to the release before would "
            "bring what nobody approved.",
        ),
        remedy=Text(
            "変更を元に戻してから、moyai operation retry を実行してください。",
            "Take the change back, then run moyai operation retry.",
        ),
    )


def hold_to_service(found: Found, manifest: Manifest, target: str) -> None:
    """Raises `Moved` where migrations, health check or the releases' entries are not as preflight found
    them."""
    try:
        same = found.service_sha256 in (None, service_sha256(manifest, found.release, target))
    except (JobError, KeyError):
        same = False
    if not same:
        raise Moved(
            Text(
                f"{manifest.name} の移行・正常性の確認・マニフェストのどれかが、作業の途中で変わりました。",
                f"a migration, the health check or the manifest of {manifest.name} was changed "
                "meanwhile.",
            ),
            remedy=_PLAN_ANEW,
        )


def approved_migrations(found: Found, manifest: Manifest, target: str) -> str:
    """The migrations that may be applied, for the job. Raises as `hold_to_service`."""
    hold_to_service(found, manifest, target)
    return approved_word(
        (one.version, one.sha256) for one in between(manifest, found.release, target)
    )


def contracted(found: Found, manifest: Manifest, target: str, version: int) -> bool:
    """Whether a schema of this version has a step that the release before does not work with."""
    contracts = found.contracts
    if contracts is None:
        contracts = contracts_of(between(manifest, found.release, target))
    return any(one <= version for one in contracts)


_PLAN_ANEW = Text(
    "ファイルを承認されたときのものに戻してから moyai operation retry を、変更も行うなら計画を"
    "作り直して承認を受けてください。",
    "Put the file back as it was approved and run moyai operation retry, or plan the body anew with the "
    "change and have that approved.",
)


def _moved(stack: PlannedStack) -> Moved:
    texts = tuple(reason(part, frozenset()) for part in stack.changed)
    ja, en = "、".join(one.ja for one in texts), "; ".join(one.en for one in texts)
    return Moved(
        Text(
            f"承認されたときと環境が違います（作業の途中で変わりました）。いま適用するとすれば: {ja}",
            f"its environment would not be the one approved: something was changed meanwhile. What "
            f"would be applied now: {en}",
        ),
        remedy=_PLAN_ANEW,
    )


def _numbers(values: Sequence[object]) -> tuple[int, ...]:
    return tuple(int(str(one)) for one in values)


def _word(value: object) -> str | None:
    return None if value is None else str(value)
