"""A service's tasks begun anew by ECS, old ones until new ones are well: they read secrets when they start."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from moyai.engine.aws.sessions import aws_session
from moyai.errors import OperationFailed
from moyai.jobs.callers import not_reached
from moyai.planning import names
from moyai.registry.models import Registry, Site
from moyai.texts import Text

_SECONDS = 900.0
_POLL_SECONDS = 2.0


class Restarts:
    """The services of one body."""

    def __init__(
        self,
        site: Site,
        environment: Mapping[str, str],
        registry: Registry,
        code: str,
        outputs: Mapping[str, Any],
    ) -> None:
        """`outputs`: of the body's stack."""
        session = aws_session(environment, site.region)
        endpoint = environment.get("AWS_ENDPOINT_URL")
        self._ecs: Any = session.client("ecs", endpoint_url=endpoint)
        self._federation = registry.federation
        self._code = code
        self._services: Mapping[str, Any] = outputs.get("services", {})

    def deployment(self, service: str) -> str | None:
        """The id of what the service's tasks are begun by now; None: it does not run.

        Raises `OperationFailed`.
        """
        found = self._primary(service)
        return None if found is None else str(found["id"])

    def begin_anew(self, service: str, before: str | None, seconds: float = _SECONDS) -> None:
        """Have all tasks begun anew, and wait until they are; not again where another deployment than
        `before` has begun them since. Raises `OperationFailed`, also where it takes too long.
        """
        found = self._primary(service)
        if found is None:
            return
        if found["id"] == before:
            self._call("update_service", **self._named(service), forceNewDeployment=True)
        deadline = time.monotonic() + seconds
        while not self._is_settled(service):
            if time.monotonic() > deadline:
                raise _too_long(self._code, service)
            time.sleep(_POLL_SECONDS)

    def _is_settled(self, service: str) -> bool:
        found = self._found(service)
        if found is None:
            return True
        primary = self._primary(service)
        if primary is not None and primary.get("rolloutState") == "FAILED":
            raise _failed(self._code, "rollout", "FAILED")
        enough = found["runningCount"] == found["desiredCount"]
        return len(found["deployments"]) == 1 and enough and found.get("pendingCount", 0) == 0

    def _primary(self, service: str) -> Any:
        found = self._found(service)
        deployments = () if found is None else found["deployments"]
        return next((one for one in deployments if one["status"] == "PRIMARY"), None)

    def _found(self, service: str) -> Any:
        """The service as ECS tells it; None where it was stopped."""
        if not self._services.get(service, {}).get("active"):
            return None
        named = self._named(service)
        asked = {"cluster": named["cluster"], "services": [named["service"]]}
        services = self._call("describe_services", **asked)["services"]
        return next((one for one in services if one["status"] == "ACTIVE"), None)

    def _named(self, service: str) -> dict[str, str]:
        cluster = str(self._services[service]["job"]["cluster_arn"])
        name = names.subscription_prefix(self._federation, self._code, service)
        return {"cluster": cluster, "service": name}

    def _call(self, action: str, **given: Any) -> Any:
        try:
            return getattr(self._ecs, action)(**given)
        except (ClientError, BotoCoreError) as error:
            trouble = not_reached(error)
            if trouble is not None:
                raise trouble from None
            name = type(error).__name__
            if isinstance(error, ClientError):
                name = str(error.response.get("Error", {}).get("Code"))
            raise _failed(self._code, action, name) from None


def _failed(code: str, action: str, name: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{code} のサービスのタスクを始め直せません（ECS {action}: {name}）。",
            f"{code}: the service's tasks cannot be begun anew (ECS {action}: {name}).",
        )
    )


def _too_long(code: str, service: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{code} {service} のタスクが、時間内に始め直せませんでした。",
            f"{code} {service}: its tasks were not begun anew in time.",
        ),
        remedy=Text(
            "ECS のサービスのイベントで、タスクが始まらない理由を確かめてください。",
            "Look at the service's events in ECS for why its tasks do not start.",
        ),
    )
