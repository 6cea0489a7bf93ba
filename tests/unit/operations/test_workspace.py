"""Which file a command reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moyai.errors import UsageError
from moyai.operations.site.places import find_registry_file


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    fifo, loop, link = tmp_path / "fifo", tmp_path / "loop", tmp_path / "link"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    link.symlink_to(tmp_path / "nowhere")
    for path, words in (
        (tmp_path, "is a folder, not a file"),
        (fifo, "is not a regular file"),
        (Path(os.devnull), "is not a regular file"),
        (loop, "cannot read"),
        (link, "there is no"),
        (tmp_path / ("long" * 100), "cannot read"),
        (tmp_path / "zero\0", "cannot read"),
    ):
        with pytest.raises(UsageError, match=words):
            find_registry_file(path)


def test_what_the_system_says_is_said_in_japanese(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(UsageError) as found:
        find_registry_file(loop)
    assert found.value.what.ja == (
        f"{loop} を読めません（シンボリックリンクが多すぎるか、循環しています）。"
    )


def test_a_fifo_in_the_place_of_the_file_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "tenants.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"tenants\.yaml is not a regular file"):
        find_registry_file(None)
