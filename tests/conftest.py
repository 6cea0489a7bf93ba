"""What every test process does."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("moyai", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("moyai")  # how long examples take says how busy the machine is


def pytest_collection_finish() -> None:
    """Leave alone what was imported: looking through it for garbage took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
