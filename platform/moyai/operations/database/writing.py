"""What persons put on record: a new operation, what they want of it, approvals, retries.

Each is one function of the database, which checks what stands on record, does it, and writes its record in the
federation's chain and in those of the bodies that it concerns. Logins of operators may do nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from moyai.approvals.steering import SignedWord
from moyai.canonical_json import canonical
from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.epochs import behind_refused
from moyai.operations.database.files import telling_older
from moyai.operations.database.reading import no_such
from moyai.planning.fleet.plans import OperationPlan, to_document
from moyai.texts import Text

NOT_NOW = "MY005"
"""SQLSTATE: it cannot be done as things stand; the status is the error's detail."""
NO_SUCH = "MY006"
"""SQLSTATE: there is no such operation."""
BEHIND = "behind"
"""The detail of a refusal: the database is an older copy, and nobody has declared that."""
SIGNATURE = "signature"
"""The detail of a refusal: what was signed was asked for before, or is old."""
_NEXT_ID = sa.text("SELECT moyai.next_id()")
_PLAN = sa.text("SELECT moyai.plan_operation(:id, :plan, :signature)")
_SIGNED = ":asked, :signature, CAST(:signed_at AS timestamptz)"
_WANT = sa.text(f"SELECT moyai.want(:id, :wanted, :actor, {_SIGNED})")
_PUT_IN_FILE = sa.text("SELECT moyai.put_in_file(:id, :written, :actor)")
_RELEASE = sa.text(f"SELECT moyai.release(:id, CAST(:what AS text[]), :actor, {_SIGNED})")
_RETRY = sa.text(f"SELECT moyai.retry(:id, CAST(:codes AS text[]), :actor, {_SIGNED})")
_APPROVE = sa.text(
    "SELECT moyai.approve(:id, :subject, :operator, :sha256, :signature, :signed_at, :is_own)"
)


class IdTaken(Exception):  # nobody's error: the caller reserves another
    """Another operation got the id meanwhile."""


def next_id(connection: sa.Connection) -> str:
    """The id that the next operation gets: the day in Asia/Tokyo, the epoch from the second on, and which of
    that day (`20261126-3`, `20261126-e2-1`). Another may take it before `create_as`."""
    return str(connection.execute(_NEXT_ID).scalar_one())


def create_as(
    connection: sa.Connection, operation: str, plan: OperationPlan, signature: str | None
) -> None:
    """Put a plan on record under an id, of today in Asia/Tokyo. Raises `IdTaken`, with nothing written, and
    `Refused` for a plan by an older tenants.yaml, and where the database is known to be an older copy."""
    text = canonical(to_document(plan)).decode()
    given = {"id": operation, "plan": text, "signature": signature}
    with telling_older(), _refusals(operation, only=BEHIND):
        is_free = connection.execute(_PLAN, given).scalar()
    if not is_free:
        raise IdTaken(operation)


def want(
    connection: sa.Connection,
    operation: str,
    wanted: str,
    actor: str,
    signed: SignedWord | None = None,
) -> None:
    """Say what is wanted: `run`, `pause`, `cancel`, `stop`. `signed`: what its record proves it by; None: the
    name is given, and not signed. Raises `Refused` where it has ended, and for anything but `cancel` and `stop`
    of one that is being cancelled."""
    _do(connection, _WANT, operation, wanted=wanted, actor=actor, **_signed(signed))


def put_in_file(connection: sa.Connection, operation: str, actor: str, *, written: bool) -> None:
    """Say that an approved edit is put into tenants.yaml; `written`: false where the file had it already.

    Raises `Refused` where the operation has ended, is being cancelled, is no edit, or is not approved.
    """
    _do(connection, _PUT_IN_FILE, operation, written=written, actor=actor)


def release(
    connection: sa.Connection,
    operation: str,
    what: Iterable[str],
    actor: str,
    signed: SignedWord | None = None,
) -> None:
    """Let go on what was held: `wave:2`, or `operation` after errors of one signature. What had failed
    by now holds it no longer. Raises `Refused` where it has ended."""
    _do(connection, _RELEASE, operation, what=list(what), actor=actor, **_signed(signed))


def retry(
    connection: sa.Connection,
    operation: str,
    codes: Iterable[str],
    actor: str,
    signed: SignedWord | None = None,
) -> None:
    """Have bodies begun again from their first step, in a new attempt.

    Raises `Refused` where the operation was cancelled or never began, and for bodies that did not fail, are not
    held, were not skipped and have not moved.
    """
    _do(connection, _RETRY, operation, codes=list(codes), actor=actor, **_signed(signed))


def approve(
    connection: sa.Connection,
    operation: str,
    subject: str,
    operator: str,
    digest: str,
    signature: str,
    signed_at: datetime,
    *,
    is_own: bool = False,
) -> None:
    """Put a signature on record, once. Whether it counts is judged by workers, each time anew.

    `is_own`: by a body's own approver, for its slot. Raises `Refused` where another signature by the same
    person over the same line is on record.
    """
    given = {
        "subject": subject,
        "operator": operator,
        "sha256": digest,
        "signature": signature,
        "signed_at": signed_at,
        "is_own": is_own,
    }
    if not _do(connection, _APPROVE, operation, **given):
        raise _signed_twice(operator)


def _signed(word: SignedWord | None) -> dict[str, object]:
    if word is None:
        return {"asked": None, "signature": None, "signed_at": None}
    return {"asked": word.asked, "signature": word.signature, "signed_at": word.signed_at}


def _do(
    connection: sa.Connection, statement: sa.TextClause, operation: str, **given: object
) -> Any:
    """Ask a function of the database, and tell its refusal to people."""
    with _refusals(operation):
        return connection.execute(statement, {"id": operation, **given}).scalar()


@contextmanager
def _refusals(operation: str, only: str | None = None) -> Iterator[None]:
    """Tell them to people. `only`: the one that is; others are raised as they are."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        detail = getattr(getattr(error.orig, "diag", None), "message_detail", None)
        if only not in (None, detail):
            raise
        if state == NO_SUCH:
            raise no_such(operation) from None
        if state == NOT_NOW and detail == BEHIND:
            raise behind_refused() from None
        if state == NOT_NOW and detail == SIGNATURE:
            raise _sign_anew(operation) from None
        if state == NOT_NOW:
            raise _refused(operation, detail) from None
        raise


def _sign_anew(operation: str) -> Refused:
    return Refused(
        Text(
            f"{operation} への指示の署名は、もう使われたか、古くなっています。",
            f"what was signed of {operation} was asked for before, or was signed too long ago.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "同じコマンドをもう一度実行し、署名し直してください。",
            "Run the command again, and sign anew.",
        ),
    )


def _signed_twice(operator: str) -> Refused:
    return Refused(
        Text(
            f"{operator} が同じ秒に署名した、別の署名が記録にあります。",
            f"Another signature that {operator} made in the same second is on record.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("もう一度署名してください。", "Sign once more."),
    )


_WHY = {
    "cancelling": Text("取消の途中", "being cancelled"),
    "bodies": Text(
        "やり直せない団体を含む状態", "such that some of these bodies cannot begin again"
    ),
}
"""What a refusal is called that is no status."""


def _refused(operation: str, status: str | None) -> Refused:
    why = _WHY.get(status or "", Text(status or "別の状態", status or "in another status"))
    return Refused(
        Text(
            f"一斉作業 {operation} は {why.ja} のため、できません。",
            f"the operation {operation} is {why.en}: this cannot be done with it.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai operation show {operation} で状態を確かめてください。",
            f"Look at moyai operation show {operation}.",
        ),
    )
