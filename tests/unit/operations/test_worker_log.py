"""What a worker says goes on a disk that may be full, or to a terminal that is gone."""

from __future__ import annotations

import io
import sys

import pytest

from moyai.operations.durable.worker.process import tell


class _Full(io.StringIO):
    def write(self, words: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Full())
    tell("the operations database is away")


def test_a_line_has_its_moment(capsys: pytest.CaptureFixture[str]) -> None:
    tell("words")
    assert capsys.readouterr().err.endswith("Z words\n")
