"""An upgrade before it is on record: whom it is about, what it would do with each, what speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.json_value import JsonValue
from moyai.operations.fleet.assembling import LeftOut, Part, assemble
from moyai.operations.fleet.half_way import HalfWay
from moyai.operations.kinds.upgrade.behind import left_behind, recorded_releases
from moyai.operations.kinds.upgrade.change import (
    UpgradeChange,
    change_of,
    changes_of,
    taking_over_sha256,
)
from moyai.operations.kinds.upgrade.verified import UNVERIFIED
from moyai.operations.site.session import Session
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet import skew
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver, way_to
from moyai.planning.releases import is_newer
from moyai.planning.selectors import select
from moyai.registry.models import Tenant
from moyai.registry.operation_settings import Risk
from moyai.texts import Text

KIND = "upgrade"


@dataclass(frozen=True, slots=True)
class UpgradeWish:
    """What is asked for."""

    service: str
    release: str
    selector: str
    day: date


@dataclass(frozen=True, slots=True)
class UpgradedBody:
    """One body of an upgrade."""

    body: Tenant
    change: UpgradeChange
    risks: tuple[str, ...]
    over: TakenOver | None = None
    """Of one that another operation left half-way."""
    known: tuple[str, ...] = ()
    """What else is known of it, by which a wave may take it."""


@dataclass(frozen=True, slots=True)
class UpgradeBodies:
    """Whom an upgrade is about, in the file's order, and whom it is not."""

    bodies: tuple[UpgradedBody, ...]
    left: tuple[LeftOut, ...]


def upgrade_bodies(
    session: Session,
    wish: UpgradeWish,
    verified: Mapping[str, datetime],
    now: datetime,
    half_way: Mapping[str, HalfWay] = MappingProxyType({}),
    failed: Collection[str] = (),
) -> UpgradeBodies:
    """The bodies of an upgrade. `verified`: code → when a backup of it was restored last, by way of trial.
    `half_way`: those that upgrades of the service left half-way (`fleet.half_way`): taken over, or back.
    `failed`: codes of those to which an upgrade of the service is owed (`fleet.risks`).

    Raises `UsageError` for a service or release that there is not, or where nobody is left to upgrade,
    `Refused` where other bodies would be further behind than `max_releases_behind` allows.
    """
    registry = session.workspace.registry
    _require_target(session, wish)
    using = [
        body
        for body in select(registry, wish.selector, wish.day)
        if (found := body.subscription(wish.service)) is not None and found.is_active(wish.day)
    ]
    recorded = recorded_releases(session, wish.service, wish.day)
    limit = timedelta(days=registry.operations.verified_restore_days)
    ways = {code: _way(one, recorded.get(code), wish) for code, one in half_way.items()}
    reasons = {
        body.code: _why_not_over(ways[body.code])
        if body.code in ways
        else _why_left(body.code, recorded, wish)
        for body in using
    }
    left = tuple(LeftOut(body, why) for body in using if (why := reasons[body.code]) is not None)
    chosen = [body for body in using if reasons[body.code] is None]
    if not chosen:
        raise _nobody(wish, left)
    codes = [body.code for body in chosen]
    _refuse_skew(session, wish, set(codes))
    whole = [code for code in codes if code not in ways]
    changes = changes_of(session, whole, wish.service, wish.release, wish.day) if whole else {}
    overs = {code: way for code in codes if isinstance(way := ways.get(code), TakenOver)}
    changes |= {code: _over(session, code, over, wish) for code, over in overs.items()}

    def risks(code: str) -> tuple[str, ...]:
        seen = verified.get(code)
        return (UNVERIFIED,) if seen is None or now - seen > limit else ()

    def known(code: str) -> tuple[str, ...]:
        found = {Risk.CONTRACT: changes[code].contracts, Risk.FAILED_BEFORE: code in failed}
        return tuple(risk.value for risk, is_so in found.items() if is_so)

    bodies = (
        UpgradedBody(one, changes[one.code], risks(one.code), overs.get(one.code), known(one.code))
        for one in chosen
    )
    return UpgradeBodies(tuple(bodies), left)


def _require_target(session: Session, wish: UpgradeWish) -> None:
    services = session.workspace.registry.services
    target = services.get(wish.service)
    if target is None:
        known = ", ".join(sorted(services))
        raise UsageError(
            Text(
                f"サービス「{wish.service}」はありません。あるもの: {known}",
                f"there is no service '{wish.service}'; known: {known}",
            )
        )
    if wish.release not in target.manifest.releases:
        known = ", ".join(skew.in_order(target.manifest.releases))
        raise UsageError(
            Text(
                f"{wish.service} にリリース {wish.release} はありません。あるもの: {known}",
                f"{wish.service} has no release {wish.release}; it has: {known}",
            )
        )


