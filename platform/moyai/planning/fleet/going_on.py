"""Whether somebody's word that work goes on counts: resume, release, retry. Pure.

The one place that says so, for the command, for workers and for who verifies records. Nothing that is stored
beside a signature is believed: whose key it is, and until when, is by tenants.yaml as it is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moyai.approvals.rejections import Rejection
from moyai.approvals.signatures import verify
from moyai.approvals.steering import AT_ONCE, STEERING_NAMESPACE, says
from moyai.approvals.subjects import approval_line
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.second_person import Named, who_asks
from moyai.planning.fleet.wanted import needs_approval
from moyai.registry.models import Registry
from moyai.texts import JAPAN, Text

ACTIONS = frozenset({"run", "release", "retry"})
"""What lets work go on. A stop never needs a signature."""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody asked of an operation. All of it is a claim until it is judged."""

    action: str
    """One of `ACTIONS`."""
    actor: str
    """`operator:` and an address."""
    asked: str | None
    """What was signed, as `approvals.steering` writes it."""
    signature: str | None
    """Armoured; None: the name was given, and not signed."""
    signed_at: datetime | None
    """The moment in the line that was signed, in UTC."""
    what: tuple[str, ...]
    """What was let go: `wave:2`, `operation`."""
    codes: tuple[str, ...]
    """The bodies that are begun again."""
    at: datetime
    """When it was put on record, by the database's clock."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the words on record of an operation come to."""

    why: Text | None = None
    """Why nothing of it begins, or None."""
    not_released: frozenset[str] = frozenset()
    """What was let go last by a word that does not count: its hold stays."""


def needs_signature(plan: OperationPlan | None, registry: Registry) -> bool:
    """Whether work of a plan goes on only by a signed word: another person approves it, and tenants.yaml does
    not say otherwise. `plan`: None: it cannot be read."""
    wants = registry.operations.steering_needs_signature
    return wants and (plan is None or needs_approval(plan))


def judge_words(
    words: Sequence[Word], operation: str, sha256: str, registry: Registry, bodies: Sequence[Named]
) -> Judged:
    """What words come to, in the order in which they were put on record. One that does not count stops all
    until one that counts says that the operation goes on; what it let go stays held after that too. `bodies`:
    of the operation's plan."""
    why: Text | None = None
    not_released: set[str] = set()
    for word in words:
        found = why_not(word, operation, sha256, registry, bodies)
        if found is not None:
            why = said.steered_unsigned(word.action, word.actor, found)
            not_released.update(word.what)
            continue
        not_released.difference_update(word.what)
        if word.action == "run":
            why = None
    return Judged(why, frozenset(not_released))


def why_not(
    word: Word, operation: str, sha256: str, registry: Registry, bodies: Sequence[Named]
) -> Text | None:
    """Why a word does not count, or None: an operator who may run this for all bodies that it is about signed
    it with their own key, of this plan, then."""
    about = [one for one in bodies if one.code in word.codes] if word.action == "retry" else bodies
    day = word.at.astimezone(JAPAN).date()
    person = who_asks(word.actor.partition(":")[2], about, registry, day)
    if isinstance(person, Rejection):
        return person.what
    if word.signature is None or word.signed_at is None or word.asked is None:
        return said.NOT_SIGNED
    if abs(word.at - word.signed_at) > AT_ONCE or not says(
        word.asked, word.action, word.what, word.codes
    ):
        return said.SIGNED_ELSE
    try:
        line = approval_line(operation, sha256, word.asked, word.signed_at)
    except ValueError:
        return said.SIGNED_ELSE
    rejection: Rejection | None = verify(word.signature, line, STEERING_NAMESPACE, person.ssh_key)
    return None if rejection is None else rejection.what
