"""Modules that are changed when something asks for them first: until then they cost no command its start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType


def when_loaded(name: str, change: Callable[[ModuleType], None]) -> None:
    """Have a module changed right after it is loaded; at once where that has been. Nothing loads it before one
    of its names is asked for. Raises `ModuleNotFoundError` where there is no such module."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        change(loaded)
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name=name)
    loader = LazyLoader(_Changing(spec.loader, change))
    spec.loader = loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)


class _Changing(Loader):
    def __init__(self, loader: Loader, change: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._change = change

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._change(module)
