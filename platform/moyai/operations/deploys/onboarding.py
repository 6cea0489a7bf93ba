"""Onboarding up to the deploy: bodies into the file, the plan, the question. What comes to nothing
leaves the file as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.deploys.file_deeds import Editor
from moyai.operations.deploys.plan import Wish
from moyai.operations.deploys.preflight import preflight, refuse
from moyai.operations.deploys.tenants import Additions
from moyai.operations.site.session import Session, open_session
from moyai.planning.plans import Plan
from moyai.planning.selectors import Vanished, parse, select_with
from moyai.registry.edit import NewTenant, TenantAdded
from moyai.registry.load import require
from moyai.registry.models import Tenant
from moyai.registry.selector import Expression, Not, Word
from moyai.texts import Text


class Person(Protocol):
    """Who onboards, to be told and asked."""

    def sees_added(self, added: TenantAdded) -> None:
        """A body is in the file now."""
        ...

    def agrees(self, plan: Plan) -> None:
        """Shown what would be done; raises `Refused` where it is not wanted."""
        ...

    def sees_withdrawn(self, told: Text) -> None:
        """Whether the file is as it was."""
        ...


def prepare(
    path: Path,
    site: str,
    services: tuple[tuple[str, str], ...],
    wish: Wish,
    person: Person,
    operator: str | None = None,
) -> Session:
    """Add the bodies that the file lacks, and have the wish agreed to; a session on the new file.

    Codes of the wish's selector that the file lacks are bodies to be added. `services` (service, first day)
    are for these; `operator`: who the person says to be. Raises `RegistryError`, `UsageError` and `Refused`,
    and whatever `person` raises; what was added is out again then.
    """
    additions = Additions(path, Editor(site, operator))
    try:
        for new in _missing(path, services, wish):
            person.sees_added(additions.add(new))
        session = open_session(path, site)
        plan = preflight(session, wish)
        refuse(plan)
        person.agrees(plan)
    except BaseException:
        told = additions.withdraw()
        if told is not None:
            person.sees_withdrawn(told)
        raise
    return session


def _missing(path: Path, services: tuple[tuple[str, str], ...], wish: Wish) -> list[NewTenant]:
    registry = require(path)
    lacking = [
        word
        for word in dict.fromkeys(_wanted(parse(wish.selector).expression))
        if _is_code(word) and registry.tenant(word) is None
    ]
    new = [Vanished(code, code, code) for code in lacking]
    known = select_with(registry, new, wish.selector, wish.day).bodies
    others = [body.code for body in known if not _subscribes(body, services)]
    if others:
        names = ", ".join(others)
        raise UsageError(
            Text(
                f"{names} はもう {path.name} にあり、サービスが違います。"
                "--service は加える団体にだけ使えます。",
                f"{names}: already in {path.name}, with other services; --service is for bodies "
                "to be added.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"続きから行うなら --service を付けずに実行してください。サービスを足すなら "
                f"{path.name} に書き足してください。",
                f"To go on, run it without --service; to add services, write them into "
                f"{path.name}.",
            ),
        )
    return [NewTenant(code, services=services) for code in lacking]


def _wanted(expression: Expression) -> Iterator[str]:
    """The plain words of a selector that add bodies to it; those behind a `not` take away."""
    if isinstance(expression, Word):
        if expression.quality is None:
            yield expression.value
    elif not isinstance(expression, Not):
        for part in expression.parts:
            yield from _wanted(part)


def _is_code(word: str) -> bool:
    """Whether a word is meant as a code, a mistyped one too."""
    return word.isascii() and word.isdigit()


def _subscribes(body: Tenant, services: tuple[tuple[str, str], ...]) -> bool:
    """Whether a body has what is asked for already: the same command, run again, goes on."""
    has = {(one.service, one.start.isoformat()) for one in body.subscriptions}
    return has.issuperset(services)
