"""What jobs refuse to run, told without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pace import seconds_of
from tests.sample import SERVICES

from moyai.service_statements import refusals

REFUSED = [
    ("COMMIT", "COMMIT"),
    ("commit work and chain", "COMMIT"),
    ("END", "END"),
    ("ABORT", "ABORT"),
    ("ROLLBACK", "ROLLBACK"),
    ("ROLLBACK TO SAVEPOINT a", "ROLLBACK"),
    ("SAVEPOINT a", "SAVEPOINT"),
    ("RELEASE a", "RELEASE"),
    ("BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN"),
    ("start\n/* a /* b */ c */ transaction", "START TRANSACTION"),
    ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION"),
    ("COMMIT PREPARED 'a'", "COMMIT"),
    ("SET TRANSACTION READ ONLY", "SET TRANSACTION"),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION CHARACTERISTICS"),
    ("SET ROLE postgres", "SET ROLE"),
    ("SET LOCAL ROLE postgres", "SET ROLE"),
    ("SET SESSION ROLE TO postgres", "SET ROLE"),
    ("SET \"Role\" = 'postgres'", "SET ROLE"),
    ("RESET ROLE", "RESET ROLE"),
    ("RESET SESSION AUTHORIZATION", "RESET SESSION AUTHORIZATION"),
    ("SET SESSION AUTHORIZATION DEFAULT", "SET SESSION AUTHORIZATION"),
    ("SET LOCAL SESSION AUTHORIZATION postgres", "SET SESSION AUTHORIZATION"),
    ("SET session_authorization = DEFAULT", "SET SESSION_AUTHORIZATION"),
    ("GRANT SELECT ON a TO PUBLIC", "GRANT"),
    ("GRANT a TO b", "GRANT"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "ALTER DEFAULT PRIVILEGES"),
    ("CREATE ROLE a", "CREATE ROLE"),
    ("ALTER USER a SUPERUSER", "ALTER USER"),
    ("DROP OWNED BY a", "DROP OWNED"),
    ("ALTER DATABASE a CONNECTION LIMIT -1", "ALTER DATABASE"),
    ("COPY a FROM PROGRAM 'id'", "COPY"),
    ("COPY (SELECT 1) TO '/tmp/a'", "COPY"),
    ("copy a from stdin", "COPY"),
    ("\\! id", "psql"),
    ("\\connect other", "psql"),
    ("SELECT 1 \\gexec", "psql"),
    ("\\! echo 'a", "psql"),
    ("SELECT 'a'\0", "NUL"),
    ("SELECT '\0'", "NUL"),
    ("SELECT 'a; SELECT 1", "of a string is not closed"),
    ("SELECT 'a''", "of a string is not closed"),
    ("SELECT E'a\\'; SELECT 1", "of a string is not closed"),
    ('SELECT 1 "a', "of a name is not closed"),
    ("DO $a$ BEGIN END $b$", "dollar quote"),
    ("SELECT $$", "dollar quote"),
    ("/* a /* b */", "comment"),
]
NOT_INSIDE = [
    ("VACUUM", "VACUUM"),
    ("VACUUM (ANALYZE) a", "VACUUM"),
    ("CREATE INDEX CONCURRENTLY ON a (b)", "CREATE INDEX CONCURRENTLY"),
    ("CREATE UNIQUE INDEX CONCURRENTLY c ON a (b)", "CREATE UNIQUE INDEX CONCURRENTLY"),
    ("DROP INDEX CONCURRENTLY c", "DROP INDEX CONCURRENTLY"),
    ("REINDEX (VERBOSE, CONCURRENTLY) TABLE a", "REINDEX … CONCURRENTLY"),
    ("REINDEX TABLE CONCURRENTLY a", "REINDEX … CONCURRENTLY"),
    ("ALTER TABLE a.b DETACH PARTITION a.c CONCURRENTLY", "DETACH PARTITION … CONCURRENTLY"),
    ("CREATE TABLESPACE a LOCATION '/a'", "CREATE TABLESPACE"),
    ("ALTER SYSTEM SET a = 1", "ALTER SYSTEM"),
    ("DISCARD ALL", "DISCARD ALL"),
]
ALLOWED = [
    "",
    ";;",
    "CREATE TABLE a (commit int, \"end\" text); COMMENT ON TABLE a IS 'COMMIT; ROLLBACK;'",
    "-- COMMIT;\nSELECT 1 /* COMMIT; /* END; */ VACUUM; */",
    "DO $$ BEGIN PERFORM 1; END; $$",
    "DO $a$ BEGIN EXECUTE $$COMMIT$$; END; $a$",
    "SELECT E'\\'; COMMIT; '",
    "SELECT E'a'\n'\\'; COMMIT; '",
    "SELECT 'a\\'; SELECT 1",
    "SELECT U&'\\0041', N'a', x'1F', 1.5e3, .5, 0x1F, $1",
    "SELECT a$$b FROM a",
    "SELECT 1$$;COMMIT;$$",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM a; DELETE FROM b; END; SELECT 1",
    "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)",
    "SET LOCAL statement_timeout = '5s'; SET search_path TO a; RESET search_path",
    "PREPARE a AS SELECT 1; EXECUTE a",
    "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
    'CREATE INDEX ON a (b); REINDEX TABLE a; DROP INDEX c; CREATE INDEX "c" ON a (b)',
    "ALTER TABLE a DETACH PARTITION b; ALTER TABLE a ADD COLUMN role text",
    "LOCK TABLE a; ANALYZE a; TRUNCATE a",
    "INSERT INTO a VALUES ('日本語'';COMMIT;'), ($日本$;COMMIT;$日本$)",
]


@pytest.mark.parametrize(("sql", "told"), REFUSED + NOT_INSIDE)
def test_a_migration_cannot_say(sql: str, told: str) -> None:
    first = "SELECT ';' AS a;\n\n"
    (refusal,) = refusals(f"{first}  {sql}")
    assert told in refusal.reason.en
    assert refusal.line >= 3
    assert refusal.reason.ja != refusal.reason.en
    if refusal.reason.en.startswith(told):
        assert refusal.column == 3
        # As the last statement and before another; what stands before it in its line hides nothing.
        (again,) = refusals(f"SELECT $a$ $a$;{sql};SELECT 1")
        assert (again.line, again.column) == (1, 16)


@pytest.mark.parametrize("sql", ALLOWED)
def test_a_migration_may_say(sql: str) -> None:
    assert refusals(sql) == ()
    (refusal,) = refusals(f"{sql}\n;COMMIT")
    assert "COMMIT" in refusal.reason.en
    assert refusal.line == sql.count("\n") + 2


@pytest.mark.parametrize(("sql", "told"), NOT_INSIDE)
def test_what_cannot_run_in_a_transaction_may_run_alone(sql: str, told: str) -> None:
    assert refusals(sql, transaction=False) == ()


@pytest.mark.parametrize(("sql", "told"), REFUSED)
def test_the_rest_cannot_be_said_alone_either(sql: str, told: str) -> None:
    (refusal,) = refusals(sql, transaction=False)
    assert told in refusal.reason.en


def _quoted(words: str) -> st.SearchStrategy[str]:
    """The words, so written that PostgreSQL reads no statement in them."""
    return st.sampled_from(
        [
            f"'{words.replace(chr(39), chr(39) * 2)}'",
            "E'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'",
            f"$tag${words.replace('$', '')}$tag$",
            f"/* {words.replace('*', '').replace('/', '')} /* ; */ COMMIT; */ 1",
            '"' + words.replace('"', '""') + ' "',
            f"-- {words.splitlines()[0] if words.splitlines() else ''}".rstrip() + "\n1",
        ]
    )


_WORDS = st.text(
    st.characters(exclude_characters="\0\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8"),
    max_size=12,
).map(lambda words: f"{words}; COMMIT; {words}")


@given(st.lists(_WORDS.flatmap(_quoted), min_size=1, max_size=5))
def test_nothing_quoted_is_a_statement_and_nothing_after_it_is_missed(parts: list[str]) -> None:
    before = f"SELECT {' , '.join(parts)};\n"
    assert refusals(before) == ()
    (refusal,) = refusals(f"{before}COMMIT")
    assert refusal.line == before.count("\n") + 1


@given(st.text(st.sampled_from("'\"$aE\\;/*-\n( )1\0"), max_size=40))
def test_any_text_is_read_to_its_end(text: str) -> None:
    places = [(one.line, one.column) for one in refusals(text)]
    assert places == sorted(places)
    lines = text.split("\n")
    assert all(column <= len(lines[line - 1]) + 1 for line, column in places)


@pytest.mark.parametrize(
    "text",
    [
        "'" * 200_001,
        "E'\\" * 100_000,
        "/*" * 100_000,
        "$a" * 100_000,
        "-- " * 100_000,
        "E''\n-- " * 50_000,
        "COMMIT;" * 20_000,
        "(" * 200_000,
    ],
    ids=lambda text: str(text)[:6],
)
def test_a_long_text_takes_a_time_that_grows_with_it(text: str) -> None:
    quarter = seconds_of(lambda: refusals(text[: len(text) // 4]))
    assert seconds_of(lambda: refusals(text)) < 10 * quarter  # its square would be 16


def test_the_shipped_services_say_nothing_of_it() -> None:
    files = sorted(SERVICES.glob("*/migrations/*.sql"))
    assert len(files) == 6
    assert [refusals(file.read_text("utf-8")) for file in files] == [()] * 6
