"""Work inside a body's environment, asked for from outside: migrations, health checks, metering."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from moyai.costs.periods import Period
from moyai.engine.aws.sessions import aws_session
from moyai.errors import OperationFailed
from moyai.job_target import from_outputs
from moyai.jobs.submit import JobResult, run
from moyai.registry.models import Registry, Site
from moyai.texts import Text

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Inside:
    """Runs jobs in bodies' environments on one site. May be used by several threads."""

    def __init__(self, site: Site, environment: Mapping[str, str]) -> None:
        self._session = aws_session(environment, site.region)
        self._endpoint = environment.get("AWS_ENDPOINT_URL")
        self._region = site.region

    def migrate(
        self, registry: Registry, outputs: Mapping[str, Any], service: str, release: str
    ) -> JobResult:
        """Bring a subscription's schema to what a release needs. Raises `JobFailed`."""
        return self._run("migrate", registry, outputs, service, release)

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
            raise OperationFailed(
                Text(
                    f"{service} のジョブの行き先がスタックの出力にありません。",
                    f"the stack's outputs have no job for {service}.",
                ),
                remedy=Text("moyai deploy をもう一度。", "Run moyai deploy again."),
            )
        manifest = registry.services[service].manifest
        target = from_outputs(job)
        environment = {
            "RELEASE": release,
            "SCHEMA_VERSION": str(manifest.releases[release].schema_version),
            **more,
        }
        return run(
            self._session,
            target,
            verb,
            environment,
            region=self._region,
            # As the service itself, so that what is tried is what it may do.
            task_role_arn=target.health_role_arn if verb == "health" else None,
            endpoint_url=self._endpoint,
        )
