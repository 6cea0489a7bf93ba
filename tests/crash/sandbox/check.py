"""What came of a campaign on a sandbox, counted from outside: by what AWS was asked, by what the witness saw in
the databases, by what is live. Only what is held to be so is read from Moyai: statuses, when bodies were held,
and the engine's record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.crash.operations.check import Findings
from tests.crash.sandbox.counting import (
    MAKES,
    Span,
    check_actions,
    check_backups,
    check_bound,
    check_held,
    check_migrations,
    check_requests,
    check_untouched,
    closed_spans,
    without,
)
from tests.crash.sandbox.place import EDITED, SERVICE, Place
from tests.crash.sandbox.recorder import Request
from tests.crash.sandbox.releases import migrations, release

from moyai.operations.database.rows import OperationView
from moyai.planning.names import parameter
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS
from moyai.sandbox.postgres.roles import connect

_RIGHTS = ("GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES")
"""What the provider says again whenever an edition changes the limits of a database's login."""


@dataclass(frozen=True)
class Case:
    """An operation that has ended, and what was known before it began."""

    place: Place
    number: int
    """Of the release that its bodies are to run."""
    view: OperationView
    began: tuple[float, float]
    """By the host's clock that nobody sets, and by the servers'."""
    shut: Sequence[str] = ()
    """Bodies whose windows did not open."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What its kind wants to know of how things were, by body."""

    @cached_property
    def asked(self) -> list[Request]:
        """What AWS was asked since it began."""
        return self.place.requests(self.began[0])


def check(case: Case, found: Findings) -> None:
    """All bodies of an upgrade that has ended."""
    place, number, asked = case.place, case.number, case.asked
    spans: list[Span] = []
    statuses = place.statuses()
    for body in case.view.bodies:
        code = body.code
        own = [one for one in asked if one.is_about(code)]
        lives = place.witness.of(place.database(code))
        seen = [[one for one in life if one.at >= case.began[1]] for life in lives]
        if code in case.shut:
            check_untouched(code, own, seen, found)
            continue
        check_requests(place.family(code), release(number), own, found)
        check_actions(code, own, found)
        check_backups(code, case.view.row.id, own, found)
        check_migrations(code, number, seen, found)
        helds = place.held(case.view.row.id, code)
        check_held(code, helds, seen, found)
        for span in closed_spans(code, number, seen, found):
            spans += without(span, helds)
        _service(place, code, number, found)
        _resources(place, code, found)
        _schema(place, code, number, found)
        _is_true(code, number, body.status, statuses[code], found)
    check_bound(spans, place.at_once, found)


def check_undisturbed(case: Case, found: Findings) -> None:
    """As `check`, and that AWS was asked for exactly what the checks of all others take for undisturbed."""
    check(case, found)
    for body in case.view.bodies:
        own = [one for one in case.asked if one.is_about(body.code)]
        check_actions(body.code, own, found, quiet=True)


def check_backup(case: Case, found: Findings) -> None:
    """All bodies of backups that have ended: nothing of a service is another, nothing is left over."""
    place, asked = case.place, case.asked
    for body in case.view.bodies:
        code = body.code
        own = [one for one in asked if one.is_about(code)]
        seen = place.witness.of(place.database(code))
        check_backups(code, case.view.row.id, own, found)
        made = [one.action for one in own if one.done and MAKES.match(one.action)]
        made += [one.tag for life in seen for one in life if one.at >= case.began[1]]
        found.duplicates.extend(f"{code}: {one}" for one in made)
        if body.status != "done":
            found.untrue.append(f"{code} is {body.status}")
        with closing(place.superuser(code)) as admin:
            words = "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s"
            name = place.database(code)
            left = admin.execute(words, (f"{name}%", name)).fetchall()
        found.duplicates.extend(f"{code}: the database {row[0]} is left" for row in left)


def check_deploy(case: Case, found: Findings) -> None:
    """All bodies of deploys that have ended: one task definition each, of the release as before."""
    for body in case.view.bodies:
        own = [one for one in case.asked if one.is_about(body.code)]
        check_requests(case.place.family(body.code), release(case.number), own, found)
    _deployed(case, found)


def check_edit(case: Case, found: Findings) -> None:
    """An edit that has ended: its one body has what was edited, and nothing was made for that, as a setting is
    a parameter that there is already. Nothing at all of others."""
    place, ssm = case.place, case.place.client("ssm")
    edited = {body.code for body in case.view.bodies}
    for code in place.codes:
        own = [one for one in case.asked if one.is_about(code)]
        if code not in edited:
            check_untouched(code, own, (), found)
            continue
        made = [one.action for one in own if one.done and MAKES.match(one.action)]
        found.duplicates.extend(f"{code}: {one}" for one in made)
        wanted = str(case.known[code])
        live = ssm.get_parameter(Name=parameter(code, SERVICE, EDITED))["Parameter"]["Value"]
        written = str(place.setting(code))
        if (live, written) != (wanted, wanted):
            found.lost.append(f"{code}: {EDITED} is {live}, in the file {written}, not {wanted}")
    _deployed(case, found)


