"""Task definitions. Their id is their family; a change is a new revision."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import document, flag, many, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ecs.common import EcsResource

_GONE = ("ClientException", "InvalidParameterException")
_BY_NAME = ("environment", "secrets")


def same_containers(value: Any) -> Any:
    """Containers in a form in which equal ones are equal, whatever ECS filled in."""
    try:
        containers = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return value
    if not isinstance(containers, list):
        return value
    return json.dumps([_container(one) for one in containers], sort_keys=True)


def _container(container: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in container.items() if value not in (None, [], {})}
    if found.get("cpu") == 0:
        del found["cpu"]
    if found.get("essential") is True:
        del found["essential"]
    for name in _BY_NAME:
        if name in found:
            found[name] = sorted(found[name], key=lambda one: str(one.get("name")))
    if "portMappings" in found:
        found["portMappings"] = [_port(one) for one in found["portMappings"]]
    return found


def _port(mapping: dict[str, Any]) -> dict[str, Any]:
    """The host's port is the container's in a task's own network, or any."""
    plain = {"protocol": ("tcp",), "hostPort": (0, mapping.get("containerPort"))}
    return {name: value for name, value in mapping.items() if value not in plain.get(name, ())}


class TaskDefinition(EcsResource):
    """aws:ecs/taskDefinition:TaskDefinition."""

    tag_by = "arn"
    properties = shape(
        containerDefinitions=document("", required=True, replaces=True, normal=same_containers),
        cpu=text(replaces=True),
        enableFaultInjection=flag(replaces=True, kept=False),
        ephemeralStorage=one(shape(sizeInGib=whole("sizeInGiB", required=True)), replaces=True),
        executionRoleArn=text(replaces=True),
        family=text(required=True, replaces=True),
        ipcMode=text(replaces=True),
        memory=text(replaces=True),
        networkMode=text(replaces=True, chosen=True),
        pidMode=text(replaces=True),
        requiresCompatibilities=texts(is_set=True, replaces=True),
        runtimePlatform=one(
            shape(cpuArchitecture=text(), operatingSystemFamily=text()), replaces=True
        ),
        skipDestroy=flag("", kept=False),
        taskRoleArn=text(replaces=True),
        trackLatest=flag("", kept=False),
        volumes=many(
            shape(
                name=text(required=True),
                hostPath=text(""),
                efsVolumeConfiguration=one(
                    shape(
                        fileSystemId=text(required=True),
                        rootDirectory=text(default="/"),
                        transitEncryption=text(),
                        transitEncryptionPort=whole(),
                        authorizationConfig=one(shape(accessPointId=text(), iam=text())),
                    )
                ),
            ),
            is_set=True,
            replaces=True,
        ),
    )
    computed = frozenset({"arn", "arnWithoutRevision", "revision"})

    def make(self, inputs: Properties) -> Seen:
        """Register a revision."""
        answer = self.call(
            inputs,
            "register_task_definition",
            containerDefinitions=json.loads(inputs["containerDefinitions"]),
            **self.parameters(inputs),
            **self.created_tags(inputs),
        )
        return self._seen(answer["taskDefinition"])

    def locate(self, id_: str, inputs: Properties, state: Properties) -> str:
        """The revision on record, unless the program follows the newest."""
        return id_ if inputs.get("trackLatest") else str(state.get("arn", id_))

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """By family (its newest revision) or by the ARN of a revision."""
        name, include = "describe_task_definition", ["TAGS"]
        answer = self.call(inputs, name, taskDefinition=id_, include=include, gone=_GONE)
        if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
            return None
        seen = self._seen(answer["taskDefinition"])
        return Seen(seen.id, {**seen.values, **self.tags_in(answer)})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """What is left are words to the plugin alone."""
        del id_, old, new, changed
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Deregister the revision, unless the program says `skipDestroy`."""
        del id_
        if not state.get("skipDestroy"):
            arn = state["arn"]
            self.call(state, "deregister_task_definition", taskDefinition=arn, gone=_GONE)

    def _seen(self, found: Any) -> Seen:
        arn = found["taskDefinitionArn"]
        values = {
            **self.told(found),
            "containerDefinitions": json.dumps(found["containerDefinitions"]),
            "arn": arn,
            "arnWithoutRevision": arn.rsplit(":", 1)[0],
            "revision": int(found["revision"]),
        }
        return Seen(found["family"], values)
