"""What only reads opens the database where it was found before, and looks anew where that is over."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import psycopg
import pytest
from tests.sample import SAMPLE, lay_out

from moyai.errors import OperationFailed, UsageError
from moyai.operations.database import whereabouts
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.logins import logins
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reader import open_reader
from moyai.operations.database.reading import listed

SITE = "kensho"


@pytest.fixture
def file(places: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """tenants.yaml with a site whose operations database is this test's."""
    home = tmp_path / "home"
    monkeypatch.setenv("MOYAI_HOME", str(home))
    known = logins(places.url, home / "sites" / SITE)
    shutil.copytree(places.folder, known.folder)
    words = (
        f'sites:\n  {SITE}:\n    account_id: "111122223333"\n    region: ap-northeast-1\n'
        "    backup_region: ap-northeast-3\n    state_backend: s3://kensho-111122223333\n"
        "    secrets_provider: awskms://alias/kensho?region=ap-northeast-1\n"
        f"    operations_database: {conninfo(places.url)}\n\noperators:\n"
    )
    sample = SAMPLE.read_text(encoding="utf-8")
    return lay_out(tmp_path / "project", sample.replace("\noperators:\n", f"\n{words}", 1))


def _known(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sites" / SITE / "operations" / "whereabouts.json"


def test_it_is_remembered_without_a_password(file: Path, places: Logins, tmp_path: Path) -> None:
    with open_reader(file, SITE) as reader, reader.connect() as connection:
        assert listed(connection) == ()
    written = _known(tmp_path).read_text()
    passwords = places.passwords().values()
    assert len(passwords) == 3
    assert not [one for one in passwords if one in written]
    assert _known(tmp_path).stat().st_mode & 0o077 == 0


def test_what_is_remembered_is_used_without_opening_the_site(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_reader(file, SITE) as first:
        known = first.conninfo
    monkeypatch.setitem(sys.modules, "moyai.operations.site.workspace", None)
    with open_reader(file, SITE) as second:
        assert second.conninfo == known


@pytest.mark.usefixtures("places")
def test_another_content_of_the_file_is_read_anew(file: Path) -> None:
    with open_reader(file, SITE):
        pass
    file.write_text(file.read_text().replace(f"  {SITE}:", "  betsu:"))
    with pytest.raises(UsageError, match=SITE), open_reader(file, SITE):
        pass


def test_a_place_where_nothing_answers_is_looked_for_anew(file: Path, tmp_path: Path) -> None:
    with open_reader(file, SITE) as right:
        known = json.loads(_known(tmp_path).read_text())
    known["conninfo"] = "postgresql://moyai_operator_login@127.0.0.1:1/operations"
    _known(tmp_path).write_text(json.dumps(known))
    with open_reader(file, SITE) as found:
        assert found.conninfo == right.conninfo
    assert json.loads(_known(tmp_path).read_text())["conninfo"] == right.conninfo


@pytest.mark.parametrize("spoilt", ["", "[]", "{", '{"for": 1}', "null"])
def test_what_cannot_be_read_is_learnt_anew(file: Path, tmp_path: Path, spoilt: str) -> None:
    with open_reader(file, SITE) as right:
        _known(tmp_path).write_text(spoilt)
    with open_reader(file, SITE) as found:
        assert found.conninfo == right.conninfo


def test_an_older_database_is_told(file: Path, places: Logins) -> None:
    with open_reader(file, SITE):
        pass
    with psycopg.connect(conninfo(places.url)) as owner:
        owner.execute("SET ROLE moyai_owner")
        owner.execute("UPDATE moyai.alembic_version SET version_num = '0001'")
    with pytest.raises(OperationFailed, match="older"), open_reader(file, SITE):
        pass


@pytest.mark.parametrize("name", ["..", "../../etc", "", "a/b", "A"])
def test_a_name_that_no_site_has_is_looked_for_nowhere(tmp_path: Path, name: str) -> None:
    assert whereabouts.remembered(tmp_path, name, tmp_path / "missing") is None
