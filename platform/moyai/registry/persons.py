"""Who a person is: an address, in any case of its letters. The one rule, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class HasAddress(Protocol):
    """A person of tenants.yaml."""

    @property
    def email(self) -> str:
        """As the file writes it."""
        ...


_Person = TypeVar("_Person", bound=HasAddress)


def is_same(email: str, other: str) -> bool:
    """Whether two addresses are one person's."""
    return email.casefold() == other.casefold()


def called(people: Iterable[_Person], email: str) -> _Person | None:
    """The first of some people whose address this is, or None."""
    return next((one for one in people if is_same(one.email, email)), None)
