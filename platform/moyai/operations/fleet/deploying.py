"""A deploy by workers before it is on record: whom it is about, what it would do with each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.deploys.plan import Wish
from moyai.operations.deploys.preflight import preflight, refuse
from moyai.operations.fleet.assembling import LeftOut, Part, assemble, known_of
from moyai.operations.kinds.deploy import DeployChange, changes_in
from moyai.operations.site.session import Session
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.plans import PlannedStack
from moyai.registry.models import Tenant
from moyai.texts import Text

KIND = "deploy"
SUBJECT = ""
"""Always the same, so that what is owed to a body is paid by any later deploy of it."""


@dataclass(frozen=True, slots=True)
class DeployBodies:
    """Whom a deploy is about, in the file's order, and whom it is not."""

    bodies: tuple[tuple[Tenant, DeployChange], ...]
    left: tuple[LeftOut, ...]


def deploy_bodies(
    session: Session, selector: str, day: date, *, allow_older: bool = False
) -> DeployBodies:
    """The bodies whose environments are not what tenants.yaml says.

    Raises `UsageError` for a selector of nothing known and where nothing is to be done, `Refused` as
    `moyai deploy` does, and where the foundation has to be deployed first.
    """
    plan = preflight(session, Wish(selector, day, allow_older=allow_older))
    refuse(plan)
    waits = [stack.name for stack in plan.foundation if stack.runs]
    if waits:
        raise _foundation_first(waits)
    registry = session.workspace.registry
    found, left = [], []
    for code, change in changes_in(plan, session.workspace.registry.services).items():
        body = registry.tenant(code)
        assert body is not None  # one that vanished was refused
        if change.stack.runs:
            found.append((body, change))
        else:
            left.append(LeftOut(body, _why_left(change.stack)))
    if not found:
        raise _nobody(left)
    return DeployBodies(tuple(found), tuple(left))


def plan_deploy(
    workspace: Workspace,
    found: DeployBodies,
    *,
    by: str,
    now: datetime,
    in_windows: bool = True,
    allow_older: bool = False,
    history: Iterable[Measured] = (),
    failed: Collection[str] = (),
) -> OperationPlan:
    """The plan: waves, windows and limits as tenants.yaml has them.

    `by`: the operator's address. `in_windows`: False plans bodies for any time. `allow_older`: whether
    workers too may build what a file says that is older than the one applied last. `failed`: codes of bodies
    to which a deploy is owed (`fleet.risks`).
    """
    parts = [
        Part(
            body,
            change.sha256,
            change.texts,
            known=known_of(body.code, failed),
            marks=change.marks,
        )
        for body, change in found.bodies
    ]
    return assemble(
        workspace,
        KIND,
        SUBJECT,
        {"allow_older": allow_older},
        parts,
        by,
        now,
        history=history,
        in_windows=in_windows,
    )


def _why_left(stack: PlannedStack) -> Text:
    if stack.action == "refused":
        return stack.reasons[0]
    return Text("変わるところがない", "nothing has changed")


def _foundation_first(waits: Sequence[str]) -> Refused:
    names = ", ".join(waits)
    return Refused(
        Text(
            f"先に共通基盤（{names}）の適用が要ります。ワーカーは共通基盤を適用しません。",
            f"the foundation has to be deployed first: {names}. Workers do not deploy it.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "担当者が moyai deploy を（どれか1団体を選んで）実行してください。",
            "Run moyai deploy yourself, of one body.",
        ),
    )


def _nobody(left: Sequence[LeftOut]) -> UsageError:
    told = [one for one in left if one.why.en != "nothing has changed"]
    ja = "".join(f"\n{one.body.code} {one.body.name}: {one.why.ja}" for one in told)
    en = "".join(f"\n{one.body.code} {one.body.name}: {one.why.en}" for one in told)
    return UsageError(
        Text(
            f"適用することがある団体はありません。{ja}",
            f"no body has anything to be deployed.{en}",
        ),
        touched=NOTHING_TOUCHED,
    )
