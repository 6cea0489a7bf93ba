"""The Pulumi engine's binary: found, installed or built, once for each user and version."""

from moyai.engine.toolchain.cache import Engine, cache_folder
from moyai.engine.toolchain.finding import EngineInfo, ensure, find, info
from moyai.engine.toolchain.version import VERSION

__all__ = ["VERSION", "Engine", "EngineInfo", "cache_folder", "ensure", "find", "info"]
