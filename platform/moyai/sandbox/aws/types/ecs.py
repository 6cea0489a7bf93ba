"""Task clusters, task definitions, services."""

from __future__ import annotations

import json
from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import TAGGED, AwsResource, pairs, tag_changes


class _EcsResource(AwsResource):
    service = "ecs"

    def tagged(self, inputs: Properties) -> dict[str, Any]:
        """Tags of a create call."""
        return {"tags": pairs(inputs.get("tags"), "key", "value")} if inputs.get("tags") else {}

    def retag(self, arn: str, old: Properties, new: Properties) -> None:
        """ECS tags by ARN."""
        put, off = tag_changes(old, new)
        if put:
            tags = pairs(put, "key", "value")
            self.call(new, "tag_resource", resourceArn=arn, tags=tags)
        if off:
            self.call(new, "untag_resource", resourceArn=arn, tagKeys=off)


class Cluster(_EcsResource):
    """aws:ecs/cluster:Cluster. Its id is its ARN."""

    inputs = TAGGED | {"name", "settings"}
    required = frozenset({"name"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn"})

    def create(self, inputs: Properties) -> Live:
        """One call; a cluster of this name that is there is taken."""
        answer = self.call(
            inputs,
            "create_cluster",
            clusterName=inputs["name"],
            settings=inputs.get("settings", []),
            **self.tagged(inputs),
        )
        return self._live(answer["cluster"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """By its ARN."""
        answer = self.call(inputs, "describe_clusters", clusters=[id_], include=["TAGS"])
        found = [one for one in answer["clusters"] if one["status"] == "ACTIVE"]
        if not found:
            return None
        read = {"name": found[0]["clusterName"]}
        return self._live(found[0], self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Settings and tags."""
        if old.get("settings") != new.get("settings"):
            settings = new.get("settings", [])
            self.call(new, "update_cluster_settings", cluster=id_, settings=settings)
        self.retag(id_, old, new)
        return self.outputs(new, arn=id_)

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_cluster", cluster=id_, gone=("ClusterNotFoundException",))

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        answer = self.call(inputs, "describe_clusters", clusters=[inputs["name"]])
        found = [one for one in answer["clusters"] if one["status"] == "ACTIVE"]
        return found[0]["clusterArn"] if found else None

    def _live(self, cluster: Any, inputs: Properties) -> Live:
        return self.live(cluster["clusterArn"], inputs, arn=cluster["clusterArn"])


class TaskDefinition(_EcsResource):
    """aws:ecs/taskDefinition:TaskDefinition. Its id is its family; a change is a new revision."""

    inputs = TAGGED | {
        "family",
        "cpu",
        "memory",
        "networkMode",
        "requiresCompatibilities",
        "taskRoleArn",
        "executionRoleArn",
        "containerDefinitions",
        "skipDestroy",
    }
    required = frozenset({"family", "containerDefinitions"})
    replace_on = inputs - {"tags", "skipDestroy"}
    computed = frozenset({"arn", "arnWithoutRevision", "revision"})
    documents = frozenset({"containerDefinitions"})
    _PLAIN = (
        "family",
        "cpu",
        "memory",
        "networkMode",
        "requiresCompatibilities",
        "taskRoleArn",
        "executionRoleArn",
    )

    def create(self, inputs: Properties) -> Live:
        """Register a revision."""
        answer = self.call(
            inputs,
            "register_task_definition",
            containerDefinitions=json.loads(inputs["containerDefinitions"]),
            **{name: inputs[name] for name in self._PLAIN if inputs.get(name) is not None},
            **self.tagged(inputs),
        )
        return self._live(answer["taskDefinition"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """The family's newest active revision."""
        answer = self.call(
            inputs,
            "describe_task_definition",
            taskDefinition=id_,
            gone=("ClientException", "InvalidParameterException"),
        )
        if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
            return None
        found = answer["taskDefinition"]
        read = {
            name: found.get(name) or None
            for name in ("family", "taskRoleArn", "executionRoleArn", "cpu", "memory")
        }
        read["family"] = id_
        return self._live(found, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Only tags change in place."""
        del id_
        self.retag(old["arn"], old, new)
        kept = {name: old[name] for name in self.computed}
        return self.outputs(new, **kept)

    def delete(self, id_: str, state: Properties) -> None:
        """Deregister the revision."""
        del id_
        self.call(
            state,
            "deregister_task_definition",
            taskDefinition=state["arn"],
            gone=("ClientException", "InvalidParameterException"),
        )

    def find(self, inputs: Properties) -> str | None:
        """By its family."""
        return str(inputs["family"])

    def _live(self, found: Any, inputs: Properties) -> Live:
        arn = found["taskDefinitionArn"]
        return self.live(
            str(inputs["family"]),
            inputs,
            arn=arn,
            arnWithoutRevision=arn.rsplit(":", 1)[0],
            revision=int(found["revision"]),
        )


class Service(_EcsResource):
    """aws:ecs/service:Service. Its id is its ARN."""

    inputs = TAGGED | {
        "name",
        "cluster",
        "taskDefinition",
        "desiredCount",
        "launchType",
        "networkConfiguration",
        "loadBalancers",
        "enableExecuteCommand",
        "forceNewDeployment",
        "waitForSteadyState",
    }
    required = frozenset({"name"})
    replace_on = frozenset({"name", "cluster", "launchType", "loadBalancers", "region"})
    computed = frozenset({"arn"})
    delete_first = True
    _GONE = ("ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException")

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_service",
            serviceName=inputs["name"],
            **self._settings(inputs),
            **{
                name: inputs[name]
                for name in ("cluster", "launchType", "loadBalancers")
                if inputs.get(name) is not None
            },
            **self.tagged(inputs),
        )
        return self._live(answer["service"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Task definition and count."""
        cluster, name = id_.split("/")[-2:]
        answer = self.call(
            inputs, "describe_services", cluster=cluster, services=[name], gone=self._GONE
        )
        found = [one for one in answer["services"] if one["status"] == "ACTIVE"] if answer else []
        if not found:
            return None
        read = {
            "name": name,
            "cluster": inputs.get("cluster") or found[0]["clusterArn"],
            "taskDefinition": found[0]["taskDefinition"],
            "desiredCount": found[0]["desiredCount"],
        }
        return self._live(found[0], self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """A new revision, another count."""
        cluster, name = id_.split("/")[-2:]
        self.call(new, "update_service", cluster=cluster, service=name, **self._settings(new))
        self.retag(id_, old, new)
        return self.outputs(new, arn=id_)

    def delete(self, id_: str, state: Properties) -> None:
        """Whatever still runs is stopped."""
        cluster, name = id_.split("/")[-2:]
        self.call(
            state, "delete_service", cluster=cluster, service=name, force=True, gone=self._GONE
        )

    def find(self, inputs: Properties) -> str | None:
        """By cluster and name."""
        answer = self.call(
            inputs,
            "describe_services",
            cluster=inputs.get("cluster", "default"),
            services=[inputs["name"]],
            gone=self._GONE,
        )
        found = [one for one in answer["services"] if one["status"] == "ACTIVE"] if answer else []
        return found[0]["serviceArn"] if found else None

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        settings = {
            name: inputs[name]
            for name in ("taskDefinition", "desiredCount")
            if inputs.get(name) is not None
        }
        network = inputs.get("networkConfiguration")
        if network:
            public = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
            settings["networkConfiguration"] = {
                "awsvpcConfiguration": {
                    "subnets": network["subnets"],
                    "securityGroups": network.get("securityGroups", []),
                    "assignPublicIp": public,
                }
            }
        return settings

    def _live(self, found: Any, inputs: Properties) -> Live:
        return self.live(found["serviceArn"], inputs, arn=found["serviceArn"])
