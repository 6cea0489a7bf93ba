"""What the installed SDK says of its resource types: names as they go over the wire."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pulumi_aws
from pulumi import _types

_ARGS = re.compile(r"(?:\.|'|\")([A-Za-z0-9]+)Args\b")


@dataclass(frozen=True)
class SdkField:
    """One property of the SDK's."""

    required: bool
    annotation: str
    nested: Any = field(default=None, repr=False)
    """The class of its object, where it is one."""

    @property
    def is_list(self) -> bool:
        return "Sequence" in self.annotation

    @property
    def is_map(self) -> bool:
        return self.nested is None and "Mapping" in self.annotation


def resource(token: str) -> Any:
    """`aws:s3/bucket:Bucket` → `pulumi_aws.s3.Bucket`."""
    module, _, name = token.removeprefix("aws:").partition("/")
    found = getattr(getattr(pulumi_aws, module), name.partition(":")[2])
    assert token in inspect.getsource(sys.modules[found.__module__])
    return found


def arguments(token: str) -> dict[str, SdkField]:
    """The inputs of a type."""
    cls = resource(token)
    module = sys.modules[cls.__module__]
    own = getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args")
    return fields(own)


def outputs(token: str) -> set[str]:
    """The outputs of a type, inputs included."""
    return set(_types.resource_py_to_pulumi_names(resource(token)).values())


@cache
def fields(cls: Any) -> dict[str, SdkField]:
    """The properties of an arguments class."""
    signature = inspect.signature(cls.__init__)
    package = cls.__module__.rsplit(".", 1)[0]
    inputs = importlib.import_module(f"{package}._inputs")
    found = {}
    for python, wire in _types.input_type_py_to_pulumi_names(cls).items():
        parameter = signature.parameters[python]
        annotation = str(parameter.annotation)
        match = _ARGS.search(annotation)
        nested = getattr(inputs, f"{match[1]}Args", None) if match else None
        found[wire] = SdkField(parameter.default is inspect.Parameter.empty, annotation, nested)
    return found
