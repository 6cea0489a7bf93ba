"""The command in hints is one that can be copied."""

from __future__ import annotations

from pathlib import Path

from moyai_cli.called import called


def test_hints_name_the_command_as_it_can_be_called(tmp_path: Path) -> None:
    script = tmp_path / ".venv" / "bin" / "moyai"
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)
    other = tmp_path / "other" / "moyai"
    other.parent.mkdir()
    other.touch(mode=0o755)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "moyai").symlink_to(script)
    nothing, elsewhere = str(tmp_path / "none"), tmp_path / "elsewhere"
    assert called(str(script), tmp_path, nothing) == ".venv/bin/moyai"
    assert called(str(script), script.parent, nothing) == "./moyai"
    assert called(str(script), tmp_path, str(other.parent)) == ".venv/bin/moyai"
    assert called(str(script), tmp_path, str(script.parent)) == "moyai"
    assert called(str(script), tmp_path, str(tmp_path / "linked")) == "moyai"
    assert called(str(script), elsewhere, nothing) == "moyai"
    assert called("-c", tmp_path, nothing) == "moyai"
