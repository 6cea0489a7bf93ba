"""Modules changed at their first use."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from moyai_cli.when_loaded import when_loaded


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "said_later.py").write_text('word = "as it was"\nprint("loaded")\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "said_later", raising=False)
    return "said_later"


def _change(module: ModuleType) -> None:
    vars(module)["word"] += ", and changed"


def test_a_module_is_loaded_by_its_first_use_and_is_changed_by_then(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    when_loaded(name, _change)
    module = sys.modules[name]
    assert capsys.readouterr().out == ""
    assert module.word == "as it was, and changed"
    assert capsys.readouterr().out == "loaded\n"


def test_a_module_that_is_loaded_is_changed_at_once(name: str) -> None:
    module = __import__(name)
    when_loaded(name, _change)
    when_loaded(name, _change)
    assert module.word == "as it was, and changed, and changed"


def test_a_module_that_there_is_not_is_said() -> None:
    with pytest.raises(ModuleNotFoundError):
        when_loaded("there_is_no_such_module", _change)
