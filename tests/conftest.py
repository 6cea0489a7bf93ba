"""What every test process does."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Leave alone what was imported: looking through it for garbage took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
