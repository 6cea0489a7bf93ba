"""Which bodies a command is about: codes, slugs, `service:eapp-a`, `not …`, combined. Pure.

The language is `moyai.registry.selector`'s; here it is given its meaning on a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from moyai.errors import UsageError
from moyai.registry.models import Registry, Tenant
from moyai.registry.selector import (
    ALL,
    EXAMPLE,
    Every,
    Expression,
    Not,
    Some,
    UnreadableSelector,
    Word,
    nothing,
)
from moyai.registry.selector import parse as read
from moyai.registry.selector_words import Vocabulary, check_words, vocabulary
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector that was read; its words may still name nothing in a registry."""

    text: str
    expression: Expression

    def matches(self, body: Tenant, day: date) -> bool:
        """Whether it means a body on a day (`service:` asks for an active subscription)."""
        return _means(self.expression, body, day)


def parse(text: str) -> Selector:
    """Read a selector. Raises `UsageError` where it cannot be read."""
    try:
        return Selector(text, read(text))
    except UnreadableSelector as error:
        raise _usage(error) from None


def select(registry: Registry, text: str, day: date) -> tuple[Tenant, ...]:
    """The bodies that a selector means on a day, in the file's order.

    Raises `UsageError` where it cannot be read, and for words that name nothing in this registry,
    with the nearest that do.
    """
    selector = parse(text)
    try:
        check_words(selector.expression, _vocabulary(registry))
    except UnreadableSelector as error:
        raise _usage(error) from None
    return tuple(body for body in registry.tenants if selector.matches(body, day))


def only(registry: Registry, key: str) -> Tenant:
    """The one body with this code, former code, slug or name.

    Raises `UsageError` where there is none, with the nearest, and where a name is several bodies'.
    """
    known = _vocabulary(registry)
    try:
        if key not in known.bodies:
            raise nothing(key, known.bodies, "団体", "body")
        check_words(Word(None, key), known)
    except UnreadableSelector as error:
        raise _usage(error) from None
    [code] = known.bodies[key]
    found = registry.tenant(code)
    assert found is not None
    return found


def _vocabulary(registry: Registry) -> Vocabulary:
    return vocabulary(
        registry.tenants, registry.services, [cell.name for cell in registry.federation.cells]
    )


def _usage(error: UnreadableSelector) -> UsageError:
    hint = EXAMPLE
    if error.near:
        near = ", ".join(error.near)
        hint = Text(f"近いもの: {near}", f"Nearest: {near}")
    return UsageError(
        Text(f"{error.reason.ja}。", f"{error.reason.en}."),
        touched=Text("何も変更していません。", "Nothing was touched."),
        remedy=hint,
    )


def _means(expression: Expression, body: Tenant, day: date) -> bool:
    if isinstance(expression, Word):
        return expression == ALL or _word(expression, body, day)
    if isinstance(expression, Not):
        return not _means(expression.inner, body, day)
    if isinstance(expression, Every):
        return all(_means(part, body, day) for part in expression.parts)
    assert isinstance(expression, Some)
    return any(_means(part, body, day) for part in expression.parts)


def _word(word: Word, body: Tenant, day: date) -> bool:
    value = word.value
    if word.quality == "service":
        subscription = body.subscription(value)
        return subscription is not None and subscription.is_active(day)
    if word.quality == "kind":
        return body.kind.value == value
    if word.quality == "isolation":
        return body.isolation.value == value
    if word.quality == "cell":
        return body.cell == value
    if word.quality == "tag":
        return _tagged(body.tags, value)
    return value in (body.code, body.slug, body.name) or value in body.former_codes


def _tagged(tags: Mapping[str, str], words: str) -> bool:
    key, equals, value = words.partition("=")
    return key in tags and (not equals or tags[key] == value)
