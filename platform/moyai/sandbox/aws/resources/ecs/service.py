"""Services. A service's id is its ARN; it is imported by `cluster/name`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, many, mapping, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ecs.common import EcsResource, as_said

_GONE = ("ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException")
_ROLLOUT = {
    "deploymentMaximumPercent": "maximumPercent",
    "deploymentMinimumHealthyPercent": "minimumHealthyPercent",
}
_ONLY_CREATED = ("name", "cluster", "launchType", "schedulingStrategy", "deploymentController")


class Service(EcsResource):
    """aws:ecs/service:Service.

    moto tells some settings only once they were updated: those are not read. The local AWS has no
    containers to wait for, so that `waitForSteadyState` is always so.
    """

    autoname = AutoName(prefix=None)
    properties = shape(
        cluster=text("", replaces=True, chosen=True),
        deploymentCircuitBreaker=one(
            shape(enable=flag(required=True), rollback=flag(required=True)), "", kept=False
        ),
        deploymentController=one(shape(type=text(default="ECS")), replaces=True, chosen=True),
        deploymentMaximumPercent=whole("", default=200, kept=False),
        deploymentMinimumHealthyPercent=whole("", default=100, kept=False),
        desiredCount=whole(default=0),
        enableEcsManagedTags=flag("enableECSManagedTags", kept=False),
        enableExecuteCommand=flag(kept=False),
        forceDelete=flag("", kept=False),
        forceNewDeployment=flag("", kept=False),
        healthCheckGracePeriodSeconds=whole(kept=False),
        launchType=text(replaces=True, chosen=True),
        loadBalancers=many(
            shape(
                containerName=text(required=True),
                containerPort=whole(required=True),
                elbName=text("loadBalancerName"),
                targetGroupArn=text(),
            ),
            is_set=True,
        ),
        name=text("serviceName", replaces=True),
        networkConfiguration=one(
            shape(
                assignPublicIp=flag(),
                securityGroups=texts(is_set=True),
                subnets=texts(required=True, is_set=True),
            ),
            "",
        ),
        platformVersion=text(chosen=True),
        propagateTags=text(default="NONE"),
        schedulingStrategy=text(default="REPLICA", replaces=True),
        taskDefinition=text(""),
        triggers=mapping("", kept=False),
        waitForSteadyState=flag("", kept=False),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        wanted = {**self._settings(inputs), **self.parameters({"desiredCount": 0, **inputs})}
        if inputs.get("cluster"):
            wanted["cluster"] = inputs["cluster"]
        answer = self.call(inputs, "create_service", **wanted, **self.created_tags(inputs))
        return self._seen(answer["service"], inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """A deleted service stays for a while, inactive."""
        cluster, name = id_.split("/")[-2:]
        answer = self.call(
            inputs,
            "describe_services",
            cluster=cluster,
            services=[name],
            include=["TAGS"],
            gone=_GONE,
        )
        found = [one for one in answer["services"] if one["status"] == "ACTIVE"] if answer else []
        return self._seen(found[0], inputs) if found else None

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Everything that a rollout may change."""
        del old
        cluster, name = id_.split("/")[-2:]
        kept = {key: value for key, value in new.items() if key not in _ONLY_CREATED}
        kept = {"desiredCount": 0, "loadBalancers": [], **kept}
        anew = new.get("forceNewDeployment") or "triggers" in changed
        self.call(
            new,
            "update_service",
            cluster=cluster,
            service=name,
            forceNewDeployment=bool(anew),
            **self._settings(kept),
            **self.parameters(kept),
        )
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Whatever still runs is stopped."""
        cluster, name = id_.split("/")[-2:]
        self.call(state, "delete_service", cluster=cluster, service=name, force=True, gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its ARN."""
        cluster = str(inputs.get("cluster", "default")).rsplit("/", 1)[-1]
        return self.arn(inputs, f"service/{cluster}/{inputs['name']}")

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        """What ECS nests otherwise than programs do."""
        settings: dict[str, Any] = {}
        if inputs.get("taskDefinition"):
            settings["taskDefinition"] = inputs["taskDefinition"]
        network = inputs.get("networkConfiguration")
        if network:
            public = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
            settings["networkConfiguration"] = {
                "awsvpcConfiguration": {**network, "assignPublicIp": public}
            }
        rollout = {key: inputs[name] for name, key in _ROLLOUT.items() if name in inputs}
        if inputs.get("deploymentCircuitBreaker"):
            rollout["deploymentCircuitBreaker"] = inputs["deploymentCircuitBreaker"]
        if rollout:
            settings["deploymentConfiguration"] = rollout
        return settings

    def _seen(self, found: Any, inputs: Properties) -> Seen:
        network = found.get("networkConfiguration", {}).get("awsvpcConfiguration")
        if network:
            network = {**network, "assignPublicIp": network.get("assignPublicIp") == "ENABLED"}
        values = {
            **self.told(found),
            **self.tags_in(found),
            "cluster": as_said(found["clusterArn"], inputs.get("cluster")),
            "networkConfiguration": network,
            "taskDefinition": as_said(found["taskDefinition"], inputs.get("taskDefinition")),
            "arn": found["serviceArn"],
        }
        return Seen(found["serviceArn"], values)
