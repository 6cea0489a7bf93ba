"""What JSON has, as a type."""

from __future__ import annotations

from collections.abc import Mapping

JsonValue = None | bool | int | float | str | tuple["JsonValue", ...] | Mapping[str, "JsonValue"]
"""In values that never change: arrays are tuples."""
