"""A service's tasks begun anew, as ECS goes about it over minutes: an ECS that says what a test has it say."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sample import SAMPLE

from moyai.errors import OperationFailed
from moyai.operations.inside import restarts as service_restarts
from moyai.operations.inside.restarts import Restarts
from moyai.registry.load import require

ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "a",
    "AWS_REGION": "ap-northeast-1",
}
OUTPUTS = {"services": {"chat": {"active": True, "job": {"cluster_arn": "arn:cluster"}}}}


class Ecs:
    """Answers `describe_services` from a list, the last of which stays."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.forced: list[dict[str, Any]] = []

    def describe_services(self, **given: Any) -> dict[str, Any]:
        assert given == {"cluster": "arn:cluster", "services": ["osaka-272027-chat"]}
        return {"services": self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]}

    def update_service(self, **given: Any) -> None:
        self.forced.append(given)


def service(*deployments: tuple[str, str], running: int = 2) -> list[dict[str, Any]]:
    """As ECS tells a service; deployments by id and rollout state, the primary first."""
    found = [
        {"id": name, "status": "ACTIVE" if index else "PRIMARY", "rolloutState": state}
        for index, (name, state) in enumerate(deployments)
    ]
    counts = {"runningCount": running, "desiredCount": 2, "pendingCount": 2 - running}
    return [{"status": "ACTIVE", "deployments": found, **counts}]


@pytest.fixture
def restarts(monkeypatch: pytest.MonkeyPatch) -> Restarts:
    monkeypatch.setattr(service_restarts, "_POLL_SECONDS", 0.001)
    registry = require(SAMPLE)
    site = next(iter(registry.sites.values()))
    return Restarts(site, ENVIRONMENT, registry, "272027", OUTPUTS)


def begin(restarts: Restarts, ecs: Ecs, before: str | None, seconds: float = 5) -> None:
    restarts._ecs = ecs
    restarts.begin_anew("chat", before, seconds)


def test_tasks_are_begun_anew_and_waited_for(restarts: Restarts) -> None:
    ecs = Ecs(
        service(("1", "COMPLETED")),
        service(("2", "IN_PROGRESS"), ("1", "COMPLETED")),
        service(("2", "IN_PROGRESS"), running=1),
        service(("2", "COMPLETED")),
    )
    begin(restarts, ecs, "1")
    assert ecs.forced == [
        {"cluster": "arn:cluster", "service": "osaka-272027-chat", "forceNewDeployment": True}
    ]
    assert len(ecs.answers) == 1  # the last was waited for


def test_tasks_that_were_begun_since_are_not_begun_again(restarts: Restarts) -> None:
    ecs = Ecs(service(("2", "IN_PROGRESS"), ("1", "COMPLETED")), service(("2", "COMPLETED")))
    begin(restarts, ecs, "1")
    assert ecs.forced == []


@pytest.mark.parametrize("services", [[], [{"status": "INACTIVE", "deployments": []}]])
def test_a_service_that_does_not_run_is_left(
    restarts: Restarts, services: list[dict[str, Any]]
) -> None:
    ecs = Ecs(services)
    begin(restarts, ecs, None)
    assert restarts.deployment("chat") is None
    assert ecs.forced == []


def test_a_rollout_that_fails_and_one_that_takes_too_long_are_told(restarts: Restarts) -> None:
    with pytest.raises(OperationFailed, match="rollout: FAILED"):
        begin(restarts, Ecs(service(("2", "FAILED"), ("1", "COMPLETED"))), "1")
    with pytest.raises(OperationFailed, match="not begun anew in time"):
        begin(restarts, Ecs(service(("2", "IN_PROGRESS"), running=1)), "1", 0.01)


def test_what_aws_says_is_told_by_its_code_alone(restarts: Restarts) -> None:
    class Refusing(Ecs):
        def update_service(self, **given: Any) -> None:
            words = {"Error": {"Code": "AccessDeniedException", "Message": "user arn:aws:…"}}
            raise ClientError(words, "UpdateService")

    with pytest.raises(OperationFailed) as told:
        begin(restarts, Refusing(service(("1", "COMPLETED"))), "1")
    assert "AccessDeniedException" in told.value.what.en
    assert "user arn" not in told.value.what.en
