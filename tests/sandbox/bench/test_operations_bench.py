"""The operations benchmark, small: all figures are there, and what is measured is on record."""

from __future__ import annotations

from typing import Any

import pytest
from tests.bench import operations
from tests.bench.operations_kind import STEPS


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    return operations.measure(folder, 60, rounds=1, kills=1, operations=300, growth=120)


def test_a_small_run_has_every_figure(found: dict[str, Any]) -> None:
    times = ("empty_1741_one_worker_s", "bare_dbos_1741_s", "list_100k_seconds", "takeover_p99_s")
    assert all(0 < found[name] < 120 for name in times), found
    assert 0 < found["two_workers_speedup"] < 10
    assert (found["bodies"], found["steps"], found["past_operations"]) == (60, STEPS, 300)


def test_a_worker_keeps_its_memory(found: dict[str, Any]) -> None:
    assert found["worker_growth_mb"] < 20


def test_another_worker_takes_over_a_killed_ones_bodies(found: dict[str, Any]) -> None:
    [seconds] = found["takeovers_s"]
    assert 0 < seconds < 15
