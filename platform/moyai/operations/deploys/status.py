"""What each body's environment is by what is on record, and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from moyai.errors import UsageError
from moyai.operations.deploys.plan import Wish, read_basis
from moyai.operations.site.session import Session
from moyai.planning.selectors import only
from moyai.planning.statuses import TenantStatus, statuses_of
from moyai.planning.topology import TENANT
from moyai.registry.codes import is_well_formed
from moyai.texts import Text


def statuses(session: Session, selector: str, day: date) -> tuple[TenantStatus, ...]:
    """The statuses of the selected bodies by what is on record of them, vanished ones included."""
    return statuses_of(read_basis(session, Wish(selector, day)))


def with_those_in_hand(
    session: Session, found: tuple[TenantStatus, ...]
) -> tuple[tuple[TenantStatus, ...], Text | None]:
    """The same with those told apart that operations have in hand or left half-way; and why nobody
    could say which these are, where that is so."""
    # The database's driver: not for who asks records alone.
    from moyai.operations.deploys.in_hand import Hands

    hands = Hands(session)
    taken = hands.told(one.code for one in found)
    return tuple(_in_hand(one, taken.get(one.code)) for one in found), hands.away


def _in_hand(one: TenantStatus, why: Text | None) -> TenantStatus:
    return one if why is None else replace(one, status="in-hand", reasons=(why, *one.reasons))


def outputs(session: Session, code: str) -> Mapping[str, object]:
    """The outputs of one body's stack; empty where it has none. No passwords are among them."""
    from_stack = session.state.outputs_of(TENANT, (code,))
    return from_stack.get(code, {})


def outputs_of_one(session: Session, key: str) -> Mapping[str, object]:
    """The outputs of the body that a code, slug or name means, or of one that vanished, by code.

    Raises `UsageError` where there is no such body, or where it has no environment yet.
    """
    registry = session.workspace.registry
    # A code from before a merger may still have an environment of its own.
    if is_well_formed(key) and all(body.code != key for body in registry.tenants):
        lost = outputs(session, key)
        if lost:
            return lost
    body = only(registry, key)
    found = outputs(session, body.code)
    if not found:
        raise UsageError(
            Text(f"{body.name}の環境はまだありません。", f"{body.name} has no environment yet."),
            remedy=Text(
                f"moyai deploy {body.code} で作れます。", f"moyai deploy {body.code} makes it."
            ),
        )
    return found
