"""What jobs need of moto's other services, asked without going through HTTP.

Callers are inside the gate. Whatever a real ECS agent would refuse is a `NotStartedError`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from moto.sts.models import sts_backends

from moyai.sandbox.databases import POSTGRES_ENGINES
from moyai.sandbox.processes import LOOPBACK

_PARTITION = "aws"
_LARGEST_EVENT = 256 * 1024 - 26
"""Bytes of one log event at most, as CloudWatch Logs has it."""


class NotStartedError(Exception):
    """A task could not be started; the message is the task's `stoppedReason`."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a region."""

    account: str
    region: str

    def assume(self, role: str, session: str) -> Credentials:
        """Credentials of a task role. `NotStartedError` where there is no such role."""
        if not any(r.arn == role for r in iam_backends[self.account][_PARTITION].roles.values()):
            raise NotStartedError(
                f"ECS was unable to assume the role '{role}' that was provided for this task."
            )
        assumed = sts_backends[self.account][_PARTITION].assume_role(
            region_name=self.region,
            role_session_name=session,
            role_arn=role,
            policy="",
            duration=3600,
            external_id="",
        )
        return Credentials(assumed.access_key_id, assumed.secret_access_key, assumed.session_token)

    def forget(self, credentials: Credentials) -> None:
        """Take credentials out of force, when their task ended."""
        sessions = sts_backends[self.account][_PARTITION]
        sessions.assumed_roles[:] = [
            r for r in sessions.assumed_roles if r.access_key_id != credentials.access_key
        ]
        iam_backends[self.account][_PARTITION].access_keys.pop(credentials.access_key, None)

    def resolve(self, reference: str) -> str:
        """The value that a task definition's `valueFrom` names. `NotStartedError` where there is none.

        A secret's ARN, perhaps followed by `:json-key:version-stage:version-id`, or a parameter's
        ARN or name.
        """
        parts = reference.split(":")
        try:
            if reference.startswith("arn:") and parts[2] == "secretsmanager":
                return self._secret(parts)
            region = parts[3] if reference.startswith("arn:") else self.region
            return self._parameter(region, reference)
        except (JsonRESTError, ServiceException, LookupError, ValueError) as error:
            raise NotStartedError(
                f"ResourceInitializationError: unable to pull secrets or registry auth: "
                f"{reference} cannot be read ({type(error).__name__})"
            ) from None

    def _secret(self, parts: Sequence[str]) -> str:
        key, stage, version = (*parts[7:10], "", "", "")[:3]
        found = secretsmanager_backends[self.account][parts[3]].get_secret_value(
            ":".join(parts[:7]), version, stage
        )
        text = str(found["SecretString"])
        return str(json.loads(text)[key]) if key else text

    def _parameter(self, region: str, reference: str) -> str:
        parameter = ssm_backends[self.account][region].get_parameter(reference)
        if parameter is None:
            raise LookupError(reference)
        return str(parameter.response_object(decrypt=True, region=region)["Value"])

    def open_log(self, group: str, stream: str, *, create_group: bool) -> None:
        """Make a log stream. `NotStartedError` where its group is not there."""
        logs = logs_backends[self.account][self.region]
        if group not in logs.groups:
            if not create_group:
                raise NotStartedError(
                    "ResourceInitializationError: failed to validate logger args: "
                    f"the log group {group} does not exist"
                )
            logs.create_log_group(group, {})
        logs.ensure_log_stream(group, stream)

    def write_log(self, group: str, stream: str, lines: Sequence[str]) -> None:
        """Append lines to a log stream; nothing where it was deleted meanwhile."""
        found = logs_backends[self.account][self.region].groups.get(group)
        if found is None or stream not in found.streams:
            return
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_LARGEST_EVENT]} for line in lines]
        found.put_log_events(stream, events)

    def release_interfaces(self, attachments: Sequence[dict[str, Any]]) -> None:
        """Delete a task's network interfaces, as ECS does when the task ended."""
        interfaces = ec2_backends[self.account][self.region].enis
        for attachment in attachments:
            for detail in attachment["details"]:
                if detail["name"] == "networkInterfaceId":
                    interfaces.pop(detail["value"], None)


def each(table: Any) -> Iterator[Any]:
    """The backends of one service in all accounts and regions."""
    for _, _, backend in table.iter_backends():
        yield backend


def postgres_clusters() -> list[tuple[Any, str]]:
    """Every cluster of a PostgreSQL engine with its master password."""
    return [
        (cluster, master_password(cluster))
        for backend in each(rds_backends)
        for cluster in backend.clusters.values()
        if cluster.engine in POSTGRES_ENGINES
    ]


def master_password(cluster: Any) -> str:
    """A cluster's master password: from the secret that RDS manages, or as it was given."""
    if cluster.manage_master_user_password:
        secret = cluster.master_user_secret.secret
        document = json.loads(secret.versions[secret.default_version_id]["secret_string"])
        return str(document["password"])
    return str(cluster._master_user_password)


def move_ports(moved: Mapping[int, int]) -> int:
    """Write the new port into every secret that holds a database's old one; how many there were.

    On RDS an endpoint never changes; here another program may have taken a port meanwhile.
    """
    changed = 0
    for backend in each(secretsmanager_backends):
        for secret in backend.secrets.values():
            for entry in secret.versions.values():
                text = _with_port(entry.get("secret_string"), moved)
                if text is not None:
                    entry["secret_string"] = text
                    changed += 1
    return changed


def _with_port(text: str | None, moved: Mapping[int, int]) -> str | None:
    try:
        document = json.loads(text or "")
        port = moved.get(int(document["port"]))
    except (ValueError, KeyError, TypeError):
        return None
    if port is None or document.get("host") != LOOPBACK:
        return None
    kind = type(document["port"])
    return json.dumps({**document, "port": kind(port)})
