"""How a notice on record gets to its address: by what tenants.yaml says now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.notices.mail import send_mail
from moyai.operations.notices.message import Channel, Message, Undelivered, address_hash
from moyai.operations.notices.sns import publish
from moyai.operations.notices.webhook import post
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Event
from moyai.texts import Text

_NOT_THERE = Text(
    "宛先は tenants.yaml にもうありません。", "tenants.yaml does not have its address any more."
)


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a site."""

    registry: Callable[[], Registry]
    """tenants.yaml as it is now. Raises `MoyaiError` where it cannot be read."""
    environment: Callable[[], Mapping[str, str]]
    """Variables for boto3. Raises `MoyaiError` where the site does not answer."""
    last: Callable[[], Registry | None] = lambda: None
    """tenants.yaml as it was read last; None: never."""

    def registry_for(self, event: str) -> Registry:
        """tenants.yaml as it is now; of what stands still as it was read last, where it cannot be: that may
        be the cause. Raises `MoyaiError`."""
        try:
            return self.registry()
        except MoyaiError:
            last = self.last() if event == Event.STALLED else None
            if last is None:
                raise
            return last

    def send(self, channel: Channel, audience: str, wanted: str, message: Message) -> None:
        """Send a message to the address of an audience with that hash.

        Raises `Undelivered`; `MoyaiError` where the settings cannot be read.
        """
        registry = self.registry_for(message.event)
        told = registry.operations.notifications
        if channel is Channel.MAIL:
            address = _one(mail_addresses(registry, audience), wanted)
            if told.smtp is None:
                raise Undelivered(_NOT_THERE, final=True)
            send_mail(told.smtp, address, message)
        elif channel is Channel.WEBHOOK:
            hooks = {one.url: one for one in told.webhooks}
            hook = hooks[_one(hooks, wanted)]
            post(hook.url, hook.secret_file, message)
        else:
            topic = _one([one.topic_arn for one in told.sns], wanted)
            publish(self.environment(), topic, message)


def mail_addresses(registry: Registry, audience: str) -> Iterator[str]:
    """The addresses that an audience has: `operator:EMAIL`, or `body:CODE`."""
    kind, _, name = audience.partition(":")
    if kind == "operator":
        yield from (one.email for one in registry.operators if one.email == name)
        return
    for body in registry.tenants:
        if body.code == name:
            yield from (one.email for one in body.contacts)
            yield from (one.email for one in body.approvers)


def _one(addresses: Iterator[str] | list[str] | Mapping[str, object], wanted: str) -> str:
    for address in addresses:
        if address_hash(address) == wanted:
            return address
    raise Undelivered(_NOT_THERE, final=True)
