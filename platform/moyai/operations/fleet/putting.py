"""A plan put on record, signed by who planned it where it needs approval."""

from __future__ import annotations

import sqlalchemy as sa

from moyai.approvals.signing import Signer
from moyai.approvals.subjects import PLAN, PLAN_NAMESPACE, signed_line
from moyai.errors import OperationFailed
from moyai.operations.database.writing import IdTaken, create_as, next_id
from moyai.planning.fleet.plans import OperationPlan, plan_sha256
from moyai.texts import Text

_TRIES = 10


def put_on_record(engine: sa.Engine, plan: OperationPlan, signer: Signer | None) -> str:
    """Put a plan on record; the operation's id.

    What is signed names the id, so that it is known before: where another operation takes it meanwhile,
    the next one is signed. Raises `CannotSign`.
    """
    digest = plan_sha256(plan)
    for _ in range(_TRIES):
        with engine.connect() as connection:
            operation = next_id(connection)
        signature = None
        if signer is not None:
            signature = signer.sign(signed_line(operation, digest, PLAN), PLAN_NAMESPACE)
        try:
            with engine.begin() as connection:
                create_as(connection, operation, plan, signature)
        except IdTaken:
            continue
        return operation
    raise OperationFailed(
        Text(
            "ほかの一斉作業が次々と登録されていて、番号を取れませんでした。",
            "other operations took every id that was tried.",
        ),
        remedy=Text("もう一度実行してください。", "Run it again."),
    )
