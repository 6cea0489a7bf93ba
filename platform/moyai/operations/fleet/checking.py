"""The plan of the kind `check`: bodies' services looked at, nothing changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from moyai.canonical_json import sha256_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.fleet.assembling import Part, all_at_once, assemble
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.selectors import select
from moyai.registry.models import Tenant
from moyai.registry.words import not_known
from moyai.texts import Text

KIND = "check"
_ASSUMED_SECONDS = 10


def plan_check(
    workspace: Workspace,
    selector: str,
    day: date,
    service: str | None = None,
    *,
    by: str,
    history: Iterable[Measured] = (),
) -> OperationPlan:
    """One wave, at any time, without approval; a body that is not well holds up no other.

    `by`: the operator's address. Raises `UsageError` for a selector or service that names nothing, and where
    no body of the selector uses the service on that day.
    """
    registry = workspace.registry
    if service is not None and service not in registry.services:
        said = not_known(service, sorted(registry.services), "サービス", "service")
        raise UsageError(Text(f"{said.ja}。", said.en), touched=NOTHING_TOUCHED)
    bodies = select(registry, selector, day)
    parts = [
        _part(body, used)
        for body in bodies
        if (used := _services(body, day, service)) or service is None
    ]
    if not parts:
        raise _nobody(selector, service)
    return assemble(
        workspace,
        KIND,
        service or "",
        {"service": service},
        parts,
        by,
        datetime.now(UTC),
        history=history,
        settings=all_at_once(registry.operations),
        needs_approval=False,
        in_windows=False,
        assumed_seconds=_ASSUMED_SECONDS,
    )


def _services(body: Tenant, day: date, service: str | None) -> tuple[str, ...]:
    return tuple(
        one.service
        for one in body.subscriptions
        if one.is_active(day) and service in (None, one.service)
    )


def _part(body: Tenant, services: tuple[str, ...]) -> Part:
    names = ", ".join(services)
    change = Text(f"正常性の確認: {names or 'なし'}", f"health check: {names or 'none'}")
    document = {"kind": KIND, "code": body.code, "services": list(services)}
    return Part(body, sha256_of(document), (change,))


def _nobody(selector: str, service: str | None) -> UsageError:
    if service is None:
        return UsageError(
            Text(
                f"「{selector}」にあたる団体はありません。",
                f"no body is meant by '{selector}'.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return UsageError(
        Text(
            f"「{selector}」の団体に、今 {service} を利用しているものはありません。",
            f"of '{selector}', no body uses {service} now.",
        ),
        touched=NOTHING_TOUCHED,
    )
