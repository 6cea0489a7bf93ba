"""Marked secrets go through programs, providers and failures, and are found nowhere after."""

from __future__ import annotations

import gzip
from pathlib import Path

from filing_site import FilingSite, files, results, run_of

from moyai.engine.driver.driver import Driver
from moyai.engine.stacks import MASKED, RunFinished

MARK = "MARKED-SECRET-5d1f0c"


def written(folder: Path) -> dict[Path, bytes]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[path] = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return found


def test_marked_secrets_are_written_nowhere(site: FilingSite, engine: Path) -> None:
    site.more.update(FILING_FIRST=MARK, FILING_SECOND=f"{MARK} changed")
    (site.cloud / "fail-bad").touch()
    secret = files("a", secret="FILING_FIRST")
    runs = [
        run_of("good", files=secret),
        run_of("bad", files=files("bad", secret="FILING_FIRST")),
        run_of("good", "preview", files=files("a", secret="FILING_SECOND")),
        run_of("good", files=files("a", secret="FILING_SECOND"), refresh=True),
        run_of("good", files=secret, tells="FILING_FIRST"),
    ]
    with Driver(site, engine, jobs=1) as driver:
        events = [event for run in runs for event in driver.run([run])]
    found = [event.result for event in events if isinstance(event, RunFinished)]
    assert [result.ok for result in found] == [True, False, True, True, False]
    assert [result.error is not None and MASKED in result.error.what.en for result in found] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert MARK not in repr(events)
    assert all(MARK not in "".join(r.error.lines("ja")) for r in found if r.error)
    files_ = {p: c for p, c in written(site.home).items() if not p.is_relative_to(site.cloud)}
    assert [path for path, content in files_.items() if MARK.encode() in content] == []
    assert any(b"[secret]" in content for path, content in files_.items() if path.suffix == ".log")


def test_what_is_written_is_the_owners_alone(driver: Driver, site: FilingSite) -> None:
    results(driver, [run_of("a", files=files("x"))])
    ours = [site.home / name for name in ("logs", "work", "engine", "state/.pulumi/stacks")]
    open_to_others = [
        path
        for folder in ours
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
