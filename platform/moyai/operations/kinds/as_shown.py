"""Whether what a person read and approved of a body is what would be done with it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from moyai.operations.kinds.kind import Moved, Work
from moyai.planning.fleet.differing import lacks_own_word
from moyai.registry.models import Registry
from moyai.texts import Text

ANEW = Text(
    "この団体だけ、新しい計画を作って承認を受けてください。",
    "Plan this body anew, and have that approved.",
)


def hold_to_shown(registry: Registry, work: Work, texts: Sequence[Text] | None = None) -> None:
    """Believe a planner in neither. Raises `Moved` where the plan tells people something else than `texts`, or
    leaves out the body's own word, which tenants.yaml asks for."""
    if texts is not None and tuple(texts) != work.body.change:
        raise Moved(_told_otherwise(texts), remedy=ANEW)
    if work.body.code in lacks_own_word(work.plan, registry):
        raise Moved(
            Text(
                "tenants.yaml ではこの団体自身の承認が要りますが、計画はそれを求めていません。",
                "tenants.yaml asks for the body's own approval, and the plan does not.",
            ),
            remedy=ANEW,
        )


def not_as_planned(texts: Sequence[Text]) -> Moved:
    """For a body with which something else would be done now than what was approved: `texts`."""
    done = _together(texts)
    return Moved(
        Text(
            f"計画のときと違います。いま行うとすれば: {done.ja}",
            f"it is not what was planned any more. What would be done now: {done.en}",
        ),
        remedy=ANEW,
    )


def _told_otherwise(texts: Sequence[Text]) -> Text:
    done = _together(texts)
    return Text(
        f"計画の説明と、行うことが違います。行うこと: {done.ja}",
        f"it is not what the plan tells people. What would be done: {done.en}",
    )


def _together(texts: Sequence[Text]) -> Text:
    return Text("、".join(one.ja for one in texts), "; ".join(one.en for one in texts))
