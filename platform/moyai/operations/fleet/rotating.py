"""The plan of the kind `rotate`: new passwords for bodies' services."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.deploys.in_hand import Hands
from moyai.operations.fleet.assembling import LeftOut, Part, assemble, known_of
from moyai.operations.kinds.rotate import PASSWORDS, rotation_sha256
from moyai.operations.site.session import Session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.selectors import select
from moyai.planning.topology import TENANT
from moyai.registry.models import Tenant
from moyai.texts import Text

KIND = "rotate"
_ASSUMED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class RotatedBodies:
    """Whom a rotation is about, each with its services, and whom it is not."""

    bodies: tuple[tuple[Tenant, tuple[str, ...]], ...]
    left: tuple[LeftOut, ...]


def require_known(what: str) -> None:
    """Raises `UsageError` for what is not rotated here, with where it is where that is known."""
    if what == PASSWORDS:
        return
    own = Text(
        "運用データベース自身のログインは moyai operation prepare --new-passwords で新しくします。",
        "The operations database's own logins are renewed by moyai operation prepare --new-passwords.",
    )
    raise UsageError(
        Text(
            f"「{what}」は入れ替えられません。入れ替えられるもの: {PASSWORDS}",
            f"'{what}' cannot be rotated; known: {PASSWORDS}",
        ),
        touched=NOTHING_TOUCHED,
        remedy=own,
    )


def rotated_bodies(session: Session, selector: str, day: date) -> RotatedBodies:
    """Bodies that have services on record, but those that another kind of work has left half-way. Raises
    `UsageError` for a selector of nothing known, and where there is none."""
    recorded = {one.stack.name: one.releases for one in session.state.records(TENANT)}
    chosen = select(session.workspace.registry, selector, day)
    half_way = Hands(session).half_way((body.code for body in chosen), but=KIND)
    found, left = [], []
    for body in chosen:
        services = tuple(sorted(recorded.get(body.code, ())))
        if body.code in half_way:
            left.append(LeftOut(body, half_way[body.code]))
        elif services:
            found.append((body, services))
        else:
            left.append(LeftOut(body, Text("導入済みのサービスがない", "has no service on record")))
    if not found:
        raise UsageError(
            Text(
                f"「{selector}」に、いまパスワードを替えられる団体はありません。{_why(left).ja}",
                f"no body of '{selector}' can be given new passwords now.{_why(left).en}",
            ),
            touched=NOTHING_TOUCHED,
        )
    return RotatedBodies(tuple(found), tuple(left))


def _why(left: Iterable[LeftOut]) -> Text:
    some = tuple(left)
    ja = "".join(f"\n{one.body.code} {one.body.name}: {one.why.ja}" for one in some)
    en = "".join(f"\n{one.body.code} {one.body.name}: {one.why.en}" for one in some)
    return Text(ja, en)


def plan_rotation(
    session: Session,
    found: RotatedBodies,
    *,
    by: str,
    now: datetime,
    in_windows: bool = True,
    history: Iterable[Measured] = (),
    failed: Collection[str] = (),
) -> OperationPlan:
    """The plan: waves, windows and limits as tenants.yaml has them.

    `by`: the operator's address. `in_windows`: False plans bodies for any time, as after a leak.
    `failed`: codes of bodies to which new passwords are owed (`fleet.risks`).
    """
    return assemble(
        session.workspace,
        KIND,
        PASSWORDS,
        {"what": PASSWORDS, "services": {body.code: services for body, services in found.bodies}},
        [_part(body, services, known_of(body.code, failed)) for body, services in found.bodies],
        by,
        now,
        history=history,
        in_windows=in_windows,
        assumed_seconds=_ASSUMED_SECONDS,
    )


def _part(body: Tenant, services: tuple[str, ...], known: tuple[str, ...]) -> Part:
    names = ", ".join(services)
    change = Text(
        f"新しいパスワードとタスクの入替え: {names}（入替えのあいだ、動作中のタスクは新しい接続を開けません）",
        f"new passwords, tasks begun anew: {names} (tasks that run get no new connections meanwhile)",
    )
    return Part(body, rotation_sha256(body.code, services), (change,), known=known)
