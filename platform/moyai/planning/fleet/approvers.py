"""Who may approve: operators of the secretariat, and persons of a body for its own slot. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from moyai.approvals.keys import read_key
from moyai.registry.models import Registry
from moyai.registry.persons import is_same


@dataclass(frozen=True, slots=True)
class Approver:
    """A person with a key."""

    email: str
    role: str
    """As in tenants.yaml; of a body's own approver `approver`."""
    bodies: str
    """A selector; of a body's own, its code."""
    body: str | None
    """The code of the body whose own approver this is; None: of the secretariat."""
    expires: date
    """The last day."""
    ssh_key: str

    def is_called(self, email: str) -> bool:
        """Whether this is the person's address: in any case of letters."""
        return is_same(self.email, email)

    def has(self, key: bytes) -> bool:
        """Whether this is the person's public key, in SSH's wire form."""
        try:
            return read_key(self.ssh_key).blob == key
        except ValueError:
            return False  # whose signature counts for nothing


def of_secretariat(registry: Registry) -> Sequence[Approver]:
    """The operators, whatever their role."""
    return [
        Approver(one.email, one.role.value, one.bodies, None, one.expires, one.ssh_key)
        for one in registry.operators
    ]


def of_body(registry: Registry, code: str) -> Sequence[Approver]:
    """A body's own approvers; none where it has none, or is in the file no more."""
    return [one for one in of_bodies(registry) if one.body == code]


def of_bodies(registry: Registry) -> Sequence[Approver]:
    """The approvers of all bodies, each for its own."""
    return [
        Approver(one.email, "approver", body.code, body.code, one.expires, one.ssh_key)
        for body in registry.tenants
        for one in body.approvers
    ]
