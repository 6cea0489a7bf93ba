"""Who asks for something: an operator of tenants.yaml, whose rights hold today. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.planning.selectors import select
from moyai.registry.models import Operator, Registry, Role
from moyai.registry.persons import called
from moyai.texts import Text

VARIABLE = "MOYAI_OPERATOR"
"""The variable that has the address where `--operator` is left out."""
_NAMED = 5


def who_plans(registry: Registry, email: str | None, day: date) -> Operator:
    """The operator of an address, who may plan and steer work on a day.

    Raises `UsageError` where nobody is named or known by it, `Refused` where the rights have ended or
    the role only looks.
    """
    if not email:
        raise UsageError(
            Text(
                "担当者が分かりません。操作は担当者の名で記録に残ります。",
                "it is not said who you are: what is done is on record with its operator.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"--operator メールアドレス を付けるか、変数 {VARIABLE} に入れてください。"
                "担当者は moyai operator list で分かります。",
                f"Add --operator EMAIL, or set {VARIABLE}. moyai operator list tells who there is.",
            ),
        )
    found = called(registry.operators, email)
    if found is None:
        raise UsageError(
            Text(
                f"担当者「{email}」は tenants.yaml にいません。",
                f"tenants.yaml has no operator '{email}'.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=_LIST,
        )
    if day > found.expires:
        raise Refused(
            Text(
                f"{found.email} の期限（{found.expires}）が過ぎています。",
                f"the rights of {found.email} ended on {found.expires}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=_LIST,
        )
    if found.role not in (Role.OPERATOR, Role.APPROVER):
        raise Refused(
            Text(
                f"{found.email} の役割（{found.role.value}）では、作業を計画・操作できません。",
                f"{found.email} is {found.role.value}: that role plans and steers no work.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=_LIST,
        )
    return found


def require_bodies(operator: Operator, registry: Registry, codes: Iterable[str], day: date) -> None:
    """Raises `Refused` where some bodies are not among those that an operator looks after."""
    if operator.bodies == "all":
        return
    own = {body.code for body in select(registry, operator.bodies, day)}
    left = [code for code in codes if code not in own]
    if not left:
        return
    names = [body.name if (body := registry.tenant(code)) else code for code in left[:_NAMED]]
    more = len(left) > _NAMED
    raise Refused(
        Text(
            f"{operator.email} の担当（bodies: {operator.bodies}）ではない団体があります: "
            f"{'、'.join(names)}{' ほか' if more else ''}。",
            f"{operator.email} looks after other bodies ({operator.bodies}); not among them: "
            f"{', '.join(names)}{' and others' if more else ''}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "担当の団体だけを選ぶか、ほかの担当者が行ってください。",
            "Choose bodies that are theirs, or have another operator do it.",
        ),
    )


_LIST = Text(
    "moyai operator list で担当者・役割・期限を確かめてください。",
    "moyai operator list tells operators, their roles and when their rights end.",
)