def _deployed(case: Case, found: Findings) -> None:
    """The bodies of a deploy are what is on record, and their databases are as they were."""
    place, number = case.place, case.number
    statuses = place.statuses()
    for body in case.view.bodies:
        code = body.code
        seen = [
            one.tag
            for life in place.witness.of(place.database(code))
            for one in life
            if one.at >= case.began[1] and one.tag not in _RIGHTS
        ]
        found.duplicates.extend(f"{code}: {tag} in its database" for tag in seen)
        _service(place, code, number, found)
        _resources(place, code, found)
        _is_true(code, number, body.status, statuses[code], found)


def _service(place: Place, code: str, number: int, found: Findings) -> None:
    """What the service runs, as AWS tells it; of its task definitions that one alone is left."""
    ecs, family = place.client("ecs"), place.family(code)
    active = ecs.list_task_definitions(familyPrefix=family, status="ACTIVE")["taskDefinitionArns"]
    own = [arn for arn in active if f"/{family}:" in arn]
    if len(own) != 1:
        found.duplicates.append(f"{code}: active task definitions {own}")
    [service] = ecs.describe_services(cluster=place.cell, services=[family])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    image = definition["taskDefinition"]["containerDefinitions"][0]["image"].rpartition(":")[2]
    if image != release(number) or service["taskDefinition"] not in own:
        found.lost.append(f"{code}: its service runs {image}, of {service['taskDefinition']}")


def _resources(place: Place, code: str, found: Findings) -> None:
    """What is live is what the engine has on record, no more and no less."""
    from body_stacks import live_of, recorded_of

    checkpoint = place.checkpoint(code)
    if checkpoint.pending:
        found.lost.append(f"{code}: operations of the engine are pending")
    live, recorded = live_of(place.client, code), recorded_of(checkpoint)
    for kind, ids in live.items():
        found.duplicates.extend(f"{code}: {kind} {one}" for one in ids - recorded[kind])
        found.lost.extend(f"{code}: {kind} {one}" for one in recorded[kind] - ids)


def _schema(place: Place, code: str, number: int, found: Findings) -> None:
    """The database that is there has all migrations, and writes are open."""
    with closing(place.superuser(code)) as admin:
        rows = admin.execute("SELECT version FROM moyai_migration ORDER BY version").fetchall()
        columns = admin.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'procedure'::regclass "
            "AND attname LIKE 'crash%' AND NOT attisdropped"
        ).fetchall()
        closed = admin.execute(
            "SELECT (SELECT count(*) FROM moyai.closing) + (SELECT count(*) FROM pg_trigger "
            "WHERE tgname = 'moyai_writes_closed' AND tgenabled <> 'D')"
        ).fetchone()
    wanted = list(range(1, max(migrations(number)) + 1))
    if [row[0] for row in rows] != wanted:
        found.lost.append(f"{code}: its schema's versions are {[row[0] for row in rows]}")
    if [row[0] for row in columns] != [f"crash_{number}"]:
        found.lost.append(f"{code}: its columns are {columns}")
    if closed != (0,):
        found.untrue.append(f"{code}: writes are closed at the end")


def _is_true(code: str, number: int, status: str, told: dict[str, object], found: Findings) -> None:
    """What Moyai says of the body is what was found."""
    if status != "done":
        found.untrue.append(f"{code} is {status}")
    releases = told["releases"]
    assert isinstance(releases, dict)
    if told["status"] != "current" or releases[SERVICE] != release(number):
        found.untrue.append(f"{code}: moyai status says {told['status']} and {releases}")


def check_locks(place: Place, found: Findings) -> None:
    """Locks of stacks, and advisory ones in any database, once nobody works any more."""
    locks = place.home.glob("**/.pulumi/locks/**/*.json")
    found.stuck_locks.extend(str(Path(*one.parts[-4:])) for one in locks)
    for server in Fleet(place.witness.folder).all():
        with closing(connect(server)) as admin:
            rows = admin.execute(
                "SELECT d.datname, l.classid, l.objid, a.application_name FROM pg_locks l "
                "JOIN pg_database d ON d.oid = l.database "
                "LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory'"
            ).fetchall()
        name = OPERATIONS if server.folder.name == OPERATIONS else "cluster"
        found.stuck_locks.extend(f"{name}: {row}" for row in rows)
    verified = place.federation.moyai("audit", "verify")
    if verified.code != 0:
        found.broken_chains.append(verified.out + verified.err)
