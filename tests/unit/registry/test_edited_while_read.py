"""What is edited while it is read: a registry says what stood there at one moment, and its hash which."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import lay_out

from moyai.registry import load
from moyai.registry.load import require


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def _edit(file: Path) -> None:
    manifest = file.parent / "stacks" / "services" / "chat" / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("moyai-chat:1.0.0", "moyai-chat:1.0.9"))


def _image(file: Path) -> str:
    return require(file).services["chat"].manifest.releases["1.0.0"].image


def test_a_service_that_is_edited_while_it_is_read_is_read_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = load.folder_stamp, list[Path]()

    def then_edited(folder: Path) -> str:
        stamp = real(folder)
        if folder.name == "chat" and not asked:
            asked.append(folder)
            _edit(file)
        return stamp

    monkeypatch.setattr(load, "folder_stamp", then_edited)
    first = require(file)
    assert first.services["chat"].manifest.releases["1.0.0"].image == "moyai-chat:1.0.9"
    monkeypatch.setattr(load, "folder_stamp", real)
    assert require(file).sources_sha256 == first.sources_sha256


def test_a_service_that_was_edited_has_another_hash_of_its_sources(file: Path) -> None:
    before = require(file)
    _edit(file)
    assert require(file).sha256 == before.sha256
    assert require(file).sources_sha256 != before.sources_sha256
    assert _image(file) == "moyai-chat:1.0.9"
    component = file.parent / "stacks" / "services" / "chat" / "component.py"
    again = require(file).sources_sha256
    component.write_text("# nothing\n")
    assert require(file).sources_sha256 != again
