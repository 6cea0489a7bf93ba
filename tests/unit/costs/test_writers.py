"""Two commands at once, and one that is killed in the middle: real processes on one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai.costs.ledger.imported import Outcome
from moyai.errors import Refused

_PUT = """
import sys, time
from pathlib import Path
from moyai.costs.ledger import imports
from moyai.costs.ledger.ledger import Ledger, Writer
from moyai.engine.state.ledger_folder import LedgerFolder

def stop(*_arguments):
    print("there", flush=True)
    time.sleep(60)

setattr(Writer, sys.argv[3], stop)
with Ledger(LedgerFolder(Path(sys.argv[1]))).writing("moyai cost import") as writer:
    imports.import_files(writer, imports.Wish((Path(sys.argv[2]),)), lambda *_: None)
"""


def begun(folder: Path, file: Path, method: str) -> subprocess.Popen[str]:
    """An import that stands still where it would call a method of its writer."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PUT, str(folder), str(file), method],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


@pytest.mark.parametrize("method", ["put", "commit"])
def test_a_killed_import_leaves_nothing_half_done(method: str, tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = csv_file(tmp_path / "a.csv", [focus_row("1")])
    put(ledger, csv_file(tmp_path / "before.csv", [focus_row("2")]))
    manifest = (tmp_path / "ledger/manifest.json").read_bytes()
    process = begun(tmp_path / "ledger", file, method)
    process.kill()
    process.wait()
    assert (tmp_path / "ledger/manifest.json").read_bytes() == manifest
    left = {*(tmp_path / "ledger/work").iterdir()}
    assert left
    assert [one.outcome for one in put(ledger, file)] == [Outcome.NEW]
    assert not left & {*(tmp_path / "ledger/work").iterdir()}
    named = ledger.manifest().keys()
    for kind in ("rows", "sources"):
        assert {f"{kind}/{path.name}" for path in (tmp_path / "ledger" / kind).iterdir()} <= named


def test_a_second_import_is_refused_by_the_firsts_name_or_waits(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = csv_file(tmp_path / "a.csv", [focus_row("1")])
    process = begun(tmp_path / "ledger", file, "commit")
    try:
        with pytest.raises(Refused) as refused:
            put(ledger, file)
        assert f"process {process.pid} (moyai cost import" in refused.value.what.en
        os.kill(process.pid, signal.SIGSTOP)
        ends_at = time.monotonic() + 1
        with pytest.raises(Refused), ledger.writing("second", 0.5):
            pass
        assert time.monotonic() < ends_at + 1
    finally:
        process.kill()
        process.wait()
    with ledger.writing("third", 5):
        pass
