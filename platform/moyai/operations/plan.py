"""What a deploy would do, and why: fingerprints against what is on record. Starts no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.operations import guards
from moyai.operations.site_state import SiteState
from moyai.operations.surroundings import surroundings
from moyai.operations.workspace import Workspace
from moyai.planning import fingerprints, quotas, releases
from moyai.planning.fingerprints import Fingerprint, Surroundings
from moyai.planning.quotas import QuotaExceeded
from moyai.planning.routes import Rule, rules_by_body
from moyai.planning.selectors import Vanished, select_with
from moyai.planning.topology import FOUNDATION, SHARED, TENANT, cell_stack, foundation_of
from moyai.registry.models import Tenant
from moyai.texts import Text

Action = Literal["create", "update", "none", "refused"]


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """One stack of a plan."""

    stack: StackId
    title: str
    """The body's name, or the foundation stack's."""
    action: Action
    reasons: tuple[Text, ...]
    changed: tuple[str, ...] = ()
    """Parts of the fingerprint that differ."""
    fingerprint: Fingerprint = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    """Service → release that the run builds with."""
    onboarding: tuple[str, ...] = ()
    """Services to migrate, check and put on record after the run."""
    notes: tuple[Text, ...] = ()
    """What is not done by deploy: a target release that waits for an upgrade."""
    needs_engine: bool = True
    """False where only the work inside the environment is left to do."""
    refresh: bool = False
    """Whether what is live has to be read first."""
    checks: tuple[str, ...] = ()
    """Services to check only."""
    has_vanished: bool = False
    """Whether it is of a body that the file no longer has."""

    @property
    def runs(self) -> bool:
        """Whether deploy has anything to do for it."""
        return self.action in ("create", "update")


@dataclass(frozen=True, slots=True)
class Plan:
    """All stacks that a command is about, in the order they would run."""

    day: date
    foundation: tuple[PlannedStack, ...]
    tenants: tuple[PlannedStack, ...]
    exceeded: tuple[QuotaExceeded, ...] = ()
    """AWS quotas that the file would pass; nothing may begin while there are any."""
    older: Text | None = None
    """Why the file counts as older than the one applied last; nothing may begin then."""

    @property
    def stacks(self) -> tuple[PlannedStack, ...]:
        """Foundation first."""
        return (*self.foundation, *self.tenants)


def make_plan(
    workspace: Workspace,
    state: SiteState,
    selector: str,
    day: date,
    *,
    refresh: bool = False,
    check: bool = False,
) -> Plan:
    """The plan for the selected bodies and the foundation that they stand on.

    Raises `UsageError` for a selector that names nothing known. `refresh` plans a run for each
    selected body, changed or not, and for the foundation where all bodies are meant; `check` a check of each
    service that runs.
    """
    lost = {record.stack.name: record for record in lost_bodies(workspace, state)}
    vanished = [_vanished(record) for record in lost.values()]
    chosen = select_with(workspace.registry, vanished, selector, day)
    everyone, bodies = chosen.is_everyone, chosen.bodies
    names = tuple(dict.fromkeys(name for body in bodies for name in foundation_of(body)))
    around = surroundings(workspace, {}, "foundation")
    foundation: list[PlannedStack] = []
    for name in names:
        known = replace(around, outputs=state.outputs_of(FOUNDATION, (SHARED,)))
        foundation.append(_foundation(workspace, state, name, known, refresh and everyone))
    around = surroundings(workspace, state.outputs_of(FOUNDATION, names), "tenant")
    rules = rules_by_body(workspace.registry, day)
    tenants = [
        _checked(_tenant(workspace, state, body, day, rules[body.code], around, refresh), body, day)
        if check or refresh
        else _tenant(workspace, state, body, day, rules[body.code], around, refresh)
        for body in bodies
    ]
    tenants += [
        PlannedStack(
            lost[one.code].stack, one.name, "refused", (guards.orphan(one.name),), has_vanished=True
        )
        for one in chosen.vanished
    ]
    tenants = _standing(workspace, foundation, tenants)
    foundation = _entered(workspace, foundation, tenants)
    if everyone:
        foundation += _left_cells(workspace, state)
    exceeded = quotas.exceeded(workspace.registry, day)
    return Plan(day, tuple(foundation), tuple(tenants), exceeded)


def _foundation(
    workspace: Workspace, state: SiteState, name: str, around: Surroundings, refresh: bool
) -> PlannedStack:
    stack = StackId(FOUNDATION, name)
    wanted = fingerprints.foundation(workspace.registry, workspace.site, name, around)
    record = state.record(stack)
    action, reasons, changed, look = _compare(state, record, wanted, refresh)
    moved = guards.moved(foundation_facts(workspace, name), record)
    if moved and action != "none":
        action, reasons = "refused", moved
    return PlannedStack(stack, name, action, reasons, changed, wanted, refresh=look)


def _standing(
    workspace: Workspace, foundation: list[PlannedStack], tenants: list[PlannedStack]
) -> list[PlannedStack]:
    """The bodies as planned, but for those that stand on a foundation stack that is refused."""
    refused = {stack.stack.name for stack in foundation if stack.action == "refused"}
    found = []
    for stack in tenants:
        body = workspace.registry.tenant(stack.stack.name)
        under = (SHARED,) if body is None else foundation_of(body)
        if stack.runs and refused.intersection(under):
            names = ", ".join(name for name in under if name in refused)
            why = Text(
                f"共通基盤の {names} が拒否されている", f"{names} of the foundation is refused"
            )
            stack = replace(stack, action="refused", reasons=(why,))
        found.append(stack)
    return found


def foundation_facts(workspace: Workspace, name: str) -> dict[str, str]:
    """What all that stands on a foundation stack hangs on, for its record."""
    federation, site = workspace.registry.federation, workspace.site
    facts = {
        "federation": federation.slug,
        "domain": federation.domain,
        "account": site.account_id,
        "region": site.region,
        "backup_region": site.backup_region,
    }
    cells = {cell_stack(cell.name): str(cell.cidr) for cell in federation.cells}
    return {**facts, "cidr": cells[name]} if name in cells else facts


def _entered(
    workspace: Workspace, planned: list[PlannedStack], bodies: list[PlannedStack]
) -> list[PlannedStack]:
    """The foundation as planned, but for new cells that nobody gets into."""
    registry = workspace.registry
    refused = {body.stack.name for body in bodies if body.action == "refused"}
    found = []
    for stack in planned:
        inside = {body.code for body in registry.tenants if stack.stack.name in foundation_of(body)}
        is_cell = stack.stack.name != SHARED
        if stack.action == "create" and is_cell and inside and inside <= refused:
            why = Text(
                "このセルに入る団体がすべて拒否されている",
                "every body that the file puts into it is refused",
            )
            stack = replace(stack, action="refused", reasons=(why,))
        found.append(stack)
    return found


def _left_cells(workspace: Workspace, state: SiteState) -> list[PlannedStack]:
    """Cells on record that the file no longer has."""
    found: list[PlannedStack] = []
    registry = workspace.registry
    declared = {SHARED, *(cell_stack(cell.name) for cell in registry.federation.cells)}
    for record in state.records(FOUNDATION):
        if record.stack.name not in declared:
            note = Text(
                "tenants.yaml から消えているが残っている（何もしない）",
                "vanished from tenants.yaml, but it is there; left alone",
            )
            name = record.stack.name
            found.append(PlannedStack(record.stack, name, "none", (), notes=(note,)))
    return found


def _tenant(
    workspace: Workspace,
    state: SiteState,
    body: Tenant,
    day: date,
    rules: tuple[Rule, ...],
    around: Surroundings,
    refresh: bool,
) -> PlannedStack:
    stack = StackId(TENANT, body.code)
    record = state.record(stack)
    chosen = releases.resolve(workspace.registry, body, day, record.releases)
    wanted = fingerprints.tenant(
        workspace.registry, workspace.site, body, day, chosen.used, rules, around
    )
    action, reasons, changed, look = _compare(state, record, wanted, refresh)
    needs_engine = action != "none"
    onboarding = chosen.onboarding
    if record.applied_at is None and state.lost(stack) is not None:
        # Whether these were migrated and healthy was on record: both are done again, at the
        # release that they have.
        onboarding = tuple(
            one.service
            for one in body.subscriptions
            if one.is_active(day) and one.service in chosen.used
        )
    if onboarding:
        action = "update" if action == "none" else action
        if record.applied_at is not None:
            reasons += tuple(_to_onboard(service) for service in onboarding)
    refused = () if action == "none" else guards.refusals(workspace.registry, body, record, day)
    if refused:
        action, reasons = "refused", refused
    return PlannedStack(
        stack,
        body.name,
        action,
        reasons,
        changed,
        wanted,
        chosen.used,
        onboarding,
        tuple(_waits(waiting) for waiting in chosen.waiting),
        needs_engine,
        look,
    )


def _checked(stack: PlannedStack, body: Tenant, day: date) -> PlannedStack:
    """The same with a check of each service that runs, and is not onboarded anyhow."""
    if stack.action == "refused":
        return stack
    checks = tuple(
        one.service
        for one in body.subscriptions
        if one.is_active(day) and one.service in stack.releases
        if one.service not in stack.onboarding
    )
    if not checks or stack.action != "none":
        return replace(stack, checks=checks)
    why = Text("点検する", "to be checked")
    return replace(stack, action="update", reasons=(why,), checks=checks, needs_engine=False)


def _compare(
    state: SiteState, record: StackRecord, wanted: Fingerprint, refresh: bool
) -> tuple[Action, tuple[Text, ...], tuple[str, ...], bool]:
    """Action, reasons, changed parts, and whether to read what is live first."""
    lost = state.lost(record.stack)
    if lost is not None and record.applied_at is None:
        return "update", (lost,), (), True
    if record.applied_at is None:
        if record.failure or record.running_since:
            return "create", (_unfinished(record),), (), True
        return "create", (Text("まだ環境がない", "there is no environment yet"),), (), False
    changed = fingerprints.changed(record.fingerprint, wanted)
    reasons = tuple(dict.fromkeys(fingerprints.reason(part) for part in changed))
    doubt = state.doubt(record)
    if doubt is not None:
        reasons = (doubt, *reasons)
    if record.failure or record.running_since:
        reasons = (_unfinished(record), *reasons)
    if refresh:
        reasons = (Text("現状を読み直す", "to read what is live"), *reasons)
    action: Action = "update" if reasons else "none"
    unfinished = bool(record.failure or record.running_since)
    return action, reasons, changed, refresh or unfinished or doubt is not None


def _unfinished(record: StackRecord) -> Text:
    if record.failure:
        return Text(
            f"前回の適用が失敗した: {record.failure}", f"the last run failed: {record.failure}"
        )
    return Text("前回の適用が途中で終わった", "the last run did not end")


def _to_onboard(service: str) -> Text:
    return Text(f"{service} の導入", f"{service} is to be onboarded")


def _waits(waiting: releases.Waiting) -> Text:
    step = f"{waiting.service} {waiting.recorded} → {waiting.target}"
    return Text(f"{step}: 一斉更新を待っている", f"{step}: outdated, waits for upgrade")


def lost_bodies(workspace: Workspace, state: SiteState) -> tuple[StackRecord, ...]:
    """Records of bodies that the file no longer has; a code that merged away is one."""
    codes = {body.code for body in workspace.registry.tenants}
    return tuple(record for record in state.records(TENANT) if record.stack.name not in codes)


def _vanished(record: StackRecord) -> Vanished:
    code, facts = record.stack.name, record.facts
    return Vanished(code, facts.get("slug", code), facts.get("name", code))
