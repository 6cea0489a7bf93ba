"""`password-…`: new passwords for a database's two roles, by the master role.

A new password lies beside the current one in its secret (`AWSPENDING`), under a version that the caller
names, before any role takes it. Roles and secrets change together: the secrets' stages are moved within the
transaction that gives the roles their passwords, just before its commit. Whatever is cut off is done again;
a run that comes late, after another renewal, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime

from psycopg.sql import SQL, Identifier, Literal

from moyai.jobs.aws import Cloud
from moyai.jobs.connections import Connection, connect
from moyai.jobs.credentials import CURRENT, PENDING, Login, SecretStore, Version, new_login
from moyai.jobs.data_settings import PasswordJob
from moyai.jobs.master import master_of, telling, verifier
from moyai.jobs.results import Fields, JobError
from moyai.texts import Text

_END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE usename = ANY(%s) AND pid <> pg_backend_pid() AND backend_start < %s
"""
WRONG = "wrong-password"


def renew(job: PasswordJob, cloud: Cloud) -> Fields:
    """Put new passwords beside the current ones; those that are there under the version are kept.

    Fields: `previous`, role → the current version. Raises `JobError`: `no-credentials`, `superseded`.
    """
    database, store = job.database, SecretStore(cloud)
    previous: dict[str, str] = {}
    with master_of(database, store) as _:
        for role, secret in job.secrets.items():
            current = _current(store, role, secret)
            pending = store.version(secret, VersionId=job.version)
            if pending is None:
                login = new_login(role)
                store.put_pending(secret, login, database.server, database.name, job.version)
            elif not pending.stages & {PENDING, CURRENT}:
                raise _superseded(job)
            if current.id != job.version:
                previous[role] = current.id
    return {"previous": previous}


def take(job: PasswordJob, cloud: Cloud) -> Fields:
    """Have the roles take the new passwords, which become the current ones.

    Fields: `changed_at`. Raises `JobError`: `no-pending`, `superseded`.
    """
    store = SecretStore(cloud)

    def found(_role: str, secret: str) -> Version:
        return _pending(job, store, secret)

    def promote(secret: str, version: Version) -> None:
        if CURRENT not in version.stages:
            current = store.version(secret, VersionStage=CURRENT)
            before = None if current is None else current.id
            store.move(secret, CURRENT, to=version.id, away_from=before)

    return {"changed_at": _change(job, store, found, promote)}


def go_back(job: PasswordJob, cloud: Cloud) -> Fields:
    """Have the roles take the passwords of before again; the new ones are nobody's.

    Fields: `changed_at`. Raises `JobError`: `no-previous`, and `superseded` where another renewal came after.
    """
    store = SecretStore(cloud)

    def found(role: str, secret: str) -> Version:
        previous = job.previous.get(role)
        version = None if previous is None else store.version(secret, VersionId=previous)
        if version is None:
            raise _no_previous(role)
        current = store.version(secret, VersionStage=CURRENT)
        if current is not None and current.id not in (job.version, version.id):
            raise _superseded(job)
        return version

    def demote(secret: str, version: Version) -> None:
        if CURRENT not in version.stages:
            store.move(secret, CURRENT, to=version.id, away_from=job.version)
        new = store.version(secret, VersionId=job.version)
        if new is not None and PENDING in new.stages:
            store.move(secret, PENDING, to=None, away_from=job.version)

    return {"changed_at": _change(job, store, found, demote)}


def state(job: PasswordJob, cloud: Cloud) -> Fields:
    """How far a renewal has come. Changes nothing.

    Fields by role: `pending` (the new password is in its secret), `current` (it is the one that is read),
    `opens` (it opens the database); and `moment`, the server's. Raises `JobError` where secret or server cannot
    be asked.
    """
    store, found = SecretStore(cloud), {}
    for role, secret in job.secrets.items():
        version = store.version(secret, VersionId=job.version)
        found[role] = {
            "pending": version is not None and bool(version.stages & {PENDING, CURRENT}),
            "current": version is not None and CURRENT in version.stages,
            "opens": version is not None and _opens(job, version.login),
        }
    with master_of(job.database, store, locked=False) as master, telling(job.database):
        return {"roles": found, "moment": _moment(master)}


