"""Where something stands in a file: keys and indices from its root."""

from __future__ import annotations

Path = tuple[str | int, ...]
"""`("tenants", 3, "code")`."""
