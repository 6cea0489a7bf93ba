"""The single values of `operations`: how each is written, and what it becomes. Like those of `file_words`.

What may hold a secret by mistake (a file's name, an address of a webhook) is never shown in an error.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, PlainValidator

from moyai.loopback import is_loopback
from moyai.registry.cost_rules import exact
from moyai.registry.file_words import Shown, wrong
from moyai.registry.operation_settings import Amount

MOST_BODIES = 10_000
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?%\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_FILE = re.compile(r"/[^\x00-\x1f\x7f]{1,499}\Z")
_URL = re.compile(r"https?://[!-~]{1,490}\Z")
_LIKE_A_SECRET = re.compile(
    r"token|secret|passw|passphrase|signature|credential|auth(?!or)|jwt|session"
    r"|(?<![a-z])(key|sig|pwd|pw|pass|code|sas)(?![a-z])|api_?key|access_?key",
    re.IGNORECASE,
)
"""In the name of a query's parameter."""
_TOPIC = re.compile(r"arn:aws:sns:ap-northeast-[13]:[0-9]{12}:[A-Za-z0-9_-]{1,256}\Z")


def _bodies(kind: str, least: int) -> PlainValidator:
    """Bodies by number or by share: `4` or `10%`."""

    def check(value: object) -> Amount:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_BODIES:
            return Amount(value)
        if isinstance(value, str) and _PERCENT.match(value):
            percent = exact(value[:-1])
            if percent <= 100 and (percent > 0 or least == 0):
                return Amount(percent=percent)
        raise wrong(kind, value)

    return PlainValidator(check)


def _shown_bodies(least: int) -> Shown:
    return Shown(
        type=["integer", "string"],
        minimum=least,
        maximum=MOST_BODIES,
        pattern="^" + _PERCENT.pattern.replace("\\Z", "$"),
        examples=[4, "10%"],
    )


def _fits(pattern: re.Pattern[str], kind: str) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, str) or not pattern.match(value):
            raise wrong(kind, value)
        return value

    return BeforeValidator(check)


def _webhook(value: object) -> object:
    """An address by https, or on this very machine; no user, password or token in it."""
    if not isinstance(value, str) or not _URL.match(value):
        raise wrong("moyai_webhook", value)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise wrong("moyai_webhook", value) from None
    if not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise wrong("moyai_webhook", value)
    if any(_LIKE_A_SECRET.search(name) for name, _ in parse_qsl(parts.query, True)):
        raise wrong("moyai_webhook_secret", value)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise wrong("moyai_webhook", value)
    return value


Bodies = Annotated[Amount, _bodies("moyai_bodies", 1), _shown_bodies(1)]
BodiesOrZero = Annotated[Amount, _bodies("moyai_bodies_or_zero", 0), _shown_bodies(0)]
Host = Annotated[
    str, _fits(_HOST, "moyai_mail_host"), Shown(maxLength=253, examples=["smtp.example.jp"])
]
SecretFile = Annotated[
    str,
    _fits(_FILE, "moyai_secret_file"),
    Shown(pattern="^/", maxLength=500, examples=["/etc/moyai/smtp-password"]),
]
WebhookUrl = Annotated[
    str,
    BeforeValidator(_webhook),
    Shown(pattern="^https?://", maxLength=500, examples=["https://hooks.example.jp/moyai"]),
]
TopicArn = Annotated[
    str,
    _fits(_TOPIC, "moyai_topic_arn"),
    Shown(
        pattern="^" + _TOPIC.pattern.replace("\\Z", "$"),
        examples=["arn:aws:sns:ap-northeast-1:111122223333:moyai-operations"],
    ),
]
