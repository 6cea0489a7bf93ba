"""Files that persons name are read up to a bound, whatever they are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from moyai.errors import UsageError
from moyai.registry.given_files import read_given
from moyai.registry.load import load
from moyai.runbook.read import load as load_runbook


def test_a_file_up_to_the_bound_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "signature"
    file.write_bytes(b"x" * 10)
    assert read_given(file, 10) == b"x" * 10
    with pytest.raises(UsageError, match=r"is too large \(at most 9 bytes\)"):
        read_given(file, 9)


@pytest.mark.parametrize("read", [load, load_runbook, lambda file: read_given(file, 64)])
def test_a_file_of_gigabytes_is_refused_after_its_bound(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    file = tmp_path / "huge.md.j2"
    file.touch()
    os.truncate(file, 3 << 30)
    with pytest.raises(UsageError, match="is too large"):
        read(file)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(name: str) -> None:
    with pytest.raises(UsageError, match="is not a regular file"):
        read_given(Path(name), 64)


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"line",))
    writer.start()
    assert read_given(pipe, 64) == b"line"
    writer.join()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no"):
        with pytest.raises(UsageError, match="cannot read"):
            read_given(place, 64)
