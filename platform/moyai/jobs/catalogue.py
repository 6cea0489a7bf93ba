"""A database and its roles as they are, read from PostgreSQL's catalogue by the master role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.jobs.connections import Connection

READY = "moyai: ready"
"""The database's comment once everything about it was done."""
RESERVED_CONNECTIONS = 5
"""Connections of a database beyond the application's: migration, health check, dump."""
LIMITS: Mapping[str, str] = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "public, pg_temp",
}
"""Settings of the application role in its database. No session of a service may hold others up."""


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role."""

    name: str
    can_login: bool
    powers: tuple[str, ...]
    """Attributes that neither role of a database may have: `SUPERUSER`, `CREATEDB`, …"""
    member_of: tuple[str, ...]
    connection_limit: int


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database and its two roles; what is not there is None."""

    exists: bool
    database_owner: str | None
    encoding: str | None
    accepts_connections: bool
    connection_limit: int
    comment: str | None
    others: tuple[str, ...]
    """Who else holds a privilege on it; `PUBLIC` is everybody."""
    limits: tuple[str, ...]
    """The application role's settings in it, as `name=value`."""
    size_bytes: int | None
    owner: RoleState | None
    app: RoleState | None
    open_databases: tuple[str, ...]
    """Databases of the cluster that PUBLIC may connect to."""

    @property
    def closed(self) -> bool:
        """Nobody but its owner and application role may use it."""
        return self.exists and not self.others

    @property
    def guarded(self) -> bool:
        """Both roles are there with their limits, and without powers and memberships."""
        roles = (self.owner, self.app)
        return (
            all(r is not None and r.can_login and not (r.powers or r.member_of) for r in roles)
            and self.limits == expected_limits()
            and self.connection_limit > 0
        )

    @property
    def ready(self) -> bool:
        """It was made to the end."""
        return self.accepts_connections and self.comment == READY

    def fields(self) -> dict[str, Any]:
        """As fields of a result."""
        return {
            "exists": self.exists,
            "owner": self.database_owner,
            "encoding": self.encoding,
            "connection_limit": self.app.connection_limit if self.app else None,
            "closed": self.closed,
            "guarded": self.guarded,
            "ready": self.ready,
            "others": list(self.others)[:20],
            "size_bytes": self.size_bytes,
            "open_databases": list(self.open_databases)[:20],
            "roles": [
                {
                    "name": role.name,
                    "login": role.can_login,
                    "powers": list(role.powers),
                    "member_of": list(role.member_of)[:20],
                    "connection_limit": role.connection_limit,
                }
                for role in (self.owner, self.app)
                if role is not None
            ],
        }


def expected_limits() -> tuple[str, ...]:
    """`LIMITS` as the catalogue writes them."""
    return tuple(sorted(f"{name}={value}" for name, value in LIMITS.items()))


_DATABASE = """
SELECT pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datallowconn, d.datconnlimit,
       shobj_description(d.oid, 'pg_database'),
       ARRAY(SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC'
                             ELSE pg_get_userbyid(a.grantee)::text END
               FROM aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a
              WHERE a.grantee NOT IN (SELECT oid FROM pg_roles
                                       WHERE rolname IN (%(owner)s, %(app)s))
              ORDER BY 1),
       ARRAY(SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r
                 ON r.oid = s.setrole
              WHERE s.setdatabase = d.oid AND r.rolname = %(app)s ORDER BY 1),
       CASE WHEN %(size)s THEN pg_database_size(d.oid) END
  FROM pg_database d WHERE d.datname = %(name)s
"""
_ROLES = """
SELECT r.rolname, r.rolcanlogin, r.rolconnlimit,
       array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
                          CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                          CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                          CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                          CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL),
       ARRAY(SELECT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m
              WHERE m.member = r.oid ORDER BY 1)
  FROM pg_roles r WHERE r.rolname IN (%(owner)s, %(app)s)
"""
# RDS keeps its own superuser's database shut by other means.
_OPEN = """
SELECT d.datname FROM pg_database d
 WHERE d.datallowconn AND d.datname NOT IN ('rdsadmin', %(name)s)
   AND EXISTS (SELECT FROM aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a
                WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')
 ORDER BY 1
"""


def look(
    connection: Connection, name: str, owner: str, app: str, *, size: bool = False
) -> DatabaseState:
    """Read the state of a database and its roles; `size` also adds up its files."""
    given = {"name": name, "owner": owner, "app": app, "size": size}
    with connection.pipeline():
        database = connection.execute(_DATABASE, given)
        roles = connection.execute(_ROLES, given)
        opened = connection.execute(_OPEN, given)
        row = database.fetchone()
        found = {r[0]: RoleState(r[0], r[1], tuple(r[3]), tuple(r[4]), r[2]) for r in roles}
        open_databases = tuple(r[0] for r in opened)
    return DatabaseState(
        exists=row is not None,
        database_owner=row[0] if row else None,
        encoding=row[1] if row else None,
        accepts_connections=bool(row and row[2]),
        connection_limit=row[3] if row else 0,
        comment=row[4] if row else None,
        others=tuple(row[5]) if row else (),
        limits=tuple(row[6]) if row else (),
        size_bytes=row[7] if row else None,
        owner=found.get(owner),
        app=found.get(app),
        open_databases=open_databases,
    )
