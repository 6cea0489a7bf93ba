"""What a deploy would do with each stack, and why: fingerprints against what is on record. Pure.

Decides over what was read before, all of which is in a `Basis`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from moyai.planning import deploy_refusals, fingerprints, quotas, releases
from moyai.planning.conditions import Condition, Recorded
from moyai.planning.facts import facts_of, foundation_facts
from moyai.planning.fingerprints import Fingerprint, Surroundings
from moyai.planning.plans import Plan, PlannedAction, PlannedStack
from moyai.planning.routes import Rule, rules_by_body
from moyai.planning.selectors import Selection, Vanished
from moyai.planning.topology import FOUNDATION, SHARED, TENANT, cell_stack, foundation_of
from moyai.registry.models import Registry, Site, Tenant
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a plan follows from."""

    registry: Registry
    site: Site
    selection: Selection
    day: date
    """The day that the file is read for."""
    today: date
    foundation: Mapping[str, Recorded]
    """Foundation stacks on record, by name: those that the selected bodies stand on, and all others
    where all bodies are meant."""
    tenants: Mapping[str, Recorded]
    """The selected bodies' stacks on record, by code."""
    under_foundation: Surroundings
    under_tenants: Surroundings
    refresh: bool = False
    """Whether a run is asked for of each selected body, changed or not, and of the foundation
    where all bodies are meant."""
    check: bool = False
    """Whether a check is asked for of each service that runs."""
    begun: bool = False
    """Whether work is gone on with that was begun when it might be: freezes do not hold it up."""


def make_plan(basis: Basis) -> Plan:
    """The plan for the selected bodies and the foundation that they stand on."""
    bodies = basis.selection.bodies
    names = foundation_names(bodies)
    foundation = [_foundation_stack(basis, name) for name in names]
    rules = rules_by_body(basis.registry, basis.day) if bodies else {}
    tenants = [_tenant_stack(basis, body, rules[body.code]) for body in bodies]
    tenants = [
        _checked(stack, body, basis.day) if _is_doubted(basis, body) else stack
        for stack, body in zip(tenants, bodies, strict=True)
    ]
    tenants += [_orphan(basis.registry, one) for one in basis.selection.vanished]
    tenants = _standing(basis.registry, foundation, tenants)
    foundation = _entered(basis.registry, foundation, tenants)
    if basis.selection.is_everyone:
        foundation += _left_cells(basis)
    exceeded = quotas.exceeded(basis.registry, basis.day)
    return Plan(basis.day, tuple(foundation), tuple(tenants), exceeded)


def foundation_names(bodies: Iterable[Tenant]) -> tuple[str, ...]:
    """The foundation's stacks that bodies stand on, in the order they are made."""
    return tuple(dict.fromkeys(name for body in bodies for name in foundation_of(body)))


def vanished(registry: Registry, recorded: Iterable[Recorded]) -> tuple[Vanished, ...]:
    """Bodies on record that the file no longer has, by code; a code that merged away is one."""
    codes = {body.code for body in registry.tenants}
    return tuple(
        Vanished(one.name, one.facts.get("slug", one.name), one.facts.get("name", one.name))
        for one in sorted(recorded, key=lambda one: one.name)
        if one.name not in codes
    )


def _is_doubted(basis: Basis, body: Tenant) -> bool:
    """Whether services are to be checked: what ended badly is not well again by being built."""
    recorded = basis.tenants.get(body.code, Recorded(body.code))
    return basis.check or basis.refresh or recorded.condition is Condition.FAILED


def _foundation_stack(basis: Basis, name: str) -> PlannedStack:
    registry, site = basis.registry, basis.site
    recorded = basis.foundation.get(name, Recorded(name))
    wanted = fingerprints.foundation(registry, site, name, basis.day, basis.under_foundation)
    found = _compared(recorded, wanted, basis.refresh and basis.selection.is_everyone)
    facts = foundation_facts(registry.federation, site, name)
    moved = deploy_refusals.moved(facts, recorded)
    if moved and found.action != "none":
        found = replace(found, action="refused", reasons=moved)
    return PlannedStack(
        project=FOUNDATION,
        name=name,
        title=name,
        action=found.action,
        reasons=found.reasons,
        changed=found.changed,
        fingerprint=wanted,
        facts=facts,
        refresh=found.refresh,
    )


