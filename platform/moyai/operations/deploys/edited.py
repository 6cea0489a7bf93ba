"""What is said of bodies whose entries were edited while operations have them in hand."""

from __future__ import annotations

from collections.abc import Iterable

from moyai.errors import MoyaiError
from moyai.operations.evidence.catching_up import is_in_use
from moyai.operations.site.workspace import Workspace
from moyai.texts import Text


def said_of_edited(
    workspace: Workspace, codes: Iterable[str], *, by: str | None = None
) -> tuple[Text, ...]:
    """Sentences about those that an operation has in hand or left half-way, or that this could not be asked;
    nothing where no operations database is in use. Raises nothing: the edit is written.

    `by`: the operation whose edit it is, which says nothing of itself.
    """
    if workspace.site.operations_database is None and not is_in_use(workspace):
        return ()
    # Records and the database's driver: only where there is something to ask.
    from moyai.operations.deploys.in_hand import Hands
    from moyai.operations.site.session import session_of

    try:
        hands = Hands(session_of(workspace))
        found = hands.told(codes, but=by)
    except MoyaiError as error:
        return (_unknown(error.what),)
    if not found and hands.away is not None:
        return (_unknown(hands.away),)
    return tuple(_waits(code, why) for code, why in sorted(found.items()))


def _waits(code: str, why: Text) -> Text:
    return Text(
        f"{code}: tenants.yaml には書きましたが、いまの作業が終わるまで適用できません。{why.ja}",
        f"{code}: it is written, and cannot be deployed before the work in hand has ended. {why.en}",
    )


def _unknown(why: Text) -> Text:
    return Text(
        f"tenants.yaml には書きました。作業中の団体かどうかは分かりません。{why.ja}",
        f"tenants.yaml is written. Whether an operation has the body in hand is not known: {why.en}",
    )
