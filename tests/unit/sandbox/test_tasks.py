from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from moyai.sandbox.tasks import _lines, read_spec
from moyai.sandbox.zygote import is_job_module, is_python


def definition(**container: Any) -> SimpleNamespace:
    given = {
        "name": "job",
        "image": "moyai-jobs",
        "command": ["a"],
        "environment": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
        **container,
    }
    return SimpleNamespace(container_definitions=[given], task_role_arn="arn:role")


def task(**overrides: Any) -> SimpleNamespace:
    return SimpleNamespace(id="id", overrides=overrides)


def test_overrides_win_over_the_definition() -> None:
    override = {
        "name": "job",
        "command": ["b", "c"],
        "environment": [{"name": "Y", "value": "3"}, {"name": "Z", "value": "4"}],
    }
    spec = read_spec(task(containerOverrides=[override], taskRoleArn="arn:other"), definition())
    assert spec.command == ("b", "c")
    assert spec.environment == {"X": "1", "Y": "3", "Z": "4"}
    assert spec.role == "arn:other"


def test_overrides_of_another_container_do_nothing() -> None:
    spec = read_spec(
        task(containerOverrides=[{"name": "sidecar", "command": ["b"]}]),
        definition(entryPoint=["sh", "-c"]),
    )
    assert spec.command == ("sh", "-c", "a")
    assert spec.role == "arn:role"
    assert spec.log is None


def test_the_log_stream_is_named_as_ecs_names_it() -> None:
    options = {"awslogs-group": "/g", "awslogs-stream-prefix": "p", "awslogs-region": "r"}
    spec = read_spec(task(), definition(logConfiguration={"options": options}))
    assert (spec.log, spec.log_region, spec.log_creates_group) == (("/g", "p/job/id"), "r", False)


def test_output_is_cut_into_lines_wherever_it_was_read() -> None:
    reader, writer = os.pipe()
    for part in ("一行".encode()[:4], "一行".encode()[4:], b"\nsecond\r\n\n", b"rest"):
        os.write(writer, part)
    os.write(writer, b"\xff")
    os.close(writer)
    lines = [line for chunk in _lines(reader) for line in chunk]
    os.close(reader)
    assert lines == ["一行", "second", "rest�"]


def test_only_the_job_module_runs_without_a_new_interpreter() -> None:
    assert is_job_module(["python", "-m", "moyai.jobs", "health"])
    assert not is_job_module(["python", "-m", "moyai.jobsx"])
    assert not is_job_module(["python", "-c", "moyai.jobs"])
    assert not is_job_module([])
    assert is_python(["python3", "-c", "1"])
    assert not is_python(["/usr/bin/python3"])
