"""boto3 clients that all handlers share, and its errors as sentences."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.provider.properties import Properties
from moyai.provider.recording import record_calls
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
)
"""Parameters are built by the handlers and judged by the service: checking them here as well would
cost a third of the plugin's time."""


class Clients:
    """One client for each service and region, made once: making one takes 20 ms and more."""

    def __init__(self, session: boto3.Session) -> None:
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


def home_region() -> str:
    """The provider's region, where a resource names none."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "ap-northeast-1")


_clients: Clients | None = None
_clients_lock = threading.Lock()


def clients() -> Clients:
    """The clients of this process."""
    global _clients
    with _clients_lock:
        if _clients is None:
            _clients = Clients(session())
        return _clients


def session() -> boto3.Session:
    """The plugin's session; calls are recorded where MOYAI_RECORD_CALLS names a file."""
    made = boto3.Session()
    place = os.environ.get("MOYAI_RECORD_CALLS")
    if place:
        record_calls(made, Path(place))
    return made


def call(
    service: str,
    region: str,
    operation: str,
    /,
    *,
    gone: Collection[str] = (),
    **parameters: Any,
) -> Any:
    """Call an operation by its boto3 name.

    Answers None where the service's error code is one of `gone`; raises `ResourceFailed` for every
    other error, naming operation and code, never the parameters.
    """
    try:
        return getattr(clients().get(service, region), operation)(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in gone:
            return None
        words = error.response.get("Error", {}).get("Message", "")
        raise ResourceFailed(
            Text(
                f"AWS の {service}:{operation} が断りました（{code}）: {words}",
                f"AWS refused {service}:{operation} ({code}): {words}",
            )
        ) from None
    except BotoCoreError as error:
        raise ResourceFailed(
            Text(
                f"AWS の {service}:{operation} に届きません: {type(error).__name__}",
                f"cannot reach AWS for {service}:{operation}: {type(error).__name__}",
            ),
            remedy=Text(
                "サンドボックスなら moyai sandbox status で動いているか確かめてください。",
                "On the sandbox, see whether it runs with moyai sandbox status.",
            ),
        ) from None


def region_of(properties: Properties) -> str:
    """The region that a resource lives in."""
    return str(properties.get("region") or home_region())
