"""Roles and databases inside an instance, as its superuser makes them."""

from __future__ import annotations

import secrets
from contextlib import closing

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from moyai.engine.files import write_private
from moyai.sandbox.postgres.instance import OPERATIONS, SUPERUSER, Instance
from moyai.sandbox.processes import LOOPBACK


def connect(instance: Instance, database: str = "postgres") -> psycopg.Connection:
    """Connect as the superuser, every statement its own transaction."""
    return psycopg.connect(
        host=LOOPBACK,
        port=instance.port,
        user=SUPERUSER,
        password=(instance.folder / "superuser").read_text(),
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def renew_superuser(instance: Instance) -> None:
    """Give the superuser a password of this instance alone, in place of the template's."""
    password = secrets.token_urlsafe(24)
    with closing(connect(instance)) as connection:
        _set_password(connection, SUPERUSER, password)
    write_private(instance.folder / "superuser", password.encode())


def prepare_cluster(instance: Instance, master: str, password: str, database: str | None) -> None:
    """Make a new instance what a new RDS cluster is: a master role that is no superuser.

    The master may create databases and roles and is a member of `rds_superuser`. CONNECT is taken
    from PUBLIC on the databases that are there. PostgreSQL grants it anew on each database that is
    made later (a template's grants are not copied), on RDS as here: whoever makes one revokes it.
    """
    role = Identifier(master)
    with closing(connect(instance)) as connection:
        run = connection.execute
        run("CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE")
        run("GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION")
        run(SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
        _set_password(connection, master, password)
        run(SQL("GRANT rds_superuser TO {}").format(role))
        for name in ("postgres", "template1"):
            run(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name), role))
            run(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
        if database and database != "postgres":
            run(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), role))
            run(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))


def change_master_password(instance: Instance, master: str, password: str) -> None:
    """Give the master role a new password."""
    with closing(connect(instance)) as connection:
        _set_password(connection, master, password)


def prepare_operations(instance: Instance) -> None:
    """Make the role and the database for operations data; the password is kept in a file."""
    password = secrets.token_urlsafe(24)
    write_private(instance.folder / "password", password.encode())
    with closing(connect(instance)) as connection:
        connection.execute(
            SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(Identifier(OPERATIONS))
        )
        _set_password(connection, OPERATIONS, password)
        name = Identifier(OPERATIONS)
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(name, name))
        for database in ("postgres", "template1", OPERATIONS):
            connection.execute(
                SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database))
            )


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Set a role's password; only its SCRAM verifier goes to the server, so none is in a log."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    statement = SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(Identifier(role), Literal(verifier)))


def is_reserved(name: str) -> bool:
    """Whether a master role may not have this name, as on RDS."""
    return name == SUPERUSER or name.startswith(("pg_", "rds_")) or name == "postgres_admin"
