"""A MOYAI_HOME whose disk takes no files any more: told, and nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from federations import DAY, Federation, make_federation
from sandboxes import disk, make_read_only

WRITING = (
    ("plan", "--as-of", DAY),
    ("deploy", "--as-of", DAY),
    ("deploy", "272027", "--refresh", "--as-of", DAY),
    ("onboard", "272043", "--yes", "--as-of", DAY),
    ("demo",),
    ("sandbox", "start"),
    ("sandbox", "stop"),
    ("sandbox", "reset", "--yes"),
)
READING = {
    ("plan", "272027", "--as-of", DAY): 0,
    ("status", "--as-of", DAY): 0,
    ("output", "272027"): 0,
    ("sandbox", "status"): 0,
    ("sandbox", "env"): 4,
    ("sandbox", "psql", "272027", "chat"): 4,
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """One body of three was deployed, then the sandbox was stopped and the disk became read-only."""
    base = tmp_path_factory.mktemp("kept")
    with disk(base / "disk", 600) as place:
        found = make_federation(base / "project", place / "home")
        found.ok("deploy", "272027", "--as-of", DAY)
        found.ok("sandbox", "stop")
        make_read_only(place)
        yield found


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_what_writes_names_the_folder_and_touches_nothing(
    kept: Federation, command: tuple[str, ...]
) -> None:
    answer = kept.moyai(*command)
    assert answer.code == 4, answer.out + answer.err
    folder = kept.home / "sites" / "sandbox"
    assert f"cannot write to the sandbox's folder {folder}: Read-only file system" in answer.err
    assert "Nothing was touched." in answer.err
    assert "MOYAI_HOME" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(("command", "code"), READING.items(), ids=str)
def test_what_reads_goes_on(kept: Federation, command: tuple[str, ...], code: int) -> None:
    answer = kept.moyai(*command)
    assert answer.code == code, answer.out + answer.err
    assert "Traceback" not in answer.err


def test_what_cannot_be_put_on_record_is_not_done(kept: Federation) -> None:
    before = kept.file.read_bytes()
    answer = kept.moyai("tenant", "add", "272051")
    assert answer.code == 4, answer.out + answer.err
    assert "Read-only file system" in answer.err
    assert "Nothing was touched." in answer.err
    assert "Traceback" not in answer.err
    assert kept.file.read_bytes() == before
