"""The Pulumi engine's binary: found, installed or built, once for each user and version."""

from moyai.engine.toolchain.cache import Engine, cache_folder
from moyai.engine.toolchain.finding import ensure, find
from moyai.engine.toolchain.information import EngineInfo, WayInfo, info
from moyai.engine.toolchain.steps import Step
from moyai.engine.toolchain.version import VERSION

__all__ = [
    "VERSION",
    "Engine",
    "EngineInfo",
    "Step",
    "WayInfo",
    "cache_folder",
    "ensure",
    "find",
    "info",
]
