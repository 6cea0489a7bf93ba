"""No worker judges by a file that is older than the one that was applied last."""

from __future__ import annotations

from moyai.operations.kinds.answers import available
from moyai.operations.kinds.kind import Unavailable
from moyai.operations.site.session import Session
from moyai.texts import Text


def refuse_older(session: Session) -> None:
    """Raises `Unavailable` where this worker's file is older than the one that was applied last on the site, or
    where nobody can say. Raises `SiteTrouble` as it is: the body waits until the site answers."""
    older = available(lambda: session.history.older(session.workspace.registry))
    if older is not None:
        raise Unavailable(
            older,
            remedy=Text(
                "このワーカーの tenants.yaml を新しくしてから、moyai operation retry を実行してください。",
                "Bring the worker's tenants.yaml up to date, then run moyai operation retry.",
            ),
        )
