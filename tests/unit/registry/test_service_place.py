"""A file that lies where no service is: where services were looked for."""

from __future__ import annotations

from pathlib import Path

from moyai.registry.manifests import SERVICES, manifest_folder
from moyai.texts import Text


def test_where_services_are_looked_for_is_told_where_there_are_none(tmp_path: Path) -> None:
    found = manifest_folder(tmp_path, "chat", None)
    assert isinstance(found, Text)
    for words in (found.ja, found.en):
        assert str(tmp_path / SERVICES)[:60] in words
    assert found.en.startswith("there is no service 'chat' (looked for in ")
    (tmp_path / SERVICES / "chatt").mkdir(parents=True)
    (tmp_path / SERVICES / "chatt" / "manifest.yaml").touch()
    near = manifest_folder(tmp_path, "chat", None)
    assert near == Text(
        "サービス「chat」はありません（chatt ではありませんか）",
        "there is no service 'chat'; did you mean chatt?",
    )
