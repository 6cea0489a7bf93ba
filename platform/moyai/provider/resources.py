"""What a plugin's resource type is: its properties, and how it comes, is read, changes and goes."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from moyai.errors import MoyaiError
from moyai.provider.properties import Properties
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Live:
    """A resource as it is: its inputs in the form that a program writes them, and its outputs."""

    id: str
    inputs: Properties
    outputs: Properties
    """Inputs included."""


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
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What an input is where the program does not say."""
    delete_first: ClassVar[bool] = False
    """Whether a replacement has to wait for the old one to go: its name is taken."""

    def normal(self, name: str, value: Any) -> Any:
        """A value in a form in which equal things are equal; JSON policies, for instance."""
        del name
        return value

    @abstractmethod
    def create(self, inputs: Properties) -> Live:
        """Make it. Raises `ResourceFailed`; what was made half is taken back or found again."""

    @abstractmethod
    def read(self, id_: str, inputs: Properties) -> Live | None:
        """What is live, or None where it is gone. `inputs` are empty on import."""

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Change it in place; the outputs afterwards."""
        raise NotImplementedError  # a type whose every input forces a replacement never gets here

    @abstractmethod
    def delete(self, id_: str, state: Properties) -> None:
        """Remove it; gone already is fine."""

    def find(self, inputs: Properties) -> str | None:
        """The id of one that a killed run may have left behind; None where names do not tell."""
        del inputs
        return None


class ResourceFailed(MoyaiError):  # noqa: N818 - as `OperationFailed`
    """A resource could not be made, read, changed or removed."""


class WrongProperty(MoyaiError):  # noqa: N818 - as `OperationFailed`
    """A program sets something that the plugin does not know."""


def nearest(word: str, known: Iterable[str]) -> Text:
    """A hint with the known word that is most like this one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return Text(f"{near[0]} ではありませんか", f"did you mean {near[0]}?")
    return Text(f"使えるもの: {', '.join(names)}", f"known: {', '.join(names)}")
