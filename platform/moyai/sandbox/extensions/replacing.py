"""Changing a module or class of moto so that a moto that is otherwise is noticed."""

from __future__ import annotations

from typing import Any


def replace(owner: Any, name: str, new: Any) -> Any:
    """Put something in place of an attribute; what was there before.

    Raises AttributeError where moto has nothing of that name.
    """
    old = getattr(owner, name)
    setattr(owner, name, new)
    return old


def add(owner: Any, name: str, new: Any) -> None:
    """Give a module or class something that it lacks.

    Raises AttributeError where moto has something of that name, which is then to be used.
    """
    if hasattr(owner, name):
        raise AttributeError(f"moto has {name} itself")
    setattr(owner, name, new)
