"""boto3 clients that all handlers share, and AWS's errors as sentences."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.allowance import limit
from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.texts import Text

CONFIG = Config(
    max_pool_connections=64,
    retries={"mode": "standard", "max_attempts": 3},
    parameter_validation=False,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"addressing_style": "path"},
    tcp_keepalive=True,
    user_agent="moyai-sandbox",
)
"""Parameters are checked by the types' own declarations and judged by the service: checking them in
botocore as well would cost a third of the plugin's time. Its own words on what a caller is are put
together twice a call, which is a seventh of a call's time, and the embedded cloud reads none."""


class AwsRefused(ResourceFailed):
    """AWS answered a call with an error."""

    def __init__(
        self, service: str, operation: str, code: str, words: str, about: str = ""
    ) -> None:
        name = f"{service}:{operation}"
        super().__init__(
            Text(
                f"AWS が {about + ' の ' if about else ''}{name} を断りました（{code}）: {words}",
                f"AWS refused {name}{' for ' + about if about else ''} ({code}): {words}",
            )
        )
        self.code = code
        self._said = (service, operation, code, words)

    def of(self, about: str) -> AwsRefused:
        """The same, naming the resource that it is about."""
        return AwsRefused(*self._said, about)

    @property
    def exists(self) -> bool:
        """Whether the reason is that such a resource is there already."""
        return any(word in self.code for word in ("Exist", "Already", "Duplicate", "Conflict"))


class Clients:
    """One client for each service and region, made once: making one takes 20 ms and more."""

    def __init__(self, session: boto3.Session) -> None:
        limit(session.events)
        self._session = session
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str, region: str) -> Any:
        """The client; clients may be used by many threads at once."""
        key = (service, region)
        found = self._made.get(key)
        if found is None:
            with self._lock:
                found = self._made.get(key)
                if found is None:
                    make: Any = self._session.client
                    found = make(service, region_name=region, config=CONFIG)
                    self._made[key] = found
        return found


@cache
def get_ready(services: tuple[str, ...]) -> None:
    """Begin to make the clients of services in the home region, once, in the background.

    They are made when they are wanted anyhow, each while an engine waits for it.
    """

    def make() -> None:
        for service in services:
            clients().get(service, home_region())

    threading.Thread(target=make, name="clients", daemon=True).start()


@cache
def clients() -> Clients:
    """The clients of this process."""
    return Clients(boto3.Session())


@cache
def home_region() -> str:
    """The provider's region, where a resource names none. Raises `ResourceFailed` without one."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise ResourceFailed(
            Text("リージョンが決まっていません。", "there is no region."),
            remedy=Text("AWS_REGION を設定してください。", "Set AWS_REGION."),
        )
    return region


@cache
def account() -> str:
    """The account that calls land in, by the credentials of this process."""
    return str(call("sts", home_region(), "get_caller_identity")["Account"])


def call(
    service: str, region: str, operation: str, /, *, gone: Collection[str] = (), **parameters: Any
) -> Any:
    """Call an operation by its boto3 name.

    Answers None where the service's error code is one of `gone`; raises `AwsRefused` for every
    other error, naming operation and code, never the parameters; `ResourceFailed` where AWS does
    not answer.
    """
    client = clients().get(service, region)
    try:
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        said = error.response.get("Error", {})
        code = said.get("Code", "")
        if code in gone:
            return None
        name = client.meta.method_to_api_mapping[operation]
        raise AwsRefused(service, name, code, said.get("Message", "")) from None
    except BotoCoreError as error:
        name = type(error).__name__
        raise ResourceFailed(
            Text(
                f"AWS の {service}:{operation} に届きません: {name}",
                f"cannot reach AWS for {service}:{operation}: {name}",
            ),
            remedy=Text(
                "サンドボックスなら moyai sandbox status で動いているか確かめてください。",
                "On the sandbox, see whether it runs with moyai sandbox status.",
            ),
        ) from None


def region_of(properties: Properties) -> str:
    """The region that a resource lives in."""
    return str(properties.get("region") or home_region())
