"""Which bodies a command is about: codes, slugs, `service:eapp-a`, `not …`, combined. Pure.

The language is `moyai.registry.selector`'s; here it is given its meaning on a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.models import Registry, Tenant
from moyai.registry.selector import (
    ALL,
    EXAMPLE,
    Every,
    Expression,
    NoSuchBody,
    Not,
    Some,
    UnreadableSelector,
    Word,
    no_body,
    residents,
    words,
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
        return _means(self.expression, _of(body, day))


def parse(text: str) -> Selector:
    """Read a selector. Raises `UsageError` where it cannot be read."""
    try:
        return Selector(text, read(text))
    except UnreadableSelector as error:
        raise _usage(error) from None


@dataclass(frozen=True, slots=True)
class Vanished:
    """A body that the file no longer has, as it was when its stack was applied last."""

    code: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a selector means."""

    bodies: tuple[Tenant, ...]
    """In the file's order."""
    vanished: tuple[Vanished, ...]
    is_everyone: bool
    """Whether it says `all`, and nothing else."""


def select(registry: Registry, text: str, day: date) -> tuple[Tenant, ...]:
    """The bodies that a selector means on a day, in the file's order.

    Raises `UsageError` where it cannot be read, and for words that name nothing in this registry,
    with the nearest that do.
    """
    return select_with(registry, (), text, day).bodies


def select_with(
    registry: Registry, vanished: Sequence[Vanished], text: str, day: date
) -> Selection:
    """The same among the file's bodies and those that vanished from it.

    Of one that vanished, code, slug and name are known; it has no service, tag or other quality
    any more. A word that names a body of the file too means both, and who means a body of the file
    means those that merged into it.
    """
    expression = _checked(registry, vanished, text)
    named = _named(expression)
    bodies = tuple(
        body
        for body in registry.tenants
        if (
            _means(expression, _of(body, day))
            if named is None
            else not named.isdisjoint(names_of(body))
        )
    )
    merged = {code for body in bodies for code in body.former_codes}
    return Selection(
        bodies,
        tuple(
            one for one in vanished if one.code in merged or _means(expression, _of_vanished(one))
        ),
        expression == ALL,
    )


def codes_then(
    registry: Registry, then: Sequence[Vanished], text: str, day: date
) -> frozenset[str]:
    """Codes that a selector means of a time at which the bodies of `then` still stood for themselves.

    The code of one of them means it alone, not whose it became since; who means that one by a word of its
    own means both. One that had several slugs is in `then` with each. Raises as `select`.
    """
    expression = _checked(registry, then, text)
    apart = {one.code for one in then}
    since = {code: body for body in registry.tenants for code in body.former_codes}
    present = {body.code: _of(_without(body, apart), day) for body in registry.tenants}

    def says_of(one: Vanished) -> Callable[[Word], bool]:
        own, heir = _of_vanished(one), since.get(one.code)
        if heir is None:
            return own
        return lambda word: own(word) or _word(word, replace(heir, former_codes=()), day)

    ways: dict[str, list[Callable[[Word], bool]]] = {}
    for one in then:
        ways.setdefault(one.code, []).append(says_of(one))

    def says_any(code: str) -> Callable[[Word], bool]:
        return lambda word: any(says(word) for says in ways[code])

    every = present | {code: says_any(code) for code in ways}
    return frozenset(code for code, says in every.items() if _means(expression, says))


def former_codes_in(registry: Registry, text: str) -> dict[str, str]:
    """Former codes that a selector has as words → the code whose they are now."""
    named = {word.value for word in words(parse(text).expression) if word.quality is None}
    return {
        former: body.code
        for body in registry.tenants
        for former in body.former_codes
        if former in named
    }


def only(registry: Registry, key: str) -> Tenant:
    """The one body with this code, former code, slug or name.

    Raises `UsageError` where there is none, with the nearest, and where a name is several bodies'.
    """
    known = _vocabulary(registry)
    try:
        if key not in known.bodies:
            raise no_body(key, known.bodies)
        check_words(Word(None, key), known)
    except UnreadableSelector as error:
        raise _usage(error) from None
    [code] = known.bodies[key]
    found = registry.tenant(code)
    assert found is not None
    return found


def _checked(registry: Registry, vanished: Sequence[Vanished], text: str) -> Expression:
    """A selector whose words all name something, bodies that vanished among them."""
    expression = parse(text).expression
    known = _vocabulary(registry)
    more = {word: (one.code,) for one in vanished for word in (one.code, one.slug, one.name)}
    try:
        check_words(expression, replace(known, bodies={**more, **known.bodies}))
    except UnreadableSelector as error:
        raise _usage(error) from None
    return expression


def _named(expression: Expression) -> frozenset[str] | None:
    """The words of a selector that only names bodies, one by one; None of another. A list of many is looked up
    in it, as going through the list for each body would take long."""
    if not isinstance(expression, Some):
        return None
    plain = [
        part.value
        for part in expression.parts
        if isinstance(part, Word) and part.quality is None and part != ALL
    ]
    return frozenset(plain) if len(plain) == len(expression.parts) else None


def names_of(body: Tenant) -> tuple[str, ...]:
    """What names a body in a selector: its code, slug and name, and codes that merged into it."""
    return (body.code, body.slug, body.name, *body.former_codes)


def _without(body: Tenant, codes: Set[str]) -> Tenant:
    """A body that some of its former codes do not mean."""
    return replace(body, former_codes=tuple(c for c in body.former_codes if c not in codes))


def _vocabulary(registry: Registry) -> Vocabulary:
    return vocabulary(
        registry.tenants, registry.services, [cell.name for cell in registry.federation.cells]
    )


def _usage(error: UnreadableSelector) -> UsageError:
    hint = error.hint
    if hint is not None:
        hint = Text(hint.ja, hint.en[0].upper() + hint.en[1:])
    elif isinstance(error, NoSuchBody):
        hint = _LIST
    return UsageError(
        Text(f"{error.reason.ja}。", f"{error.reason.en}."),
        touched=NOTHING_TOUCHED,
        remedy=hint or EXAMPLE,
    )


_LIST = Text("moyai tenant list で団体の一覧が見られます。", "moyai tenant list shows all bodies.")


def _means(expression: Expression, says: Callable[[Word], bool]) -> bool:
    """Whether an expression means the body of which `says` tells what words mean it."""
    if isinstance(expression, Word):
        return expression == ALL or says(expression)
    if isinstance(expression, Not):
        return not _means(expression.inner, says)
    if isinstance(expression, Every):
        return all(_means(part, says) for part in expression.parts)
    assert isinstance(expression, Some)
    return any(_means(part, says) for part in expression.parts)


def _of(body: Tenant, day: date) -> Callable[[Word], bool]:
    return lambda word: _word(word, body, day)


def _of_vanished(body: Vanished) -> Callable[[Word], bool]:
    return lambda word: word.quality is None and word.value in (body.code, body.slug, body.name)


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
    if word.quality == "population":
        return _has_residents(body, value)
    return value in names_of(body)


def _has_residents(body: Tenant, value: str) -> bool:
    """Whether a body's residents are within a range; of one whose number is not known, never."""
    meant = residents(value)
    if meant is None or body.population is None:
        return False
    first, last = meant
    return first <= body.population.count and (last is None or body.population.count <= last)


def _tagged(tags: Mapping[str, str], tag: str) -> bool:
    key, equals, value = tag.partition("=")
    return key in tags and (not equals or tags[key] == value)
