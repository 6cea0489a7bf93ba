"""boto3 sessions from a site's variables, and what a failed call means to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moyai.allowance import limit
from moyai.errors import OperationFailed
from moyai.texts import Text

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

_FILES = {
    "config_file": "AWS_CONFIG_FILE",
    "credentials_file": "AWS_SHARED_CREDENTIALS_FILE",
    "profile": "AWS_PROFILE",
}
_SIGN_IN_CODES = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_UNREACHED = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyConnectionError",
)


def aws_session(
    environment: Mapping[str, str], region: str | None = None, profile: str | None = None
) -> boto3.Session:
    """A session that sees a site's variables where they say something, else the process's own.

    Keys among the variables count before their profile, an explicit `profile` before both.
    """
    # boto3 takes a quarter of a second to import, and many a command needs none of it.
    import boto3
    import botocore.session

    own = botocore.session.Session()
    limit(own.get_component("event_emitter"))
    for variable, name in _FILES.items():
        if environment.get(name):
            own.set_config_variable(variable, environment[name])
    key = None
    if profile is not None:
        own.set_config_variable("profile", profile)
    else:
        key = environment.get("AWS_ACCESS_KEY_ID") or None
    return boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") if key else None,
        aws_session_token=(environment.get("AWS_SESSION_TOKEN") or None) if key else None,
        region_name=region or environment.get("AWS_REGION"),
        botocore_session=own,
    )


def s3_client(environment: Mapping[str, str], query: str) -> Any:
    """A client for a bucket's URL, whose query may name region, profile and endpoint."""
    options = parse_qs(query)

    def option(name: str) -> str | None:
        return options[name][-1] if name in options else None

    endpoint = option("endpoint") or environment.get(
        "AWS_ENDPOINT_URL_S3", environment.get("AWS_ENDPOINT_URL")
    )
    if endpoint is not None and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    session = aws_session(environment, option("region"), option("profile"))
    return session.client("s3", endpoint_url=endpoint)


def aws_trouble(
    what: Text,
    error: BotoCoreError | ClientError,
    touched: Text | None = None,
    into: type[OperationFailed] = OperationFailed,
) -> OperationFailed:
    """An error of boto3 as a failure that says what to do next; the caller raises it.

    `what` is the beginning of a sentence without its end: what could not be done. `touched`: what was
    changed before, where that is known there. `into`: `SiteTrouble` of what the site stands on.
    """
    response = getattr(error, "response", None)
    code = "" if response is None else str(response.get("Error", {}).get("Code", ""))
    kind = type(error).__name__
    reason = " ".join(str(error).split())
    if kind in _UNREACHED:
        remedy = Text(
            "ネットワークとプロキシの設定を確かめて、もう一度実行してください。",
            "Look at the network and the proxy's settings, then run again.",
        )
    elif response is None or code in _SIGN_IN_CODES:
        remedy = Text(
            "資格情報を確かめて（AWS_PROFILE、aws sso login など）、もう一度実行してください。",
            "Look at your credentials (AWS_PROFILE, aws sso login, …), then run again.",
        )
    else:
        remedy = Text(
            "権限を確かめて、もう一度実行してください。", "Look at the permissions, then run again."
        )
    return into(
        Text(f"{what.ja}（{reason}）。", f"{what.en} ({reason})."), touched=touched, remedy=remedy
    )
