"""A job that the body's own database turns away, as a later one of its operation has been there, though nobody
else has the body: then the operations database has forgotten who had it since."""

from __future__ import annotations

from moyai.errors import MoyaiError
from moyai.jobs.failures import JobFailed
from moyai.operations.durable.carrying.ledger import Ledger, Taken
from moyai.operations.kinds.kind import InDoubt
from moyai.texts import Text

_SUPERSEDED = "superseded"
_PASSWORDS = "password-"
"""Jobs that hold themselves to versions of secrets, which others may have changed, and to no fence."""


def seen_through(ledger: Ledger, taken: Taken, error: MoyaiError) -> MoyaiError:
    """The same error; one that holds the body where it shows that the operations database is an older copy,
    which is on record then. Raises `Fenced` where another has the body by now, whose job it was."""
    if not isinstance(error, JobFailed) or error.code != _SUPERSEDED:
        return error
    if error.verb.startswith(_PASSWORDS):
        return error
    ledger.stands(taken)
    ledger.found_behind()
    return InDoubt(
        Text(
            "この団体のデータベースには、運用データベースの知らない、より新しいジョブの記録があります。"
            "運用データベースは古い写しです。",
            "this body's database has on record a later job that the operations database does not know: that "
            "is an older copy.",
        ),
        touched=error.touched,
        remedy=Text(
            "手順書 database-host-lost に沿って確かめ、moyai operation restored を実行してください。",
            "Follow the runbook database-host-lost, and run moyai operation restored.",
        ),
    )
