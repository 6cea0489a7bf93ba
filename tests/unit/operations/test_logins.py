"""A password file has lines of one server, database and login, and what leaves the machine is guarded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from moyai.errors import UsageError
from moyai.operations.database.connecting import database_url
from moyai.operations.database.hosts import guarded, is_local
from moyai.operations.database.logins import (
    GROUPS,
    Logins,
    content_of,
    lines_of,
    split_old,
)

REMOTE = "postgresql://o@db.example.jp/operations"
PASSWORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":\\"), min_size=1
)


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("postgresql://o@db.example.jp/m", ["db.example.jp:5432"]),
        ("postgresql://o@db.example.jp:6000/m", ["db.example.jp:6000"]),
        ("postgresql://o@127.0.0.1:6000/m", ["127.0.0.1:*"]),
        ("postgresql://o@[2001:db8::1]:6000/m", [r"2001\:db8\:\:1:6000"]),
        ("postgresql://o@/m", ["localhost:*"]),
        ("postgresql://o@/m?host=/run/here", ["/run/here:*", "localhost:*"]),
        ("postgresql://o@/m?host=a.jp,b.jp&port=1,2", ["a.jp:1", "b.jp:2"]),
        ("postgresql://o@db.example.jp/m?hostaddr=192.0.2.7", ["db.example.jp:5432"]),
    ],
)
def test_a_line_is_of_one_server_database_and_login(url: str, places: list[str]) -> None:
    found = lines_of(make_url(url), "moyai_worker", "secret")
    assert [*found] == [f"{place}:m:moyai_worker_login:secret" for place in places]


@pytest.mark.parametrize(
    ("rest", "local"),
    [
        ("127.0.0.1/m", True),
        ("127.9.9.9/m", True),
        ("[::1]/m", True),
        ("localhost/m", True),
        ("/m?host=/run", True),
        ("/m?host=@abstract", True),
        ("db.example.jp/m", False),
        ("localhost/m?hostaddr=192.0.2.7", False),
        ("/m?host=127.0.0.1,db.example.jp", False),
        ("localhost.example.jp/m", False),
    ],
)
def test_what_leaves_the_machine_is_encrypted(rest: str, local: bool) -> None:
    url = make_url(f"postgresql://o@{rest}")
    assert is_local(url) is local
    assert guarded(url).query.get("sslmode") == (None if local else "require")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "", "REQUIRE"])
def test_less_than_encryption_is_refused(mode: str) -> None:
    with pytest.raises(UsageError, match="sslmode"):
        database_url(f"{REMOTE}?sslmode={mode or 'no'}")


def test_who_proves_what_is_bound_to_the_certificate_unless_its_name_is_looked_at() -> None:
    for words, bound in (
        ("", "require"),
        ("?sslmode=require", "require"),
        ("?sslmode=verify-full", None),
    ):
        login = Logins(database_url(REMOTE + words), Path("/x")).of("moyai_operator")
        assert login.query.get("channel_binding") == bound
        assert login.query["require_auth"] == "scram-sha-256"
        assert login.username == "moyai_operator_login"
        assert login.password is None


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("", "names no database"),
        ("/m?host=127.0.0.1&host=db.example.jp", "twice"),
        ("/m?user=postgres", "user or dbname"),
        ("/m?dbname=other", "user or dbname"),
        ("/m?password=secret", "must not have a password"),
        ("/m?sslpassword=secret", "must not have a password"),
    ],
)
def test_a_url_that_could_mean_another_place_is_refused(rest: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        database_url(f"postgresql://o@db.example.jp{rest}")


@given(passwords=st.lists(PASSWORDS, min_size=3, max_size=3))
def test_the_file_of_the_version_before_is_split(
    tmp_path_factory: pytest.TempPathFactory, passwords: list[str]
) -> None:
    places = Logins(database_url(REMOTE), tmp_path_factory.mktemp("logins"))
    known = dict(zip(GROUPS, passwords, strict=True))
    lines = (f"*:*:*:{group}_login:{password}\n" for group, password in known.items())
    places.old_passfile.write_text("".join(lines))
    split_old(places)
    assert places.passwords() == known
    assert not places.old_passfile.exists()
    for group in GROUPS:
        file = places.passfile(group)
        assert file.read_bytes() == content_of(places.url, group, known[group])
        assert file.stat().st_mode & 0o777 == 0o600
        assert "*" not in file.read_text().partition("_login")[0]
        assert places.has(group)


def test_a_file_of_another_server_or_database_is_not_this_one_s(tmp_path: Path) -> None:
    places = Logins(database_url(REMOTE), tmp_path)
    for other in (REMOTE.replace("db.", "other."), REMOTE + "2"):
        content = content_of(database_url(other), "moyai_worker", "secret")
        places.passfile("moyai_worker").write_bytes(content)
        assert not places.has("moyai_worker")
        assert places.passwords() == {"moyai_worker": "secret"}
    assert not places.has("moyai_operator")
