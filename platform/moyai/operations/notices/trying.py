"""A message to try each channel with, and how each took it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from moyai.errors import NOTHING_TOUCHED, MoyaiError, UsageError
from moyai.operations.notices.mail import send_mail
from moyai.operations.notices.message import Channel, Content, Message, Undelivered
from moyai.operations.notices.sns import publish
from moyai.operations.notices.webhook import post
from moyai.registry.models import Registry
from moyai.texts import Text, in_japan

EVENT = "test"


@dataclass(frozen=True, slots=True)
class Tried:
    """One channel. `why` says why it did not take the message; None: it did."""

    channel: Channel
    name: str
    """The address of mail, a webhook's host, a topic's name."""
    why: Text | None


def try_channels(
    registry: Registry,
    environment: Callable[[], Mapping[str, str]],
    to: str | None,
    now: datetime,
) -> Iterator[Tried]:
    """Send a message by each channel of tenants.yaml, mail to `to`; one after the other.

    Raises `UsageError` before anything is sent where there is no channel, or mail and no `to`.
    """
    told = registry.operations.notifications
    if told.smtp is None and not told.webhooks and not told.sns:
        raise UsageError(
            Text(
                "tenants.yaml の operations.notifications に知らせる先がありません。",
                "operations.notifications of tenants.yaml names nobody to tell.",
            ),
            touched=NOTHING_TOUCHED,
        )
    if told.smtp is not None and to is None:
        raise UsageError(
            Text(
                "試しのメールの宛先がありません。", "there is no address for the mail to try with."
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "--to メールアドレス を付けてください。", "Add --to and an e-mail address."
            ),
        )
    return _each(registry, environment, to, _message(registry, now))


def _each(
    registry: Registry,
    environment: Callable[[], Mapping[str, str]],
    to: str | None,
    message: Message,
) -> Iterator[Tried]:
    told = registry.operations.notifications
    smtp = told.smtp
    if smtp is not None and to is not None:
        yield _tried(Channel.MAIL, to, partial(send_mail, smtp, to, message))
    for hook in told.webhooks:
        name = urlsplit(hook.url).hostname or "?"
        yield _tried(Channel.WEBHOOK, name, partial(post, hook.url, hook.secret_file, message))
    for topic in told.sns:
        name = topic.topic_arn.rpartition(":")[2]
        yield _tried(Channel.SNS, name, partial(_publish, environment, topic.topic_arn, message))


def _publish(
    environment: Callable[[], Mapping[str, str]], topic_arn: str, message: Message
) -> None:
    publish(environment(), topic_arn, message)


def _tried(channel: Channel, name: str, send: Callable[[], None]) -> Tried:
    try:
        send()
    except Undelivered as error:
        return Tried(channel, name, error.why)
    except MoyaiError as error:
        return Tried(channel, name, error.what)
    return Tried(channel, name, None)


def _message(registry: Registry, now: datetime) -> Message:
    name, when = registry.federation.name, in_japan(now)
    content = Content(
        Text("[もやい] 通知の確認", "[Moyai] Test of notifications"),
        Text(
            f"{name}\n通知の確認です（{when}）。届いていれば、することはありません。",
            f"{name}\nThis is a test of notifications ({when}). There is nothing to do.",
        ),
        {"event": EVENT, "federation": name},
    )
    return Message(secrets.token_hex(16), EVENT, "", now, content)
