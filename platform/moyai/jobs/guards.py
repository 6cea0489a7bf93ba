"""Triggers on a service's tables: one counts writes, one refuses them while writes are closed.

Both fire for everyone but the owner, which only jobs log in as. The application role owns no table,
so it can neither drop nor disable them, nor reach the schema `moyai`. The refusing trigger is always
there and disabled while writes are open: enabling and disabling take a lock that readers do not
wait for, and leave nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL, Composed, Identifier

from moyai.jobs.connections import Connection

PROBE_TABLE = "health_probe"
"""Of the schema `public`: where health checks write. They neither count nor are refused."""
LOCK = "SELECT pg_advisory_lock(7703, 1)"
"""Of a body's database: one job at a time that alters tables or their triggers."""
_COUNTS, _REFUSES = "moyai_writes_counted", "moyai_writes_closed"

# A sequence is read and moved outside transactions: no rollback takes a count back, and no old
# snapshot hides one. One that was lost and is made again begins later than any before it.
_OBJECTS = """
CREATE SCHEMA IF NOT EXISTS moyai;
COMMENT ON SCHEMA moyai IS '書き込みの停止と計数';
DO $do$
BEGIN
  IF to_regclass('moyai.writes') IS NULL THEN
    EXECUTE format('CREATE SEQUENCE moyai.writes START %s',
                   (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  END IF;
END
$do$;
CREATE TABLE IF NOT EXISTS moyai.closing (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  closed_by text NOT NULL,
  closed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE moyai.closing IS '書き込みを止めている間だけ1行ある';
CREATE OR REPLACE FUNCTION moyai.count_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $f$
BEGIN
  PERFORM pg_catalog.nextval('moyai.writes'::pg_catalog.regclass);
  RETURN NULL;
END
$f$;
CREATE OR REPLACE FUNCTION moyai.refuse_write() RETURNS trigger
LANGUAGE plpgsql AS $f$
BEGIN
  RAISE EXCEPTION 'moyai: writes are closed for maintenance'
    USING ERRCODE = 'read_only_sql_transaction';
END
$f$;
REVOKE ALL ON SCHEMA moyai FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA moyai FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA moyai FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA moyai FROM PUBLIC;
"""
_TABLES = """
SELECT n.nspname, c.relname, a.tgenabled::text, b.tgenabled::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_trigger a ON a.tgrelid = c.oid AND a.tgname = %(counts)s
  LEFT JOIN pg_trigger b ON b.tgrelid = c.oid AND b.tgname = %(refuses)s
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'moyai'
   AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = session_user)
   AND NOT (n.nspname = 'public' AND c.relname = %(probe)s)
 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table and what stands before writes to it."""

    schema: str
    name: str
    counts: str | None
    """The counting trigger's `tgenabled`: `A`, always, unless somebody changed it; None: no trigger."""
    refuses: str | None
    """The refusing one's: `A`, or `D` for disabled."""

    @property
    def guarded(self) -> bool:
        """Both triggers are there and as they are made: a migration's `ENABLE TRIGGER ALL` mars them."""
        return self.counts == "A" and self.refuses in ("A", "D")

    @property
    def refused(self) -> bool:
        """Nobody but the owner can write to it."""
        return self.refuses == "A"

    @property
    def identifier(self) -> Identifier:
        """Its name in SQL."""
        return Identifier(self.schema, self.name)

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


def tables(connection: Connection) -> tuple[Table, ...]:
    """The owner's tables, which are the service's."""
    given = {"counts": _COUNTS, "refuses": _REFUSES, "probe": PROBE_TABLE}
    return tuple(Table(*row) for row in connection.execute(_TABLES, given))


def has_objects(connection: Connection) -> bool:
    """Whether guards were ever put up in this database."""
    row = connection.execute("SELECT to_regclass('moyai.closing') IS NOT NULL").fetchone()
    return row == (True,)


def put_up(connection: Connection) -> int:
    """Guard every table that is not guarded as writes are closed or open now; how many it were.

    Within the caller's transaction, as the owner, under `LOCK`.
    """
    if not has_objects(connection):
        connection.execute(SQL(_OBJECTS))
    closed = connection.execute("SELECT EXISTS (SELECT FROM moyai.closing)").fetchone() == (True,)
    bare = [one for one in tables(connection) if not one.guarded or one.refused != closed]
    for table in bare:
        connection.execute(_triggers(connection, table, closed=closed))
    return len(bare)


def keep_count(connection: Connection) -> None:
    """Have a crash of the server leave the count as it is; else it may add up to 32, as `nextval` writes so far
    ahead into the log. Within the caller's transaction, while nobody can write."""
    connection.execute("SELECT setval('moyai.writes', last_value, is_called) FROM moyai.writes")


def switch(connection: Connection, *, closed: bool) -> None:
    """Refuse writes to every guarded table, or let them be. Within the caller's transaction."""
    for table in tables(connection):
        if table.refused != closed:
            connection.execute(_switch(table, closed=closed))


def _triggers(connection: Connection, table: Table, *, closed: bool) -> Composed:
    # The role's name stands in the condition: a call of a function for each statement would cost more.
    owner = connection.info.user
    each = [
        SQL(
            "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} "
            "FOR EACH STATEMENT WHEN (session_user <> {}::name) EXECUTE FUNCTION {}()"
        ).format(Identifier(trigger), table.identifier, owner, Identifier("moyai", function))
        for trigger, function in ((_COUNTS, "count_write"), (_REFUSES, "refuse_write"))
    ]
    always = SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(
        table.identifier, Identifier(_COUNTS)
    )
    return SQL("; ").join([*each, always, _switch(table, closed=closed)])


def _switch(table: Table, *, closed: bool) -> Composed:
    # ALWAYS: whatever `session_replication_role` says.
    how = SQL("ENABLE ALWAYS") if closed else SQL("DISABLE")
    return SQL("ALTER TABLE {} {} TRIGGER {}").format(table.identifier, how, Identifier(_REFUSES))
