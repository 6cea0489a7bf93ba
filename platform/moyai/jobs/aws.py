"""The AWS calls that jobs make, with the task role's credentials: secrets and objects.

One botocore session is kept for the process: making a client costs 17 ms with a new session and
4 to 6 ms with one that has read the services' models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
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


@dataclass(frozen=True, slots=True)
class _Place:
    region: str | None
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class _Ready:
    """A client that was made before its credentials were known, and where they are put."""

    client: Any
    credentials: Credentials


_ready: dict[tuple[str, _Place], _Ready] = {}


def make_ready(environment: Mapping[str, str]) -> None:
    """Make the clients of a job with such an environment, but for its credentials.

    For a process that is forked for each job: making the clients takes a third of a job's
    processor time. One is taken by the first `Cloud` of its place, and by no other; none where the
    environment says more than the place, as of proxies, which this process does not have.
    """
    place = _place(environment)
    if not _says_only_the_place(environment):
        return
    for service in _SERVICES:
        if (service, place) not in _ready:
            session = botocore.session.Session()
            session.set_credentials("-", "-")
            credentials: Any = session.get_credentials()
            try:
                client = session.create_client(
                    service, region_name=place.region, endpoint_url=place.endpoint, config=_CONFIG
                )
            except (BotoCoreError, ValueError):
                return  # the job makes it by itself, and tells why it cannot
            _ready[service, place] = _Ready(client, credentials)


_PLAIN = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "NO_PROXY",
    }
)
"""Variables that decide nothing of a client beyond its place and credentials."""


def _says_only_the_place(environment: Mapping[str, str]) -> bool:
    names = {name.upper() for name in environment} - _PLAIN
    return not any(name.startswith("AWS_") or name.endswith("_PROXY") for name in names)


def _place(environment: Mapping[str, str]) -> _Place:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    return _Place(region, environment.get("AWS_ENDPOINT_URL") or None)


class Cloud:
    """AWS as one job sees it. `environment` names region, endpoint and credentials.

    Without keys in it botocore looks for the task role itself, as on ECS.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def client(self, service: str) -> Any:
        """A client of a service (botocore's are untyped). Raises `JobError`."""
        given = self._environment
        place = _place(given)
        key, secret = given.get("AWS_ACCESS_KEY_ID"), given.get("AWS_SECRET_ACCESS_KEY")
        is_plain = _says_only_the_place(given)
        if key and secret and is_plain and (ready := _ready.pop((service, place), None)):
            ready.credentials.access_key, ready.credentials.secret_key = key, secret
            ready.credentials.token = given.get("AWS_SESSION_TOKEN")
            return ready.client
        try:
            return _session().create_client(
                service,
                region_name=place.region,
                endpoint_url=place.endpoint,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
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