def _tenant_stack(basis: Basis, body: Tenant, rules: tuple[Rule, ...]) -> PlannedStack:
    registry, day = basis.registry, basis.day
    recorded = basis.tenants.get(body.code, Recorded(body.code))
    chosen = releases.resolve(registry, body, day, recorded.releases, recorded.moving)
    wanted = fingerprints.tenant(
        registry, basis.site, body, day, chosen.used, rules, basis.under_tenants
    )
    found = _compared(recorded, wanted, basis.refresh, _ended(body, day))
    needs_engine = found.action != "none"
    onboarding = chosen.onboarding
    if recorded.condition is Condition.REBUILT:
        # Whether these were migrated and healthy was on record: both are done again, at the
        # release that they have.
        onboarding = _running(body, day, chosen.used)
    if onboarding:
        why = () if recorded.applied_at is None else tuple(map(_to_onboard, onboarding))
        action: PlannedAction = "update" if found.action == "none" else found.action
        found = replace(found, action=action, reasons=(*found.reasons, *why))
    facts = facts_of(registry.federation, body)
    if found.action != "none":
        refused = deploy_refusals.refusals(
            body, facts, recorded, day, basis.today, begun=basis.begun
        )
        found = replace(found, action="refused", reasons=refused) if refused else found
    return PlannedStack(
        project=TENANT,
        name=body.code,
        title=body.name,
        action=found.action,
        reasons=found.reasons,
        changed=found.changed,
        fingerprint=wanted,
        releases=chosen.used,
        facts=facts,
        onboarding=onboarding,
        notes=tuple(map(_waits, chosen.waiting)),
        needs_engine=needs_engine,
        refresh=found.refresh,
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """What comes of a stack's fingerprint and what is on record of it."""

    action: PlannedAction
    reasons: tuple[Text, ...]
    changed: tuple[str, ...]
    refresh: bool


def _compared(
    recorded: Recorded, wanted: Fingerprint, refresh: bool, ended: frozenset[str] = frozenset()
) -> _Compared:
    condition = recorded.condition
    if recorded.is_new:
        return _Compared("create", _against(recorded), (), not condition.is_known)
    if condition is Condition.REBUILT:
        return _Compared("update", _against(recorded), (), refresh=True)
    changed = fingerprints.changed(recorded.fingerprint, wanted)
    asked = (Text("現状を読み直す", "to read what is live"),) if refresh else ()
    differs = tuple(dict.fromkeys(fingerprints.reason(part, ended) for part in changed))
    reasons = (*asked, *_against(recorded), *differs)
    return _Compared(
        "update" if reasons else "none", reasons, changed, refresh or not condition.is_known
    )


def _against(recorded: Recorded) -> tuple[Text, ...]:
    """What speaks against what is on record; nothing where it is there as it was applied."""
    condition = recorded.condition
    doubt = () if recorded.doubt is None else (recorded.doubt,)
    if condition is Condition.REBUILT:
        assert recorded.rebuilt is not None
        return (recorded.rebuilt,)
    if condition is Condition.ABSENT:
        return (Text("まだ環境がない", "there is no environment yet"),)
    if condition is Condition.FAILED:
        why = recorded.failure
        assert why is not None
        told = Text(f"前回の適用が失敗した: {why.ja}", f"the last run failed: {why.en}")
        return (told, *doubt)
    if condition is Condition.UNFINISHED:
        return (Text("前回の適用が途中で終わった", "the last run did not end"), *doubt)
    return doubt


def _running(body: Tenant, day: date, used: Mapping[str, str]) -> tuple[str, ...]:
    """The services that run on a day, among those that a stack is built with."""
    return tuple(
        one.service for one in body.subscriptions if one.is_active(day) and one.service in used
    )


def _ended(body: Tenant, day: date) -> frozenset[str]:
    """The services whose subscription is over on a day."""
    return frozenset(
        one.service for one in body.subscriptions if one.has_begun(day) and not one.is_active(day)
    )


def _checked(stack: PlannedStack, body: Tenant, day: date) -> PlannedStack:
    """The same with a check of each service that runs, and is not onboarded anyhow."""
    if stack.action == "refused":
        return stack
    running = _running(body, day, stack.releases)
    checks = tuple(service for service in running if service not in stack.onboarding)
    if not checks or stack.action != "none":
        return replace(stack, checks=checks)
    why = Text("点検する", "to be checked")
    return replace(stack, action="update", reasons=(why,), checks=checks, needs_engine=False)


def _orphan(registry: Registry, one: Vanished) -> PlannedStack:
    merged = (body for body in registry.tenants if one.code in body.former_codes)
    why = deploy_refusals.orphan(f"{one.code} {one.name}", next(merged, None))
    return PlannedStack(TENANT, one.code, one.name, "refused", (why,), has_vanished=True)


def _standing(
    registry: Registry, foundation: Sequence[PlannedStack], tenants: Sequence[PlannedStack]
) -> list[PlannedStack]:
    """The bodies as planned, but for those that stand on a foundation stack that is refused."""
    refused = {stack.name for stack in foundation if stack.action == "refused"}
    under_each = {body.code: foundation_of(body) for body in registry.tenants}
    found = []
    for stack in tenants:
        under = under_each.get(stack.name, ())
        if stack.runs and refused.intersection(under):
            names = ", ".join(name for name in under if name in refused)
            why = Text(
                f"共通基盤の {names} が拒否されている", f"{names} of the foundation is refused"
            )
            stack = replace(stack, action="refused", reasons=(why,))
        found.append(stack)
    return found


def _entered(
    registry: Registry, foundation: Sequence[PlannedStack], tenants: Sequence[PlannedStack]
) -> list[PlannedStack]:
    """The foundation as planned, but for new cells that nobody gets into."""
    refused = {body.name for body in tenants if body.action == "refused"}
    found = []
    for stack in foundation:
        inside = {body.code for body in registry.tenants if stack.name in foundation_of(body)}
        is_cell = stack.name != SHARED
        if stack.action == "create" and is_cell and inside and inside <= refused:
            why = Text(
                "このセルに入る団体がすべて拒否されている",
                "every body that the file puts into it is refused",
            )
            stack = replace(stack, action="refused", reasons=(why,))
        found.append(stack)
    return found


def _left_cells(basis: Basis) -> list[PlannedStack]:
    """Cells on record that the file no longer has."""
    declared = {SHARED, *(cell_stack(cell.name) for cell in basis.registry.federation.cells)}
    note = Text(
        "tenants.yaml から消えているが残っている（何もしない）",
        "vanished from tenants.yaml, but it is there; left alone",
    )
    return [
        PlannedStack(FOUNDATION, name, name, "none", (), notes=(note,))
        for name in sorted(basis.foundation)
        if name not in declared
    ]


def _to_onboard(service: str) -> Text:
    return Text(f"{service} の導入", f"{service} is to be onboarded")


def _waits(waiting: releases.Waiting) -> Text:
    if releases.is_newer(waiting.recorded, waiting.target):
        runs = f"{waiting.service} {waiting.recorded}"
        return Text(
            f"{runs} は tenants.yaml の release（{waiting.target}）より新しい: "
            f"tenants.yaml の release を {waiting.recorded} にする",
            f"{runs} is newer than the file's release, {waiting.target}: "
            f"set release to {waiting.recorded} in the file",
        )
    step = f"{waiting.service} {waiting.recorded} → {waiting.target}"
    command = f"moyai upgrade {waiting.service} {waiting.target}"
    return Text(
        f"{step}: 一斉更新を待っている（{command}）",
        f"{step}: outdated, waits for upgrade ({command})",
    )
