"""Webhooks as Standard Webhooks has them: a JSON body, signed, by POST over HTTPS.

No redirect is followed: the address in tenants.yaml is the only one that a message goes to.
"""

from __future__ import annotations

import binascii
import json
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from moyai.loopback import is_loopback
from moyai.operations.notices.message import Message, Undelivered
from moyai.operations.notices.secret_files import read_secret
from moyai.texts import Text, document_of, of_system, visible

_SECONDS = 15.0
_GONE = 410
"""By which a receiver says that it wants no more."""


def post(url: str, secret_file: str, message: Message) -> None:
    """Post it; any 2xx is taken as taken. Raises `Undelivered`."""
    parts = _checked(url)
    host = parts.hostname or ""
    body = payload(message)
    headers = _signed(read_secret(Path(secret_file)), message, body)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        with closing(_connection(parts)) as connection:
            connection.request("POST", path, body.encode(), dict(headers))
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise _unreached(host, error) from None
    if not 200 <= status < 300:
        why = Text(f"{host} が {status} と答えました。", f"{host} answered with status {status}.")
        raise Undelivered(why, final=status == _GONE)


def _connection(parts: SplitResult) -> HTTPConnection:
    """To the host itself, or through the proxy that the environment names."""
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        return HTTPConnection(host, port, timeout=_SECONDS)
    context = ssl.create_default_context()
    named = None if is_loopback(host) or proxy_bypass(host) else getproxies().get("https")
    proxy = urlsplit(named or "")
    if not proxy.hostname:
        return HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    through = HTTPSConnection(proxy.hostname, proxy.port or 8080, timeout=_SECONDS, context=context)
    through.set_tunnel(host, port or 443)
    return through


def payload(message: Message) -> str:
    """The body: `type`, `timestamp`, `data`."""
    content = message.content
    document = {
        "type": f"operation.{message.event}",
        "timestamp": message.at.astimezone(UTC).isoformat(),
        "data": {
            **content.data,
            "title": document_of(content.subject),
            "text": document_of(content.text),
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _signed(secret: str, message: Message, body: str) -> Mapping[str, str]:
    """The signature is of the moment of sending: receivers refuse old ones."""
    now = datetime.now(UTC)
    try:
        signature = Webhook(secret).sign(message.id, now, body)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise Undelivered(
            Text(
                "Webhook の秘密は whsec_ に続く base64 で書いてください。",
                "a webhook's secret has to be whsec_ and base64.",
            )
        ) from None
    return {
        "Content-Type": "application/json",
        "User-Agent": "moyai",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def _checked(url: str) -> SplitResult:
    """A URL that may be posted to. No name is looked up."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    allowed = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not allowed or parts.username is not None:
        raise Undelivered(
            Text(
                "Webhook の URL は、利用者名のない https:// だけです。",
                "a webhook's URL has to be https://, without a user in it.",
            ),
            final=True,
        )
    return parts


def _unreached(host: str, cause: OSError | HTTPException) -> Undelivered:
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = Text("証明書を確認できません", "its certificate cannot be verified")
    elif isinstance(cause, TimeoutError):
        reason = Text("時間内に応答がありません", "no answer in time")
    elif isinstance(cause, OSError):
        reason = of_system(cause)
    else:
        reason = Text(type(cause).__name__, type(cause).__name__)
    return Undelivered(
        Text(
            f"{host} に届きません（{visible(reason.ja)}）。",
            f"{host} cannot be reached ({visible(reason.en)}).",
        )
    )
