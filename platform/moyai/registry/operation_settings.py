"""`operations` of tenants.yaml as frozen values: in what order and within what bounds work on many bodies
goes, and who is told. Pure. Every value has a default: a file without the section has them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal

FailureMode = Literal["strict", "soft"]
MailSecurity = Literal["starttls", "tls", "none"]


class Event(StrEnum):
    """What somebody may be told of."""

    APPROVAL_WANTED = "approval_wanted"
    WAVE_HELD = "wave_held"
    WINDOW_MISSED = "window_missed"
    DONE = "done"
    """Of an operation: it has ended, well or not."""
    DEBT = "debt"
    BODY_HELD = "body_held"
    STALLED = "stalled"
    """It has waited for a while for tenants.yaml or the site, which cannot be read."""


class Risk(StrEnum):
    """What is known of a body when work on it is planned, and a wave may take it by."""

    UNVERIFIED = "unverified-restore"
    """Of an upgrade: no backup of it was restored of late, by way of trial."""
    FAILED_BEFORE = "failed-before"
    """Work of the same kind and service is owed to it: it failed, was held, skipped or moved, and has not been
    done since."""
    CONTRACT = "contract"
    """Of an upgrade: among its migrations is one that code alone cannot go back over."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Bodies by number or by share: one of the two is not None."""

    count: int | None = None
    percent: Fraction | None = None
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many bodies may fail."""

    bodies: Amount = Amount(0)
    """Before one more holds the wave."""
    mode: FailureMode = "strict"
    """`strict`: never more at once than may still fail and one; `soft`: as many as may be at once."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave 適用枠; exactly one of `select`, `share`, `risks`, `rest` says whom it takes."""

    name: str
    select: str | None = None
    """A selector. It may mean nobody."""
    share: Amount | None = None
    """Of all bodies of the operation."""
    risks: tuple[Risk, ...] = ()
    """Bodies with one of these. No share or rest takes them, before it or after."""
    rest: bool = False
    """All that no other wave takes."""
    soak_minutes: int = 0
    """After its last body."""
    needs_approval: bool = False
    """Whether it begins only with an approval of its own."""
    max_concurrent: Amount | None = None
    """None: the settings' own."""
    failure_tolerance: Tolerance | None = None
    """None: the settings' own."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server that takes mail."""

    host: str
    port: int
    sender: str
    """The address that mail is from."""
    security: MailSecurity
    user: str | None
    """None: without a login."""
    password_file: str | None
    """The absolute path of the file that has the password, set exactly where there is a user."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events, with the signature of Standard Webhooks."""

    url: str
    secret_file: str
    """The absolute path of the file that has the secret to sign with."""
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SnsTopic:
    """A topic of SNS that is told of events."""

    topic_arn: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Notifications:
    """Who is told of what. No secret is here: only names of files."""

    smtp: Smtp | None = None
    """Never None where `operators` or `bodies` has an event."""
    operators: tuple[Event, ...] = ()
    """Of which operators get mail, each of the bodies that are theirs."""
    bodies: tuple[Event, ...] = ()
    """Of which a body's contacts get mail."""
    webhooks: tuple[Webhook, ...] = ()
    sns: tuple[SnsTopic, ...] = ()


@dataclass(frozen=True, slots=True)
class BodyApprover:
    """A person of a body who approves the body's own slot."""

    name: str
    email: str
    expires: date
    """The last day."""
    ssh_key: str


EVERYBODY = Wave("全団体", rest=True)


@dataclass(frozen=True, slots=True)
class OperationSettings:
    """The whole section."""

    waves: tuple[Wave, ...] = (EVERYBODY,)
    """In their order. One is the rest: the last, or followed by waves by risk only."""
    max_concurrent: Amount = Amount(4)
    """Bodies at a time, where a wave says nothing else."""
    failure_tolerance: Tolerance = Tolerance()
    """Where a wave says nothing else."""
    same_errors: int = 3
    """As many failures of one signature hold an operation; 0: never."""
    max_releases_behind: int = 2
    """How many releases a body may be behind the newest one in use of a service."""
    approval_hours: int = 72
    """How long an approval holds, and how long a plan waits for one."""
    verified_restore_days: int = 90
    """For how many days a body's restore counts as verified."""
    audit_anchor_minutes: int = 60
    """How often heads of audit chains are anchored."""
    aws_calls_per_second: int = 200
    """Of all workers together."""
    bodies_approve: str | None = None
    """A selector of the bodies that have to approve their own slot; None: none has to."""
    edits_need_approval: bool = False
    """Whether bodies' entries are edited by proposals only, which another person approves. A file that does not
    say so: where its operators are two persons of whom one approves."""
    steering_needs_signature: bool = True
    """Whether `resume` and `retry` need the operator's signature; `pause` and `cancel` never do."""
    duration_minutes: int = 30
    """How long a body is assumed to take where nothing was measured."""
    notifications: Notifications = field(default_factory=Notifications)
