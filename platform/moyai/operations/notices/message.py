"""What is handed to a channel, and what it answers where it does not take it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from moyai.json_value import JsonValue
from moyai.texts import Text


class Channel(StrEnum):
    """A way to somebody."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    SNS = "sns"


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, to one audience."""

    subject: Text
    text: Text
    """Several lines, without a line feed at the end."""
    data: Mapping[str, JsonValue]
    """The same for programs."""


@dataclass(frozen=True, slots=True)
class Message:
    """Content on its way. It is sent at least once: who gets it twice knows it by `id`."""

    id: str
    """32 hex digits, the same each time it is sent."""
    event: str
    operation: str
    at: datetime
    """When it happened."""
    content: Content


class Undelivered(Exception):
    """A channel did not take a message.

    `final`: it never will. `everything`: it takes nothing at all now, so that others need not try.
    """

    def __init__(self, why: Text, *, final: bool = False, everything: bool = False) -> None:
        super().__init__(why.en)
        self.why = why
        self.final = final
        self.everything = everything


def both(text: Text) -> str:
    """What people are sent: Japanese, and the same in English below."""
    return f"{text.ja}\n\n――――――――\n\n{text.en}"


def message_id(key: str) -> str:
    """The id of a notice's message."""
    return hashlib.sha256(f"moyai.notice/1 {key}".encode()).hexdigest()[:32]


def address_hash(address: str) -> str:
    """By which an address is told apart on record."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()
