"""The plan of a command about bodies, and what it is refused for before it begins.

One place for all commands: what `plan` shows as refused, `onboard` and `deploy` refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from moyai.errors import NOTHING_TOUCHED, MoyaiError, Refused
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.site.session import Session
from moyai.planning.plans import Plan, PlannedStack
from moyai.texts import Text


def preflight(session: Session, wish: Wish) -> Plan:
    """The plan of a wish with all that speaks against it, made before anything is begun.

    Raises `UsageError` for its selector; whatever it raises says that nothing was touched.
    """
    try:
        plan = plan_of(session, wish)
        if wish.allow_older:
            return plan
        return replace(plan, older=session.history.older(session.workspace.registry))
    except MoyaiError as error:
        error.touched = error.touched or NOTHING_TOUCHED
        raise


def refuse(plan: Plan) -> None:
    """Raise `Refused` for what must not even begin: for a file older than the one applied last, for
    bodies that vanished from the file, and for a quota of AWS that would be passed."""
    vanished = [stack for stack in plan.tenants if stack.has_vanished]
    if plan.older is not None:
        # Whoever takes a body out again has a file that was applied before it came.
        orphans = tuple(why for stack in vanished for why in stack.reasons)
        raise Refused(
            Text(
                "\n".join(why.ja for why in (plan.older, *orphans)),
                "\n".join(why.en for why in (plan.older, *orphans)),
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "新しい tenants.yaml を取り込んでください。変更を元に戻したのなら --allow-older を"
                "付けてください。",
                "Fetch the newer tenants.yaml; where you took a change back, say --allow-older.",
            ),
        )
    if vanished:
        raise refusal(vanished)
    refuse_exceeded(plan)


def refuse_exceeded(plan: Plan) -> None:
    """Raise `Refused` where the plan would pass a quota of AWS."""
    if plan.exceeded:
        raise Refused(
            Text(
                "\n".join(one.text.ja for one in plan.exceeded),
                "\n".join(one.text.en for one in plan.exceeded),
            ),
            touched=NOTHING_TOUCHED,
        )


def marked(plan: Plan) -> Plan:
    """The plan as it is shown: of a file that is refused as older, nothing runs."""
    why = plan.older
    if why is None:
        return plan

    def refused(stacks: tuple[PlannedStack, ...]) -> tuple[PlannedStack, ...]:
        return tuple(
            replace(one, action="refused", reasons=(why, *one.reasons)) if one.runs else one
            for one in stacks
        )

    return replace(plan, foundation=refused(plan.foundation), tenants=refused(plan.tenants))


def refusal(refused: Sequence[PlannedStack]) -> Refused:
    """The error that names stacks, each with its reasons."""
    lines = [(s.label, s.reasons) for s in refused]
    return Refused(
        Text(
            "\n".join(f"拒否: {who}: {why.ja}" for who, reasons in lines for why in reasons),
            "\n".join(f"refused: {who}: {why.en}" for who, reasons in lines for why in reasons),
        ),
        touched=Text(
            "これらの団体には何も変更していません。", "Nothing of these bodies was touched."
        ),
    )
