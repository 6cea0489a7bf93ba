"""`beside-create` and `beside-drop`: databases beside a subscription's own, by the master role.

Only the subscription's owner may connect to them.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier

from moyai.jobs import beside, fences
from moyai.jobs.aws import Cloud
from moyai.jobs.catalogue import RESERVED_CONNECTIONS, look
from moyai.jobs.connections import Connection
from moyai.jobs.credentials import SecretStore
from moyai.jobs.data_settings import BesideJob
from moyai.jobs.master import drop, make_shut, master_of, may_act_as, telling, together
from moyai.jobs.results import Fields


def create(job: BesideJob, cloud: Cloud) -> Fields:
    """Make an empty one; what an earlier run left under its name is dropped. Raises `JobError`.

    Where a restore begins anew, the live database is opened again: a swap that was killed before its renames
    leaves it shut, and what comes next reads it.
    """
    database, name = job.database, beside.name(job.database.name, job.use)
    with master_of(database, SecretStore(cloud)) as master, telling(database):
        fences.enter_for(master, database, job.owner_secret, job.fence, cloud)
        live = look(master, database.name, database.owner, database.app)
        if job.use == "restored" and live.exists and not live.accepts_connections:
            _open(master, database.name, database.owner)
        left = drop(master, name, database.owner, by_force=True)
        make_shut(master, name, database.owner, RESERVED_CONNECTIONS)
        _open(master, name, database.owner)
    return {"database": name, "dropped": left}


def remove(job: BesideJob, cloud: Cloud) -> Fields:
    """Drop one; gone already is fine. Raises `JobError`."""
    database, name = job.database, beside.name(job.database.name, job.use)
    with master_of(database, SecretStore(cloud)) as master, telling(database):
        fences.enter_for(master, database, job.owner_secret, job.fence, cloud)
        dropped = drop(master, name, database.owner, by_force=True)
        if dropped:
            master.execute(SQL("REVOKE {} FROM CURRENT_USER").format(Identifier(database.owner)))
    return {"database": name, "dropped": dropped}


def _open(master: Connection, name: str, owner: str) -> None:
    """To its owner alone."""
    may_act_as(master, owner)
    role, database = Identifier(owner), Identifier(name)
    statements: list[Composable] = [
        SQL("SET LOCAL ROLE {}").format(role),
        SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(database),
        SQL("RESET ROLE"),
        SQL("REVOKE {} FROM CURRENT_USER").format(role),
    ]
    together(master, statements)
