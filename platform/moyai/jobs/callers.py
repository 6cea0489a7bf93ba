"""Errors of AWS that say nothing of what was asked for: it is not reached, or does not know who asks."""

from __future__ import annotations

from botocore import exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from moyai.errors import SiteTrouble
from moyai.texts import Text

_UNKNOWN = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    }
)
_NO_ANSWER = (exceptions.ConnectionError, exceptions.HTTPClientError)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)


def not_reached(error: ClientError | BotoCoreError) -> SiteTrouble | None:
    """The site's trouble where AWS does not answer, or does not know, or not any more, who asks; None where it
    is another's."""
    if isinstance(error, _NO_ANSWER):
        return SiteTrouble(
            Text(
                f"拠点の AWS に接続できません（{type(error).__name__}）。",
                f"the site's AWS does not answer ({type(error).__name__}).",
            ),
            remedy=Text(
                "動いているか確かめてください（サンドボックスなら moyai sandbox status）。",
                "See whether it runs (for the sandbox: moyai sandbox status).",
            ),
        )
    if isinstance(error, ClientError):
        is_unknown = error.response.get("Error", {}).get("Code") in _UNKNOWN
    else:
        is_unknown = isinstance(error, _NO_CREDENTIALS)
    if not is_unknown:
        return None
    reason = " ".join(str(error).split())
    return SiteTrouble(
        Text(f"拠点に入れません（{reason}）。", f"the site cannot be entered ({reason})."),
        remedy=Text(
            "資格情報を確かめてください（AWS_PROFILE、aws sso login など）。",
            "Look at your credentials (AWS_PROFILE, aws sso login, …).",
        ),
    )
