"""Changing a module or class of moto so that a moto without what is changed is noticed."""

from __future__ import annotations

from typing import Any


def replace(owner: Any, name: str, new: Any) -> Any:
    """Put something in place of an attribute; what was there before.

    Raises AttributeError where moto has nothing of that name.
    """
    old = getattr(owner, name)
    setattr(owner, name, new)
    return old
