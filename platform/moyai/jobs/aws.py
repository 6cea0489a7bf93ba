"""The AWS calls that jobs make, with the task role's credentials: secrets and objects.

One botocore session is kept for the process: making a client costs 17 ms with a new session and
1–3 ms with one that has read the services' models.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs.results import JobError
from moyai.texts import Text

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 5},
)
_SERVICES = ("secretsmanager", "s3")


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def warm() -> None:
    """Read the models of the services that jobs use, so that processes forked later have them."""
    for service in _SERVICES:
        _session().create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="-",
            aws_secret_access_key="-",  # noqa: S106 - no credentials: nothing is called
        )


class Cloud:
    """AWS as one job sees it. `environment` names region, endpoint and credentials.

    Without keys in it botocore looks for the task role itself, as on ECS.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def client(self, service: str) -> Any:
        """A client of a service (botocore's are untyped). Raises `JobError`."""
        given = self._environment
        try:
            return _session().create_client(
                service,
                region_name=given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION"),
                endpoint_url=given.get("AWS_ENDPOINT_URL") or None,
                aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
                aws_session_token=given.get("AWS_SESSION_TOKEN"),
                config=_CONFIG,
            )
        except (BotoCoreError, ValueError) as error:
            doing = Text(f"{service} を呼び出す準備が", f"prepare to call {service}")
            raise call_failed(error, doing) from None


def call_failed(error: ClientError | BotoCoreError | ValueError, doing: Text) -> JobError:
    """A failed call of AWS, by its error's code alone."""
    if isinstance(error, ClientError):
        name = str(error.response.get("Error", {}).get("Code") or "ClientError")
    else:
        name = type(error).__name__
    return JobError(
        f"aws:{name}",
        Text(f"{doing.ja}できません（AWS: {name}）。", f"cannot {doing.en} (AWS: {name})."),
        remedy=_REMEDIES.get(name),
    )


_DENIED = Text(
    "タスクのロールの権限と、鍵のポリシーを確かめてください。",
    "Look at the permissions of the task's role and at the key's policy.",
)
_REMEDIES: Mapping[str, Text] = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "NoCredentialsError": _DENIED,
}
