"""Whether what the secrets of a database hold opens it: tried at the server, as nothing else tells."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from moyai.jobs.connections import connect
from moyai.jobs.credentials import SecretStore
from moyai.jobs.results import JobError
from moyai.jobs.settings import InspectJob

_SHUT_OUT = frozenset(
    {"wrong-password", "no-login", "not-permitted", "not-accepting", "no-database"}
)
"""Codes with which a server that was reached turns a login away for what it is."""
# PostgreSQL looks at the password before it counts a role's connections.
_LET_IN = frozenset({"too-many-connections"})


def unusable(job: InspectJob, store: SecretStore) -> Mapping[str, str]:
    """`owner` and `app`, where the secret named in the job does not open the database, with why.

    Why: `no-credentials` (no value, or none of the right form), `other-role`, or the code of the
    server's refusal. Raises `JobError` where the secret or the server cannot be asked.
    """
    database = job.database
    asked = {
        "owner": (database.owner, job.owner_secret),
        "app": (database.app, job.app_secret),
    }
    found = {
        which: _why_not(job, store, role, secret)
        for which, (role, secret) in asked.items()
        if secret is not None
    }
    return {which: why for which, why in found.items() if why is not None}


def _why_not(job: InspectJob, store: SecretStore, role: str, secret: str) -> str | None:
    login = store.find(secret)
    if login is None:
        return "no-credentials"
    if login.username != role:
        return "other-role"
    database = job.database
    try:
        with closing(connect(database.server, login, database.name, {})):
            return None
    except JobError as error:
        if error.code in _LET_IN:
            return None
        if error.code in _SHUT_OUT:
            return error.code
        raise
