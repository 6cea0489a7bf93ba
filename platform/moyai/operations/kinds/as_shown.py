"""Whether what a person read and approved of a body is what would be done with it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from moyai.operations.kinds.kind import Moved, Work
from moyai.planning.fleet.differing import lacks_own_word
from moyai.planning.fleet.marks import Marks, not_the_same
from moyai.registry.models import Registry
from moyai.texts import Text


def hold_to_shown(registry: Registry, work: Work, texts: Sequence[Text] | None = None) -> None:
    """Believe a planner in neither. Raises `Moved` where the plan tells people something else than `texts`, or
    leaves out the body's own word, which tenants.yaml asks for."""
    if texts is not None and tuple(texts) != work.body.change:
        raise Moved(_told_otherwise(texts), remedy=anew(work))
    if work.body.code in lacks_own_word(work.plan, registry):
        raise Moved(
            Text(
                "tenants.yaml ではこの団体自身の承認が要りますが、計画はそれを求めていません。",
                "tenants.yaml asks for the body's own approval, and the plan does not.",
            ),
            remedy=anew(work),
        )


def not_as_planned(work: Work, texts: Sequence[Text], marks: Marks) -> Moved:
    """For a body with which something else would be done now than what was approved: what differs.

    `texts`: what would be done, as a plan says it; `marks`: of what that is hashed of.
    """
    approved = work.body.change
    gone = [one for one in approved if one not in texts]
    more = [one for one in texts if one not in approved]
    same = {one.en for one in (*gone, *more)}
    inside = [
        one
        for one in not_the_same(work.plan, marks)
        if one.en not in same  # a part that is itself new or gone is told as such
    ]
    ja, en = ["計画のときと違います"], ["it is not what was planned any more"]
    for words, found in (
        (Text("計画にあり、もうないもの", "in the plan, and not any more"), gone),
        (Text("計画になく、加わったもの", "not in the plan"), more),
        (Text("言葉は同じで中身が違うもの", "the same in words, and another in content"), inside),
    ):
        if found:
            told = _together(found)
            ja.append(f"{words.ja}: {told.ja}")
            en.append(f"{words.en}: {told.en}")
    if len(ja) == 1:
        ja.append("言葉は計画と同じで、もとになるファイルかコードの中身が違います")
        en.append("in words it is the same, but files or code behind it are others")
    return Moved(Text("。".join(ja) + "。", ". ".join(en) + "."), remedy=anew(work))


def not_as_begun(work: Work, marks: Marks) -> Moved:
    """For a body that was begun, with which something else would be done from here on than what was approved.

    `marks`: of what would be done now; what of the plan is done by now is no difference.
    """
    found = not_the_same(work.plan, marks, is_begun=True)
    told = _together(found) if found else _ENVIRONMENT
    return Moved(
        Text(
            f"作業を始めたあとに変わったものがあり、承認されたとおりには進められません: {told.ja}",
            f"something was changed since it was begun, and it cannot go on as approved: {told.en}",
        ),
        remedy=anew(work),
    )


_ENVIRONMENT = Text(
    "環境の構成（tenants.yaml、プログラム、共通基盤のどれか）",
    "its environment, by tenants.yaml, a program or the foundation",
)


def anew(work: Work) -> Text:
    """What to do about a body that has moved: the command that plans it anew."""
    command = _command(work)
    again = f"moyai operation retry {work.operation} {work.body.code}"
    first = (
        Text("この団体だけ新しい計画を作り、", "Plan this body anew")
        if command is None
        else Text(f"{command} でこの団体の計画を作り直し、", f"Plan this body anew with {command}")
    )
    return Text(
        f"{first.ja}承認を受けてください。ファイルとコードを計画のときのものに戻さないかぎり、{again} をしても"
        "また「計画と相違」になります。",
        f"{first.en}, and have that approved. Begun again by {again} it moves again, unless files and code are "
        "put back as they were when it was planned.",
    )


def _command(work: Work) -> str | None:
    plan, body = work.plan, work.body
    any_time = " --any-time" if body.calendar is None or body.calendar.is_any_time else ""
    if plan.kind == "upgrade":
        soak = plan.parameters.get("soak_seconds")
        soaks = f" --soak {soak}" if isinstance(soak, int) and soak else ""
        return f"moyai upgrade {plan.subject} {body.code}{soaks}{any_time}"
    if plan.kind == "deploy":
        return f"moyai deploy {body.code} --by-workers{any_time}"
    if plan.kind == "rotate":
        return f"moyai rotate {plan.subject} {body.code}{any_time}"
    if plan.kind == "edit" and plan.parameters.get("code") == body.code:
        return f"moyai tenant edit {body.code}{_edits(plan.parameters.get('edits'))} --propose{any_time}"
    return None


def _edits(given: object) -> str:
    words = ""
    for one in given if isinstance(given, Sequence) else ():
        if isinstance(one, Mapping):
            key, value = one.get("key"), one.get("value")
            words += (
                f" --unset {shlex.quote(str(key))}"
                if value is None
                else f" --set {shlex.quote(f'{key}={value}')}"
            )
    return words


def _told_otherwise(texts: Sequence[Text]) -> Text:
    done = _together(texts)
    return Text(
        f"計画の説明と、行うことが違います。行うこと: {done.ja}",
        f"it is not what the plan tells people. What would be done: {done.en}",
    )


def _together(texts: Sequence[Text]) -> Text:
    return Text("、".join(one.ja for one in texts), "; ".join(one.en for one in texts))
