"""What a worker says goes on a disk that may be full, or to a terminal that is gone."""

from __future__ import annotations

import io
import sys

import pytest

from moyai.operations.durable.worker.process import tell


class _Full(io.StringIO):
    tried = 0

    def write(self, words: str, /) -> int:
        self.tried += 1
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    full = _Full()
    monkeypatch.setattr(sys, "stderr", full)
    tell("the operations database is away")
    tell("and comes back")
    assert full.tried >= 2


def test_a_line_has_its_moment(capsys: pytest.CaptureFixture[str]) -> None:
    tell("words")
    assert capsys.readouterr().err.endswith("Z words\n")
