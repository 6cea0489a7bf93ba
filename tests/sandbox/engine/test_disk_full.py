"""A disk that fills up in the middle of an update, and has room again afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filing_site import FilingSite, files, meanwhile, only, run_of, until
from sandboxes import disk

from moyai.engine.driver.driver import Driver
from moyai.engine.stacks import RunResult, StackId
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.errors import NOTHING_TOUCHED


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 megabytes."""
    with disk(tmp_path / "disk", 32) as place:
        yield place


def fill(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


def test_full_in_the_middle(small: Path, tmp_path: Path, engine: Path) -> None:
    site = FilingSite(small / "home")
    site.more["FILING_ROOT"] = str(tmp_path / "cloud")
    (tmp_path / "cloud").mkdir()
    calls = tmp_path / "cloud" / "calls.log"
    specs = files("a", "b", "c", after=1) + files("d", "e", "f", before=1)
    with Driver(site, engine, jobs=1) as driver:
        only(driver, run_of("s"))
        thread = meanwhile(
            lambda: (until(lambda: calls.exists() and "created" in calls.read_text()), fill(small))
        )
        began = time.monotonic()
        result = only(driver, run_of("s", files=specs))
        thread.join()
        assert time.monotonic() - began < 15
        assert _says(result, "the disk is full")
        assert result.error is not None
        assert "created" in str(result.error.touched)
        again = only(driver, run_of("s", files=specs))
        assert _says(again, "the disk is full")
        (small / "filler").unlink()
        mended = only(driver, run_of("s", files=specs))
        assert mended.error is None, mended.error.lines("en")
        assert only(driver, run_of("s", files=specs)).summary == {"same": 8}
    created = [x.split()[1] for x in calls.read_text().splitlines() if x.startswith("created")]
    assert sorted(created) == ["a", "b", "c", "d", "e", "f"]
    checkpoint = open_checkpoints(site).read(StackId("proj", "s"))
    assert checkpoint is not None
    assert checkpoint.pending == []
    assert list((small / "home/state/.moyai").glob("room-*")) == []


def _says(result: RunResult, words: str) -> bool:
    return result.error is not None and words in result.error.what.en


def test_full_from_the_start(small: Path, engine: Path) -> None:
    site = FilingSite(small / "home")
    filler = fill(small)
    with Driver(site, engine, jobs=1) as driver:
        result = only(driver, run_of("s", files=files("a")))
        assert _says(result, "the disk is full")
        assert result.error is not None
        assert result.error.touched == NOTHING_TOUCHED
        filler.unlink()
        assert only(driver, run_of("s", files=files("a"))).ok
