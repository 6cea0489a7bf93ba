"""Finding a cloud by its run file, whatever became of that."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from moyai.sandbox import control
from moyai.sandbox.layout import Layout
from moyai.sandbox.processes import Identity

OWN = Identity.of(os.getpid())
assert OWN is not None
WHOLE: dict[str, object] = {
    "pid": OWN.pid,
    "process_started": OWN.started,
    "endpoint": "http://127.0.0.1:1",
    "operations_database": "postgresql://127.0.0.1/operations",
    "started_at": 1.0,
    "version": "0.1.0",
}


def _found(folder: Path, content: str) -> control.Running | None:
    layout = Layout(folder)
    layout.prepare()
    layout.run_file.write_text(content)
    return control.find(layout)


def test_a_whole_run_file_names_its_process(tmp_path: Path) -> None:
    found = _found(tmp_path, json.dumps(WHOLE))
    assert found is not None
    assert found.identity == OWN


@pytest.mark.parametrize("missing", [name for name in WHOLE if name != "version"])
def test_a_run_file_that_lacks_something_counts_as_none(tmp_path: Path, missing: str) -> None:
    left = {name: value for name, value in WHOLE.items() if name != missing}
    assert _found(tmp_path, json.dumps(left)) is None


@pytest.mark.parametrize("wrong", ["x", None, [], {}, -1, 0, 10**30, 1e400])
def test_a_run_file_with_a_wrong_number_counts_as_none(tmp_path: Path, wrong: object) -> None:
    for name in ("pid", "process_started"):
        assert _found(tmp_path, json.dumps({**WHOLE, name: wrong})) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", "1", "{", '{"pid": 1}'])
def test_what_is_no_run_file_counts_as_none(tmp_path: Path, content: str) -> None:
    assert _found(tmp_path, content) is None
