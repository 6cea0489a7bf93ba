"""The plan of an operation: all that a person agrees to, and its hash. Pure.

Moments are UTC, lengths of time in seconds. A plan never changes: what happens to it is in the
operations database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from moyai.canonical_json import sha256_of
from moyai.json_value import JsonValue
from moyai.planning.fleet.plan_types import check_types
from moyai.planning.openings import Calendar
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.operation_settings import FailureMode
from moyai.texts import Text

SCHEMA = "moyai.operation/1"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may go on at once and go wrong, in one wave. Whole bodies: shares are reckoned."""

    max_concurrent: int
    """Bodies at a time, at least 1."""
    tolerance: int
    """Bodies that may fail or be held; one more holds the wave."""
    mode: FailureMode
    """`strict`: never more at once than may still fail and one; `soft`: as many as `max_concurrent`."""


@dataclass(frozen=True, slots=True)
class PlannedWave:
    """One wave. Numbers begin at 1."""

    number: int
    name: str
    limits: Limits
    soak_seconds: int
    """From the last body's end to the next wave's beginning; health is looked at anew at its end."""
    needs_approval: bool = False
    """Whether it begins only with an approval of its own, after the wave before."""


@dataclass(frozen=True, slots=True)
class PlannedBody:
    """What is to be done with one body."""

    code: str
    name: str
    wave: int
    change_sha256: str
    """Of what would be done, normalised; where it differs at the first step, the body has moved."""
    change: tuple[Text, ...]
    """The same for people: release before and after, resources changed, migrations."""
    forecast_seconds: int
    calendar: Calendar | None
    """When it may be begun; None: at any time. The openings are reckoned from it, at each look."""
    risks: tuple[str, ...] = ()
    """What needs an approval that says so, by name: `unverified-restore`."""
    approves_itself: bool = False
    """Whether the body has to approve its own slot."""


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """The plan. Bodies are in the order in which they begin, wave by wave."""

    kind: str
    subject: str
    """What it is about, for people and for debts: `eapp-a 1.1.0`."""
    parameters: Mapping[str, JsonValue]
    site: str
    registry_sha256: str
    """Of the tenants.yaml that it was planned by."""
    planned_by: str
    """The operator's e-mail address, as in tenants.yaml."""
    planned_at: datetime
    waves: tuple[PlannedWave, ...]
    bodies: tuple[PlannedBody, ...]
    same_errors: int
    """As many failures of one signature hold the operation; 0: never."""
    approval_seconds: int
    """How long an approval holds, and how long the plan waits for one."""

    def body(self, code: str) -> PlannedBody:
        """One body. KeyError where the plan has no such code."""
        for body in self.bodies:
            if body.code == code:
                return body
        raise KeyError(code)

    def wave_of(self, number: int) -> tuple[PlannedBody, ...]:
        """The bodies of one wave."""
        return tuple(body for body in self.bodies if body.wave == number)


def to_document(plan: OperationPlan) -> dict[str, object]:
    """A plan as JSON values; moments as ISO 8601 in UTC."""
    document: dict[str, object] = {"schema": SCHEMA, **asdict(plan)}
    return {key: _plain(value) for key, value in document.items()}


def from_document(document: Mapping[str, object]) -> OperationPlan:
    """The plan that `to_document` wrote. Raises ValueError for another schema, shape or type of a value."""
    try:
        plan = _read(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no plan: {error!r}") from error
    check_types(plan, OperationPlan)
    return plan


def plan_sha256(plan: OperationPlan) -> str:
    """The hash that is approved."""
    return sha256_of(to_document(plan))


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, float):
        raise TypeError("a plan has no floating point numbers")
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value


def _read(document: Mapping[str, object]) -> OperationPlan:
    given: Any = dict(document)
    if given.pop("schema") != SCHEMA:
        raise ValueError("a plan of another version")
    given["planned_at"] = datetime.fromisoformat(given["planned_at"])
    given["waves"] = tuple(
        PlannedWave(**{**wave, "limits": Limits(**wave["limits"])}) for wave in given["waves"]
    )
    given["bodies"] = tuple(_body(body) for body in given["bodies"])
    return OperationPlan(**given)


def _body(given: Mapping[str, object]) -> PlannedBody:
    body: Any = dict(given)
    body["change"] = tuple(Text(**one) for one in body["change"])
    body["risks"] = tuple(body["risks"])
    if body["calendar"] is not None:
        body["calendar"] = _calendar(body["calendar"])
    return PlannedBody(**body)


def _calendar(given: Any) -> Calendar:
    window = given["window"]
    return Calendar(
        MaintenanceWindow(
            tuple(window["days"]), time.fromisoformat(window["start"]), window["hours"]
        ),
        tuple(
            Freeze(date.fromisoformat(one["first"]), date.fromisoformat(one["last"]), one["reason"])
            for one in given["freezes"]
        ),
    )
