"""The operations benchmark, small: all figures are there, and what is measured is on record."""

from __future__ import annotations

from typing import Any

import pytest
from tests.bench import operations
from tests.bench.operations_kind import STEPS

from moyai.operations.durable.living.lease import IDLE_SECONDS


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    return operations.measure(folder, 60, rounds=1, kills=1, operations=300, growth=120)


def test_a_small_run_has_every_figure(found: dict[str, Any]) -> None:
    times = ("empty_1741_one_worker_s", "bare_dbos_1741_s", "list_100k_seconds", "takeover_p99_s")
    assert all(found[name] > 0 for name in times), found
    assert (found["bodies"], found["steps"], found["past_operations"]) == (60, STEPS, 300)


def test_a_worker_is_not_slower_than_plain_dbos_by_what_it_puts_on_record(
    found: dict[str, Any],
) -> None:
    assert found["bare_vs_one_worker"] > 0.5, (
        "eight steps, their audit and the ledger beside nothing"
    )


def test_a_second_worker_does_not_stand_in_the_first_ones_way(found: dict[str, Any]) -> None:
    assert found["two_workers_speedup"] > 0.5


def test_a_worker_keeps_its_memory(found: dict[str, Any]) -> None:
    assert found["worker_growth_mb"] < 0.1 * found["worker_mb"]


def test_another_worker_takes_over_a_killed_ones_bodies_before_its_lease_would_lapse(
    found: dict[str, Any],
) -> None:
    [seconds] = found["takeovers_s"]
    assert 0 < seconds < IDLE_SECONDS
