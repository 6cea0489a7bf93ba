"""Which bodies of an operation a selector means that begins them again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.database.rows import OperationView
from moyai.operations.fleet.steering_words import another_has, look_at, not_again, refused
from moyai.planning.selectors import Vanished, names_of, parse, select_with
from moyai.registry.models import Registry
from moyai.registry.selector import words
from moyai.texts import Text

AGAIN = ("failed", "held", "skipped", "moved")
"""Statuses of bodies that `retry` begins again."""


def begun_again(
    view: OperationView,
    registry: Registry,
    selector: str | None,
    day: date,
    gone: Mapping[str, str],
) -> tuple[str, ...]:
    """The codes of bodies that a selector means, or of all that may be begun again.

    Bodies named by code, slug or name have to be of the operation and in a status of `AGAIN`; of those that
    are meant otherwise (`all`, `tag:…`) the others are left out. `gone`: bodies that another operation has
    taken over, by which. Raises as `select_with`, `UsageError` for bodies that are not of the operation,
    `Refused` for others that may not, or where nobody is left.
    """
    meant, named = (
        (None, frozenset[str]()) if selector is None else _meant(view, registry, selector, day)
    )
    entries = {body.code: body for body in view.bodies}
    foreign = sorted(named - entries.keys())
    if foreign:
        raise UsageError(
            Text(
                f"{view.row.id} にない団体です: {'、'.join(foreign)}。",
                f"{view.row.id} has no {', '.join(foreign)}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=look_at(view.row.id),
        )
    wrong = [body for body in view.bodies if body.code in named and body.status not in AGAIN]
    if wrong:
        raise not_again(wrong)
    for code in sorted(named):
        if code in gone:
            raise another_has(code, gone[code])
    chosen = tuple(
        body.code
        for body in view.bodies
        if body.status in AGAIN and body.code not in gone and (meant is None or body.code in meant)
    )
    if not chosen:
        raise refused(
            Text(
                f"{view.row.id} に、やり直す団体はありません。",
                f"{view.row.id} has no body to begin again.",
            ),
            look_at(view.row.id),
        )
    return chosen


def _meant(
    view: OperationView, registry: Registry, selector: str, day: date
) -> tuple[Set[str], frozenset[str]]:
    """The codes that a selector means, of bodies that left the file since too; and which of them it names."""
    vanished = [
        Vanished(body.code, body.code, body.name)
        for body in view.bodies
        if all(one.code != body.code for one in registry.tenants)
    ]
    found = select_with(registry, vanished, selector, day)
    said = {one.value for one in words(parse(selector).expression) if one.quality is None}
    names = {body.code: set(names_of(body)) for body in found.bodies}
    names |= {one.code: {one.code, one.name} for one in found.vanished}
    return names.keys(), frozenset(code for code, known in names.items() if known & said)
