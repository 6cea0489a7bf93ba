"""Names for resources whose program gives none, as Pulumi's own providers make them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.provider.properties import Properties

DEFAULTS = "__defaults"
"""The input in which a provider keeps which other inputs it filled in itself."""
_SUFFIX_SIGNS = 7


@dataclass(frozen=True, slots=True)
class AutoName:
    """How a type is named: the resource's name in the program, a hyphen and seven random signs."""

    property: str = "name"
    prefix: str | None = "namePrefix"
    """The property with which a program says how the name begins."""
    limit: int = 255
    """Signs that the service takes."""
    lower: bool = False
    before: str = ""
    """What every such name begins with."""

    def fill(self, inputs: Properties, old: Properties, name: str, seed: bytes) -> bool:
        """Put a name into `inputs` where there is none; whether that was done.

        A name that was made so before stays, as long as it begins as it should.
        """
        if inputs.get(self.property) is not None:
            return False
        begin = inputs.get(self.prefix) if self.prefix else None
        if begin is not None and not isinstance(begin, str):
            return False  # not known yet
        before = str(old.get(self.property, "")) if made_here(self, old) else ""
        if before and before.startswith(begin or ""):
            inputs[self.property] = before
            return True
        begin = begin if begin is not None else f"{self.before}{name}-"
        begin = begin[: self.limit - _SUFFIX_SIGNS]
        made = begin + _suffix(seed)
        inputs[self.property] = made.lower() if self.lower else made
        return True

    def is_taken(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether a replacement would have its predecessor's name, because the program says it."""
        name = new.get(self.property)
        return name is not None and name == old.get(self.property) and not made_here(self, new)


def made_here(how: AutoName, inputs: Mapping[str, Any]) -> bool:
    """Whether a resource's name was made by the plugin."""
    return how.property in inputs.get(DEFAULTS, ())


def _suffix(seed: bytes) -> str:
    if not seed:
        return secrets.token_hex(_SUFFIX_SIGNS)[:_SUFFIX_SIGNS]
    return hashlib.sha256(seed).hexdigest()[:_SUFFIX_SIGNS]
