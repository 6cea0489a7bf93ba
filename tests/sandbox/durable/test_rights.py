"""What the logins of the operations database may do: nothing but what their functions let them, each of which
checks what stands on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from login_site import Site, login_site

from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins

FUNCTIONS = {
    "moyai_operator": {
        *("plan_operation", "want", "release", "retry", "approve", "put_in_file", "anchored"),
        *("note_runbook", "note_deed", "note_file", "next_id", "restored"),
    },
    "moyai_worker": {
        *(
            "take",
            "go_on",
            "go_on_together",
            "finish",
            "conduct",
            "tell_waits",
            "next_ticket",
            "pass_gate",
        ),
        *(
            "hold_at_gate",
            "register_worker",
            "touch_worker",
            "found_free",
            "take_over",
            "recovered",
        ),
        *("worker_ended", "measured", "my_turn", "soon", "allow", "anchored", "tell", "address"),
        *("open_happenings", "take_notice", "notice_sent", "notice_unsent", "put_back", "settle"),
        *("hand_over", "look_again", "worker_held_back", "found_behind"),
        *("tell_wait", "abandon", "open_happenings_of", "note_deed"),
    },
    "moyai_auditor": set(),
}
_OPEN = """
SELECT DISTINCT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE nspname = 'moyai' AND has_function_privilege(current_user, p.oid, 'EXECUTE')
"""


@pytest.fixture
def site(emptied: Logins, tmp_path: Path) -> Iterator[Site]:
    with login_site(emptied, tmp_path) as found:
        yield found


@pytest.mark.parametrize("group", FUNCTIONS)
def test_a_login_writes_no_table(lasting: Logins, group: str) -> None:
    with psycopg.connect(conninfo(lasting.url)) as admin:
        tables = admin.execute(
            "SELECT relname, min(attname) FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid "
            "WHERE relnamespace = 'moyai'::regnamespace AND relkind = 'r' AND attnum > 0 AND attidentity = '' "
            "GROUP BY relname"
        ).fetchall()
    assert len(tables) >= 15
    with psycopg.connect(conninfo(lasting.of(group)), autocommit=True) as connection:
        for table, column in tables:
            for statement in (
                f"INSERT INTO moyai.{table} DEFAULT VALUES",
                f"UPDATE moyai.{table} SET {column} = {column}",
                f"DELETE FROM moyai.{table}",
                f"TRUNCATE moyai.{table} CASCADE",
                f"SELECT * FROM moyai.{table} FOR UPDATE",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        columns = connection.execute(
            "SELECT count(*) FROM information_schema.column_privileges "
            "WHERE table_schema = 'moyai' AND privilege_type <> 'SELECT' AND grantee = %s",
            (group,),
        ).fetchone()
    assert columns == (0,)


@pytest.mark.parametrize("group", FUNCTIONS)
def test_a_login_calls_the_functions_of_its_group_alone(lasting: Logins, group: str) -> None:
    with psycopg.connect(conninfo(lasting.of(group))) as connection:
        found = {str(row[0]) for row in connection.execute(_OPEN)}
    assert found == FUNCTIONS[group]


def test_nobody_hands_in_a_record(site: Site) -> None:
    site.plan()
    for engine in (site.operator, site.worker):
        words = (
            "SELECT moyai.put_record('federation', 'moyai', 'x', :id, NULL, NULL, NULL, 'y', '{}')"
        )
        assert site.refused(engine, words) == "42501"
