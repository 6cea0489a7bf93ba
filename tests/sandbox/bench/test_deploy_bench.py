"""The deploy benchmark's parts, small: what is recorded can be replayed, what is measured is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench import deploy, projects
from tests.bench.processes import moyai
from tests.sample import SAMPLE

from moyai.registry.load import load_content


@pytest.mark.parametrize("bodies", [1, 90, 200, 1741])
def test_generated_federations_are_valid(bodies: int) -> None:
    loaded = load_content(SAMPLE, projects.text(bodies).encode())
    assert loaded.registry is not None, loaded.problems[:3]
    assert len(loaded.registry.tenants) == bodies


def test_a_recorded_deploy_is_replayed_call_by_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "unused"))
    path = projects.generated(tmp_path / "project", 2)
    floor = deploy.floor_of(path, tmp_path / "floor", deploy.record(path, tmp_path))
    lines = (tmp_path / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    changing = [one for one in map(json.loads, lines) if one["mutating"] and one["error"] is None]
    assert sum(floor.calls.values()) == len(changing)
    assert floor.calls["kms:CreateKey"] == 3
    assert floor.calls["ecs:RunTask"] >= 2  # of the plugin for databases, and of the command
    assert floor.calls["secretsmanager:PutSecretValue"] >= 2  # of jobs
    assert floor.calls["s3:PutObject"] >= 2
    assert floor.failed == {}
    assert floor.seconds > 0


def test_a_commands_time_memory_and_failure_are_seen(tmp_path: Path) -> None:
    found = moyai(["--version"], tmp_path, watch=True)
    assert found.output.startswith("moyai ")
    assert 0 < found.seconds < 60
    with pytest.raises(RuntimeError, match="exited 2"):
        moyai(["no-such-command"], tmp_path)