def _way(one: HalfWay, recorded: str | None, wish: UpgradeWish) -> TakenOver | Text:
    """What is taken over of a half-way body, or why nothing is."""
    found = one.found
    if recorded is None:
        return Text("まだ導入されていない", "not onboarded yet")
    if one.is_going:
        return Text(f"{found.operation} が作業中", f"{found.operation} is at it")
    way = way_to(wish.release, recorded, found.release, found.target, is_released=one.is_released)
    return way if isinstance(way, Text) else replace(found, way=way)


def _why_not_over(way: TakenOver | Text) -> Text | None:
    return way if isinstance(way, Text) else None


def _over(session: Session, code: str, over: TakenOver, wish: UpgradeWish) -> UpgradeChange:
    """What would be done with a half-way body, with what is taken over in its hash."""
    before = over.target if over.way == "afresh" else over.release
    change = change_of(session, code, wish.service, wish.release, wish.day, before)
    approved = taking_over_sha256(change, over)
    return replace(change, sha256=approved, texts=(over.text, *change.texts))


def _why_left(code: str, recorded: Mapping[str, str], wish: UpgradeWish) -> Text | None:
    before = recorded.get(code)
    if before is None:
        return Text("まだ導入されていない", "not onboarded yet")
    if before == wish.release:
        return Text(f"すでに {before}", f"runs {before} already")
    if is_newer(before, wish.release):
        return Text(
            f"{before} のほうが新しい（古いリリースへの一斉更新はしない）",
            f"runs {before}, which is newer: an upgrade goes forward only",
        )
    return None


def _nobody(wish: UpgradeWish, left: Sequence[LeftOut]) -> UsageError:
    told = [f"{one.body.code} {one.body.name}: " for one in left]
    ja = "".join(f"\n{head}{one.why.ja}" for head, one in zip(told, left, strict=True))
    en = "".join(f"\n{head}{one.why.en}" for head, one in zip(told, left, strict=True))
    if not left:
        ja = f"選ばれた団体は、どれも {wish.service} を使っていません。"
        en = f" None of the bodies chosen uses {wish.service}."
    return UsageError(
        Text(
            f"{wish.service} を {wish.release} にする団体がありません。{ja}",
            f"there is no body to bring to {wish.service} {wish.release}.{en}",
        ),
        touched=NOTHING_TOUCHED,
    )


def _refuse_skew(session: Session, wish: UpgradeWish, upgraded: set[str]) -> None:
    found = left_behind(session, wish.service, wish.release, wish.day, upgraded)
    if not found:
        return
    registry = session.workspace.registry
    most = registry.operations.max_releases_behind
    names = {body.code: body.name for body in registry.tenants}
    told = [skew.sentence(one, names.get(one.code, one.code), most) for one in found]
    raise Refused(
        Text("\n".join(one.ja for one in told), "\n".join(one.en for one in told)),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "遅れる団体を先に一斉更新するか、いっしょに一斉更新してください。",
            "Upgrade the bodies that would be behind first, or along with the others.",
        ),
    )


def plan_upgrade(
    workspace: Workspace,
    found: UpgradeBodies,
    wish: UpgradeWish,
    *,
    by: str,
    now: datetime,
    soak_seconds: int = 0,
    in_windows: bool = True,
    history: Iterable[Measured] = (),
) -> OperationPlan:
    """The plan of an upgrade: waves, windows and limits as tenants.yaml has them.

    `by`: the operator's address. `soak_seconds`: how long each body's health is looked at before it counts
    as well, with its writes closed. `in_windows`: False plans bodies for any time, which whoever approves
    agrees to; frozen days are kept all the same.
    """
    parts = [
        Part(
            one.body,
            one.change.sha256,
            one.change.texts,
            one.risks,
            one.known,
            one.change.marks,
        )
        for one in found.bodies
    ]
    given: dict[str, JsonValue] = {
        "service": wish.service,
        "release": wish.release,
        "soak_seconds": soak_seconds,
    }
    overs = {one.body.code: one.over.entry() for one in found.bodies if one.over is not None}
    if overs:
        given[PARAMETER] = overs
    return assemble(
        workspace,
        KIND,
        f"{wish.service} {wish.release}",
        given,
        parts,
        by,
        now,
        history=history,
        in_windows=in_windows,
    )