def make_void(job: PasswordJob, cloud: Cloud) -> Fields:
    """End the sessions that were opened with the old passwords, and try whether these still open any.

    Fields: `refused`, the roles whose old password was turned away; `sessions`, how many were ended. Raises
    `JobError`: `still-opens`, `no-previous`.
    """
    database, store = job.database, SecretStore(cloud)
    with master_of(database, store) as master, telling(database):
        ended = 0 if job.changed_at is None else _end_sessions(master, job, job.changed_at)
    for role, secret in job.secrets.items():
        previous = job.previous.get(role)
        version = None if previous is None else store.version(secret, VersionId=previous)
        if version is None:
            raise _no_previous(role)
        if _opens(job, version.login):
            raise _still_opens(role)
    return {"refused": sorted(job.secrets), "sessions": ended}


def _change(
    job: PasswordJob,
    store: SecretStore,
    found: Callable[[str, str], Version],
    move: Callable[[str, Version], None],
) -> str:
    """Give the roles the passwords of versions, and move the secrets' stages with them; the moment."""
    database = job.database
    with master_of(database, store) as master, telling(database):
        # Looked for under the lock: another renewal may just have ended.
        versions = {role: found(role, secret) for role, secret in job.secrets.items()}
        with master.transaction():
            for role, version in versions.items():
                given = {"role": Identifier(role), "to": Literal(verifier(master, version.login))}
                master.execute(SQL("ALTER ROLE {role} PASSWORD {to}").format(**given))
            for role, version in versions.items():
                move(job.secrets[role], version)
        return _moment(master)


def _moment(master: Connection) -> str:
    """The server's, in UTC."""
    row = master.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment.astimezone(UTC).isoformat()


def _end_sessions(master: Connection, job: PasswordJob, before: datetime) -> int:
    roles = list(job.secrets)
    given = SQL(", ").join(map(Identifier, roles))
    # Ending sessions wants their roles' rights.
    master.execute(SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET FALSE").format(given))
    try:
        row = master.execute(_END_SESSIONS, (roles, before)).fetchone()
        return int(row[0]) if row else 0
    finally:
        if not master.broken:
            with suppress(JobError):
                master.execute(SQL("REVOKE {} FROM CURRENT_USER").format(given))


def _opens(job: PasswordJob, login: Login) -> bool:
    """Whether a login opens the database. Raises `JobError` where only the password does not tell."""
    try:
        with closing(connect(job.database.server, login, job.database.name, {})):
            return True
    except JobError as error:
        if error.code == "too-many-connections":  # looked at after the password
            return True
        if error.code == WRONG:
            return False
        raise


def _current(store: SecretStore, role: str, secret: str) -> Version:
    current = store.version(secret, VersionStage=CURRENT)
    if current is None or current.login.username != role:
        raise JobError(
            "no-credentials",
            Text(
                f"{role} のシークレットに、使える資格情報がありません。",
                f"the secret of {role} holds no credentials that can be used.",
            ),
            remedy=Text("moyai deploy --refresh で直せます。", "moyai deploy --refresh mends it."),
        )
    return current


def _pending(job: PasswordJob, store: SecretStore, secret: str) -> Version:
    version = store.version(secret, VersionId=job.version)
    if version is None:
        raise JobError(
            "no-pending",
            Text(
                "新しいパスワードがシークレットにありません。",
                "the new password is not in its secret.",
            ),
        )
    if not version.stages & {PENDING, CURRENT}:
        raise _superseded(job)
    return version


def _superseded(job: PasswordJob) -> JobError:
    return JobError(
        "superseded",
        Text(
            f"{job.database.name} のパスワードは、その後に別の入替えが行われました。何も変えていません。",
            f"another renewal of the passwords of {job.database.name} came after this one. "
            "Nothing was changed.",
        ),
    )


def _no_previous(role: str) -> JobError:
    return JobError(
        "no-previous",
        Text(
            f"{role} の前のパスワードがシークレットに残っていません。",
            f"the password that {role} had before is not in its secret any more.",
        ),
    )


def _still_opens(role: str) -> JobError:
    return JobError(
        "still-opens",
        Text(
            f"{role} の前のパスワードで、まだ接続できます。",
            f"the password that {role} had before still opens the database.",
        ),
    )
