"""tenants.yaml as typed, frozen values; all its errors at once. Pure but for reading files."""

from moyai.registry.load import Loaded, load, load_content, require
from moyai.registry.problems import Problem, RegistryError

__all__ = ["Loaded", "Problem", "RegistryError", "load", "load_content", "require"]
