"""Work inside a body's environment, asked for from outside: migrations, health checks, metering."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from moyai.costs.periods import Period
from moyai.engine.aws.sessions import aws_session
from moyai.errors import OperationFailed
from moyai.job_target import KnownTarget, from_outputs
from moyai.jobs.asking import Asker
from moyai.jobs.settings import Phase
from moyai.jobs.submit import JobFailed, JobResult, run
from moyai.operations.inside.away import Judge
from moyai.registry.models import Registry, Site
from moyai.texts import Text

PasswordVerb = Literal["renew", "set", "back", "state", "void"]
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Inside:
    """Runs jobs in bodies' environments on one site. May be used by several threads."""

    def __init__(
        self,
        site: Site,
        environment: Mapping[str, str],
        asker: Asker | None = None,
        away: Judge | None = None,
    ) -> None:
        """`asker`: the step of an operation that asks; None: a person, at once. `away`: what is raised where
        the database does not answer, or goes away in the middle; None: the job's failure."""
        self._asker = asker
        self._away = away
        self._session = aws_session(environment, site.region)
        self._endpoint = environment.get("AWS_ENDPOINT_URL")
        self._region = site.region
        self._sslmode = site.database_sslmode

    def migrate(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        phase: Phase = "all",
        approved: str | None = None,
    ) -> JobResult:
        """Bring a subscription's schema to what a release needs; `expand`: only up to the first step
        that the release before does not work with any more.

        `approved`: the migrations that may be applied (`jobs.settings.approved_word`); None: any. Raises
        `JobFailed`.
        """
        more: dict[str, str] = {"MIGRATION_PHASE": phase}
        if approved is not None:
            more["MIGRATIONS_APPROVED"] = approved
        return self._run("migrate", registry, outputs, service, release, more)

    def health(
        self, registry: Registry, outputs: Mapping[str, Any], service: str, release: str
    ) -> JobResult:
        """Check a subscription as its application would. Raises `JobFailed`."""
        return self._run("health", registry, outputs, service, release)

    def meter(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        period: Period,
    ) -> JobResult:
        """Read how much a subscription was used in a period. Raises `JobFailed`."""
        days = {"PERIOD_FIRST": str(period.first), "PERIOD_NEXT": str(period.end)}
        return self._run("meter", registry, outputs, service, release, days)

    def writes_close(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        by: str,
    ) -> JobResult:
        """Let the application write no rows any more; reads go on. Raises `JobFailed`.

        `by` is who closes; the same must open. Codes: `writers` (transactions did not end in time;
        nothing was changed), `closed-by-other`.
        """
        return self._run("writes-close", registry, outputs, service, release, {"WRITES_BY": by})

    def writes_open(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        by: str,
    ) -> JobResult:
        """Let the application write again. Raises `JobFailed`, with codes as `writes_close`."""
        return self._run("writes-open", registry, outputs, service, release, {"WRITES_BY": by})

    def writes_state(
        self, registry: Registry, outputs: Mapping[str, Any], service: str, release: str
    ) -> JobResult:
        """Whether writes are closed: `closed`, `closed_by`, `closed_at`. Raises `JobFailed`."""
        return self._run("writes-state", registry, outputs, service, release)

    def writes_count(
        self, registry: Registry, outputs: Mapping[str, Any], service: str, release: str
    ) -> JobResult:
        """A token of what was written so far, for `nothing_written`. Raises `JobFailed`."""
        return self._run("writes-count", registry, outputs, service, release)

    def dump(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        backup_id: str,
    ) -> JobResult:
        """Back a subscription up; a backup that is there under the id is told as it is.

        Fields: `manifest` (its key, for `restore_test`), `key`, `sha256`, `bytes`, `rows`,
        `schema_version`, `release`, and `token`, `closed`, `guarded` for `nothing_written`. Raises
        `JobFailed`.
        """
        more = {"BACKUP_ID": backup_id}
        return self._run("dump", registry, outputs, service, release, more)

    def restore_test(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        manifest: str,
    ) -> JobResult:
        """Restore a backup beside the live database, compare it with its manifest, drop it again.

        A run that was cut off leaves a database that the next one replaces. Raises `JobFailed`.
        """
        self._administer("beside-create", outputs, service, {"BESIDE": "test"})
        try:
            more = {"BACKUP": manifest}
            return self._run("restore-test", registry, outputs, service, release, more)
        finally:
            self._administer("beside-drop", outputs, service, {"BESIDE": "test"})

    def restore(
        self,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        manifest: str,
        objects_sha256: str,
    ) -> JobResult:
        """Put a backup's rows and objects back, while writes are closed; they stay closed.

        `objects_sha256` is what `writes_count` told of the objects (`token`, `objects`) then: where they are
        others by now, none is changed. The database that it replaces is kept until `restore_forget`. Cut
        off, run it again: a backup that is in its place already is not put there twice. Raises `JobFailed`.
        """
        more = {"BACKUP": manifest, "OBJECTS_SHA256": objects_sha256}
        given = (registry, outputs, service, release, more)
        if not self.restore_state(outputs, service, manifest).fields["restored"]:
            self._administer("beside-create", outputs, service, {"BESIDE": "restored"})
            self._run("restore-load", *given)
        self._run("restore-objects", *given)
        return self._administer("restore-swap", outputs, service, more)

    def restore_reopen(self, outputs: Mapping[str, Any], service: str) -> JobResult:
        """Open a live database again that a restore, cut off just before its end, has left shut; what it had
        loaded beside it is dropped. Raises `JobFailed`."""
        return self._administer("beside-create", outputs, service, {"BESIDE": "restored"})

    def restore_end(self, outputs: Mapping[str, Any], service: str, manifest: str) -> JobResult:
        """Give a database that a restore has put into place its privileges, where it was cut off before that.
        Raises `JobFailed`."""
        return self._administer("restore-swap", outputs, service, {"BACKUP": manifest})

    def restore_state(
        self, outputs: Mapping[str, Any], service: str, manifest: str = "-"
    ) -> JobResult:
        """How far a restore has come: `loaded`, `kept` (what one replaced is still there), `restored` (it
        was replaced by this backup). Raises `JobFailed`."""
        return self._administer("restore-state", outputs, service, {"BACKUP": manifest})

    def restore_forget(self, outputs: Mapping[str, Any], service: str) -> JobResult:
        """Drop the database that a restore replaced; gone already is fine. Raises `JobFailed`."""
        return self._administer("beside-drop", outputs, service, {"BESIDE": "before"})

    def password(
        self,
        verb: PasswordVerb,
        outputs: Mapping[str, Any],
        service: str,
        version: str,
        previous: Mapping[str, str] = _NOTHING,
        changed_at: str = "",
    ) -> JobResult:
        """One step of giving a subscription's two roles new passwords, which lie in their secrets under a
        version (`moyai.jobs.passwords`); `previous`: role → the version of before. Raises `JobFailed`."""
        found = outputs.get("services", {}).get(service, {})
        names = {"OWNER": found.get("owner_role"), "APP": found.get("app_role")}
        more = {f"PREVIOUS_{which}": previous.get(str(role), "") for which, role in names.items()}
        given = {"PASSWORD_VERSION": version, "CHANGED_AT": changed_at, **more}
        return self._administer(f"password-{verb}", outputs, service, given)

    def _administer(
        self, verb: str, outputs: Mapping[str, Any], service: str, more: Mapping[str, str]
    ) -> JobResult:
        """Run a job with the master's secret."""
        found = outputs.get("services", {}).get(service, {})
        if "admin_job" not in found:
            raise _no_target(service)
        environment = {
            "DATABASE_HOST": str(found["database_host"]),
            "DATABASE_PORT": str(int(found["database_port"])),
            "DATABASE_NAME": str(found["database"]),
            "DATABASE_SSLMODE": self._sslmode,
            "OWNER_ROLE": str(found["owner_role"]),
            "APP_ROLE": str(found["app_role"]),
            "MASTER_SECRET": str(found["master_secret_arn"]),
            "OWNER_SECRET": str(found["owner_secret_arn"]),
            "APP_SECRET": str(found["app_secret_arn"]),
            **more,
        }
        return self._ask(from_outputs(found["admin_job"]), verb, environment)

    def _run(
        self,
        verb: str,
        registry: Registry,
        outputs: Mapping[str, Any],
        service: str,
        release: str,
        more: Mapping[str, str] = _NOTHING,
    ) -> JobResult:
        job = outputs.get("services", {}).get(service, {}).get("job")
        if job is None:
            raise _no_target(service)
        manifest = registry.services[service].manifest
        target = from_outputs(job)
        environment = {
            "RELEASE": release,
            "SCHEMA_VERSION": str(manifest.releases[release].schema_version),
            **more,
        }
        # As the service itself, so that what is tried is what it may do.
        role = target.health_role_arn if verb == "health" else None
        return self._ask(target, verb, environment, role)

    def _ask(
        self,
        target: KnownTarget,
        verb: str,
        environment: Mapping[str, str],
        role: str | None = None,
    ) -> JobResult:
        """Run a job. Raises `JobFailed`, and as `away` says."""
        try:
            return run(
                self._session,
                target,
                verb,
                environment,
                region=self._region,
                task_role_arn=role,
                endpoint_url=self._endpoint,
                asker=self._asker,
            )
        except JobFailed as failure:
            if self._away is None or not failure.is_away:
                raise
            raise self._away(failure) from failure


def _no_target(service: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{service} のジョブの行き先がスタックの出力にありません。",
            f"the stack's outputs have no job for {service}.",
        ),
        remedy=Text("moyai deploy をもう一度。", "Run moyai deploy again."),
    )


def nothing_written(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether it is proved that the application wrote nothing between two results.

    Each is the fields of `writes-count` or of `dump`. The first must have been taken while writes were
    closed, else a transaction that was counted before it may have ended after it.
    """
    whole = before.get("guarded") is True and after.get("guarded") is True
    first, last = before.get("token"), after.get("token")
    if not (whole and before.get("closed") is True and isinstance(first, Mapping)):
        return False
    return first.get("rows") is not None and first == last
