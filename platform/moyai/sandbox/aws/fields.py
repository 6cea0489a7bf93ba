"""What the properties of a resource type are: their kinds, AWS's names for them, their defaults.

A type declares its properties once. From that come the checks of what a program says, the
parameters of AWS calls, the reading of AWS's answers, and what counts as a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Any


class Kind(Enum):
    """What a property's values are."""

    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    FLAG = auto()
    DOCUMENT = auto()
    """JSON in a text; a program may say it as an object."""
    TEXTS = auto()
    MAP = auto()
    """Texts by name."""
    OBJECT = auto()
    OBJECTS = auto()


Shape = Mapping[str, "Field"]
"""The properties of an object, by their names in programs."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property."""

    kind: Kind
    api: str | None = None
    """AWS's name: None: the same in the service's way of writing; "": the handler carries it."""
    of: Shape | None = None
    """Of objects: what is in them."""
    required: bool = False
    replaces: bool = False
    """A change needs a new resource."""
    default: Any = None
    """What AWS has where nothing is said; None: nothing."""
    chosen: bool = False
    """AWS chooses it where the program does not say."""
    is_set: bool = False
    """A list whose order means nothing."""
    pairs: tuple[str, str] | None = None
    """Of texts by name: what name and value are called where AWS has a list of them."""
    normal: Callable[[Any], Any] | None = None
    """A form of its values in which equal ones are equal, where their kind does not say it."""
    secret: bool = False
    kept: bool = True
    """Whether the local AWS gives it back; if not, the program's word stands in reads."""


def text(api: str | None = None, **more: Any) -> Field:
    """A text."""
    return Field(Kind.TEXT, api, **more)


def whole(api: str | None = None, **more: Any) -> Field:
    """A whole number."""
    return Field(Kind.WHOLE, api, **more)


def number(api: str | None = None, **more: Any) -> Field:
    """A number."""
    return Field(Kind.NUMBER, api, **more)


def flag(api: str | None = None, *, default: bool | None = False, **more: Any) -> Field:
    """True or false; false where nothing is said."""
    return Field(Kind.FLAG, api, default=default, **more)


def document(api: str | None = None, **more: Any) -> Field:
    """JSON in a text: a policy, for instance."""
    return Field(Kind.DOCUMENT, api, **more)


def texts(api: str | None = None, **more: Any) -> Field:
    """A list of texts."""
    return Field(Kind.TEXTS, api, **more)


def mapping(api: str | None = None, **more: Any) -> Field:
    """Texts by name."""
    return Field(Kind.MAP, api, **more)


def one(of: Shape, api: str | None = None, **more: Any) -> Field:
    """An object."""
    return Field(Kind.OBJECT, api, of, **more)


def many(of: Shape, api: str | None = None, **more: Any) -> Field:
    """A list of objects."""
    return Field(Kind.OBJECTS, api, of, **more)


def shape(*of: Shape, **fields: Field) -> Shape:
    """Properties by name: those of others first, then its own."""
    joined = {name: field for other in of for name, field in other.items()}
    return MappingProxyType({**joined, **fields})


class Spelling(Enum):
    """How a service writes names."""

    PASCAL = auto()
    """`CidrBlock`, as most do."""
    CAMEL = auto()
    """`taskRoleArn`, as ECS and CloudWatch Logs do."""

    def write(self, name: str) -> str:
        """A property's name as the service writes it."""
        return name[:1].upper() + name[1:] if self is Spelling.PASCAL else name
