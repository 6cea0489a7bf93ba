"""What previews would do, with identical changes of many bodies shown once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moyai.engine.stacks import Step

_SIGNS: Mapping[str, str] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "read": "?",
    "import": "=",
    "refresh": "~",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One step without what is a body's own: `code` stands for its code."""

    op: str
    type: str
    name: str
    properties: tuple[str, ...]

    @property
    def sign(self) -> str:
        """`+`, `~`, `±` or `-`."""
        return _SIGNS.get(self.op, self.op)


@dataclass(frozen=True, slots=True)
class Group:
    """Bodies whose changes are the same, in the same order of types and names."""

    codes: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def is_alone(self) -> bool:
        """Whether it is one body's."""
        return len(self.codes) == 1

    def name(self, change: Change) -> str:
        """A change's name: with the body's own code where there is but one."""
        return change.name.replace("CODE", self.codes[0]) if self.is_alone else change.name


def group(steps: Mapping[str, Iterable[Step]]) -> tuple[Group, ...]:
    """Code → steps, as groups; the largest group first, then by the first code."""
    found: dict[tuple[Change, ...], list[str]] = {}
    for code, some in steps.items():
        changes = tuple(sorted((_normal(code, step) for step in some), key=_order))
        found.setdefault(changes, []).append(code)
    groups = [Group(tuple(codes), changes) for changes, codes in found.items()]
    return tuple(sorted(groups, key=lambda one: (-len(one.codes), one.codes)))


def _normal(code: str, step: Step) -> Change:
    return Change(step.op, step.type, step.name.replace(code, "CODE"), step.properties)


def _order(change: Change) -> tuple[str, str, str]:
    return change.type, change.name, change.op
