"""Bodies written into the file and taken out again: whole, one writer at a time, or not at all."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from tests.sample import SAMPLE, lay_out

from moyai.errors import OperationFailed, UsageError
from moyai.operations.deploys.tenants import Additions, add, add_to
from moyai.registry.edit import NewTenant
from moyai.registry.load import require
from moyai.registry.models import Isolation

WORDS = SAMPLE.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The sample in a folder of its own."""
    return lay_out(tmp_path)


def test_the_file_is_what_was_told(file: Path) -> None:
    added = add(file, NewTenant("270008", isolation=Isolation.NETWORK))
    assert file.read_bytes() == added.content
    assert added.content.startswith(WORDS)
    body = require(file).tenants[-1]
    assert body == added.body
    networks = [one.cidr for one in require(file).tenants if one.cidr is not None]
    assert body.cidr is not None
    assert len(networks) == len(set(networks))


def test_nothing_is_written_where_it_would_be_wrong(file: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        add(file, NewTenant("271004"))
    with pytest.raises(UsageError, match="cannot be added"):
        add(file, NewTenant("270008", slug="sakai"))
    assert file.read_bytes() == WORDS
    assert sorted(path.name for path in file.parent.iterdir()) == ["stacks", "tenants.yaml"]


def test_a_file_changed_meanwhile_is_left_alone(file: Path) -> None:
    registry = require(file)
    file.write_bytes(WORDS + b"# somebody was here\n")
    with pytest.raises(OperationFailed, match="changed by somebody else"):
        add_to(registry, NewTenant("270008"))
    assert file.read_bytes() == WORDS + b"# somebody was here\n"


def test_of_two_at_once_none_is_lost(file: Path) -> None:
    """The one that comes second is told so; run again, it adds its body."""
    start = threading.Barrier(4)

    def until_added(code: str) -> None:
        start.wait()
        while True:
            try:
                add(file, NewTenant(code))
            except OperationFailed:
                continue
            return

    codes = ["270008", "011002", "131016", "472018"]
    threads = [threading.Thread(target=until_added, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {body.code for body in require(file).tenants[-4:]} == set(codes)


def test_mode_and_link_stay(file: Path) -> None:
    real = file.with_name("real.yaml")
    file.rename(real)
    real.chmod(0o640)
    file.symlink_to(real)
    add(file, NewTenant("270008"))
    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "270008" in real.read_text(encoding="utf-8")


def test_added_bodies_are_taken_out_again(file: Path) -> None:
    additions = Additions(file)
    assert additions.withdraw() is None
    additions.add(NewTenant("270008"))
    additions.add(NewTenant("011002"))
    told = additions.withdraw()
    assert told is not None
    assert told.en == "tenants.yaml is as it was before."
    assert file.read_bytes() == WORDS


def test_a_file_changed_since_keeps_what_was_added(file: Path) -> None:
    additions = Additions(file)
    additions.add(NewTenant("270008"))
    with file.open("ab") as now:
        now.write(b"# mine\n")
    told = additions.withdraw()
    assert told is not None
    assert "was changed meanwhile" in told.en
    assert file.read_bytes().endswith(b"# mine\n")
    assert b"270008" in file.read_bytes()
