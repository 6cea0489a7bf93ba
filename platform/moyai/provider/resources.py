"""What a plugin's resource type is: its properties, and how it comes, is read, changes and goes."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from moyai.errors import MoyaiError
from moyai.provider.naming import AutoName
from moyai.provider.properties import UNKNOWN, Properties
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Live:
    """A resource as it is: its inputs in the form that a program writes them, and its outputs."""

    id: str
    inputs: Properties
    outputs: Properties
    """Inputs included."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one property of a program's resource."""

    path: str
    """`rules[0].status`."""
    reason: Text


class Resource(ABC):
    """One resource type. Stateless: one instance serves all stacks at once.

    `Any` stands for values of the cloud's SDK, which has no static types for them.
    """

    inputs: ClassVar[frozenset[str]]
    """The properties that a program may set."""
    required: ClassVar[frozenset[str]] = frozenset()
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Inputs that cannot be changed in place."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are known only after the create."""
    chosen: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the service chooses where the program does not say; such are no difference."""
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Computed outputs that an update may change: `version`, for instance."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Properties that are secrets even where the program does not say so."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What an input is where the program does not say."""
    autoname: ClassVar[AutoName | None] = None
    """How it is named where the program gives no name; None: it must, or it has none."""
    delete_first: ClassVar[bool] = False
    """Whether a replacement has to wait for the old one to go. Where the property that `autoname`
    names was given by the program and stays, that is so in any case: its name is taken."""

    def prepare(self, inputs: Properties) -> tuple[Properties, list[Problem]]:
        """A program's inputs with defaults, and all that is wrong with them."""
        known = {**self.defaults, **inputs}
        problems = [
            Problem(name, unknown_property(name, self.inputs))
            for name in known
            if name not in self.inputs
        ]
        problems += [Problem(name, MISSING) for name in sorted(self.required - known.keys())]
        return known, problems

    def normal(self, name: str, value: Any) -> Any:
        """A value in a form in which equal things are equal; JSON policies, for instance.

        Sets become tuples: a difference inside one is told of the whole property.
        """
        del name
        return value

    def as_said(self, name: str, new: Properties, live: Any) -> Any:
        """A live value in the words of the inputs' own one: that itself, where it is so."""
        del name, new
        return live

    def preview(self, inputs: Properties, state: Properties | None) -> Properties:
        """Outputs as far as they are known before a create (`state` is None) or an update."""
        if state is None:
            unknown = (self.chosen | self.computed) - inputs.keys()
            return {**dict.fromkeys(unknown, UNKNOWN), **inputs}
        kept = {
            name: UNKNOWN if name in self.volatile else value
            for name, value in state.items()
            if name not in self.inputs or name in self.chosen
        }
        return {**dict.fromkeys(self.chosen - state.keys(), UNKNOWN), **kept, **inputs}

    @abstractmethod
    def create(self, inputs: Properties) -> Live:
        """Make it. Raises `ResourceFailed`, or `HalfMade` where it is there but not complete."""

    @abstractmethod
    def read(self, id_: str, inputs: Properties) -> Live | None:
        """What is live, or None where it is gone. `inputs` are empty on import."""

    def refresh(self, id_: str, inputs: Properties, state: Properties) -> Live | None:
        """Read what is on record with these outputs; they matter where the id does not say all."""
        del state
        return self.read(id_, inputs)

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Change it in place; the outputs afterwards.

        `old` are the outputs before, with inputs as they were: what was no input and is not the
        service's choice is not among them.
        """
        raise NotImplementedError  # a type whose every input forces a replacement never gets here

    @abstractmethod
    def delete(self, id_: str, state: Properties) -> None:
        """Remove it; gone already is fine."""


class ResourceFailed(MoyaiError):
    """A resource could not be made, read, changed or removed."""


class HalfMade(ResourceFailed):
    """A resource is there, but something that belongs to it failed: the next update completes it."""

    def __init__(self, live: Live, cause: ResourceFailed) -> None:
        super().__init__(cause.what, touched=cause.touched, remedy=cause.remedy)
        self.live = live


MISSING = Text("この属性が必要です", "this property is missing")


def unknown_property(name: str, known: Iterable[str]) -> Text:
    """What is said of a property that a type does not have here."""
    hint = nearest(name, known)
    return Text(
        f"属性「{name}」はここでは使えません。{hint.ja}", f"no property '{name}' here; {hint.en}"
    )


def nearest(word: str, known: Iterable[str]) -> Text:
    """A hint with the known word that is most like this one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return Text(f"{near[0]} ではありませんか", f"did you mean {near[0]}?")
    return Text(f"使えるもの: {', '.join(names)}", f"known: {', '.join(names)}")
