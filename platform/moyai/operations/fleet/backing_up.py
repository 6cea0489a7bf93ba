"""The plan of the kind `backup`: each service of bodies backed up, and restored by way of trial."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from moyai.canonical_json import sha256_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.json_value import JsonValue
from moyai.operations.fleet.assembling import Part, all_at_once, assemble
from moyai.operations.site.session import Session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.selectors import select
from moyai.planning.topology import TENANT
from moyai.registry.models import Tenant
from moyai.registry.words import not_known
from moyai.texts import Text

KIND = "backup"
_ASSUMED_SECONDS = 120


def plan_backup(
    session: Session,
    selector: str,
    day: date,
    service: str | None = None,
    *,
    by: str,
    history: Iterable[Measured] = (),
) -> OperationPlan:
    """One wave, at any time, without approval: nothing of a service is changed.

    `by`: the operator's address. Raises `UsageError` for a selector or service that names nothing, and where
    no body of the selector has such a service on record.
    """
    workspace = session.workspace
    registry = workspace.registry
    if service is not None and service not in registry.services:
        said = not_known(service, sorted(registry.services), "サービス", "service")
        raise UsageError(Text(f"{said.ja}。", said.en), touched=NOTHING_TOUCHED)
    recorded = {one.stack.name: one.releases for one in session.state.records(TENANT)}
    services: dict[str, JsonValue] = {}
    parts: list[Part] = []
    for body in select(registry, selector, day):
        names = tuple(one for one in sorted(recorded.get(body.code, ())) if service in (None, one))
        if names:
            services[body.code] = names
            parts.append(_part(body, names))
    if not parts:
        raise _nobody(selector)
    return assemble(
        workspace,
        KIND,
        service or "",
        {"services": services},
        parts,
        by,
        datetime.now(UTC),
        history=history,
        settings=all_at_once(registry.operations),
        needs_approval=False,
        in_windows=False,
        assumed_seconds=_ASSUMED_SECONDS,
    )


def _part(body: Tenant, services: tuple[str, ...]) -> Part:
    names = ", ".join(services)
    change = Text(f"バックアップと復元試験: {names}", f"backup and restore test: {names}")
    document = {"kind": KIND, "code": body.code, "services": list(services)}
    return Part(body, sha256_of(document), (change,))


def _nobody(selector: str) -> UsageError:
    return UsageError(
        Text(
            f"「{selector}」に、バックアップするサービスのある団体はありません。",
            f"no body of '{selector}' has a service to back up.",
        ),
        touched=NOTHING_TOUCHED,
    )
