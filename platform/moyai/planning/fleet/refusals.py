"""Why an approval does not count, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from moyai.approvals.rejections import Rejection
from moyai.approvals.subjects import Subject
from moyai.planning.fleet.plans import PlannedBody
from moyai.texts import Text, in_japan, visible

_NAMED = 5
"""Bodies that are named; more are counted."""

_ANOTHER_PERSON = Text(
    "ほかの承認担当者に承認してもらってください。", "Another approver has to approve."
)
_ONCE_MORE = Text("もう一度承認してください。", "Approve once more.")
_IN_FILE = Text(
    "tenants.yaml の operators（団体の承認者は approvers）を確かめてください。",
    "Look at operators in tenants.yaml (for a body's own, at its approvers).",
)


def unknown_subject(subject: str) -> Rejection:
    """The subject is none of those that there are."""
    said = visible(subject)[:80]
    return Rejection(
        "unknown-subject",
        Text(f"承認の対象（{said}）を読めません。", f"There is no subject {said}."),
        Text(
            "plan、exceptions、wave:番号、body:団体コード、リスク名:団体コードのどれかです。",
            "It is one of plan, exceptions, wave:NUMBER, body:CODE and RISK:CODE.",
        ),
    )


def not_planned(subject: Subject) -> Rejection:
    """The plan has no such wave, body or risk."""
    return Rejection(
        "not-planned",
        Text(f"この計画に {subject} はありません。", f"This plan has no {subject}."),
        Text(
            "moyai operation show で、計画の適用枠と団体を確かめてください。",
            "moyai operation show tells the plan's waves and bodies.",
        ),
    )


def unknown_person(email: str) -> Rejection:
    """Nobody in tenants.yaml has this address."""
    said = visible(email)[:120]
    return Rejection(
        "unknown-person",
        Text(f"{said} は tenants.yaml にいません。", f"{said} is not in tenants.yaml."),
        _IN_FILE,
    )


def no_approver(email: str) -> Rejection:
    """The role is another."""
    return Rejection(
        "no-approver",
        Text(f"{email} の役割は承認担当（approver）ではありません。", f"{email} is no approver."),
        _ANOTHER_PERSON,
    )


def no_planner(email: str) -> Rejection:
    """The role is one that only looks."""
    return Rejection(
        "no-planner",
        Text(
            f"{email} の役割では計画も実行もできません。",
            f"{email} has no role that may plan or run.",
        ),
        _IN_FILE,
    )


def expired_person(email: str, expires: date) -> Rejection:
    """The person's time in tenants.yaml is over."""
    return Rejection(
        "expired-person",
        Text(f"{email} の期限（{expires}）が過ぎています。", f"{email} expired on {expires}."),
        _IN_FILE,
    )


def not_theirs(email: str, bodies: Sequence[str]) -> Rejection:
    """Some of the bodies, by name, are not the approver's to approve for."""
    ja, en = "、".join(bodies[:_NAMED]), ", ".join(bodies[:_NAMED])
    if len(bodies) > _NAMED:
        ja, en = f"{ja} ほか", f"{en} and others"
    return Rejection(
        "not-theirs",
        Text(
            f"{email} の担当（bodies）に入っていない団体が{len(bodies)}あります: {ja}。",
            f"The bodies of {email} are not all that this is about; {len(bodies)} missing: {en}.",
        ),
        _ANOTHER_PERSON,
    )


def not_its_body(email: str) -> Rejection:
    """A body's own approver approved something else."""
    return Rejection(
        "not-its-body",
        Text(
            f"{email} は団体の承認者で、自団体の枠（body:団体コード）だけを承認できます。",
            f"{email} is a body's own approver, and approves body:CODE of that body only.",
        ),
        _ANOTHER_PERSON,
    )


def body_s_own(body: PlannedBody) -> Rejection:
    """The body's own word is asked for."""
    return Rejection(
        "body-s-own",
        Text(
            f"{body.name} の枠は、その団体の承認者だけが承認できます。",
            f"The slot of {body.name} is approved by that body's own approvers only.",
        ),
        Text(
            "tenants.yaml にあるその団体の approvers に承認してもらってください。",
            "Ask those whom tenants.yaml has as approvers of that body.",
        ),
    )


def same_person(email: str) -> Rejection:
    """Who planned or runs it approved."""
    return Rejection(
        "same-person",
        Text(
            f"{email} は計画・実行する本人です。承認は別の人がします。",
            f"{email} planned or runs it; another person approves.",
        ),
        _ANOTHER_PERSON,
    )


def same_key(email: str) -> Rejection:
    """The key of who planned or runs it approved, under another name."""
    return Rejection(
        "same-key",
        Text(
            f"{email} の鍵は、計画・実行する人の鍵と同じです。承認は別の人が別の鍵でします。",
            f"The key of {email} is that of who planned or runs it; another person approves with another key.",
        ),
        _ANOTHER_PERSON,
    )


def unsigned(email: str) -> Rejection:
    """Who asks for it has not signed it: nothing proves who that is."""
    return Rejection(
        "unsigned",
        Text(f"{email} の署名がありません。", f"{email} has not signed it."),
        Text(
            "計画・実行する人が、自分の鍵で署名してください。",
            "Who plans or runs it has to sign with their key.",
        ),
    )


def void_plan(why: Rejection) -> Rejection:
    """Nobody can approve a plan of which the planner's own signature does not count, or no more."""
    return Rejection(
        "void-plan",
        Text(
            f"計画した人の署名が数えられないため、この計画はだれにも承認できません。{why.what.ja}",
            f"the plan cannot be approved, as the signature of who planned it does not count: {why.what.en}",
        ),
        Text(
            "いまの operators の人が、計画を作り直してください（この計画は moyai operation cancel で"
            "取り消します）。",
            "Have an operator of today plan it anew, and call this one off (moyai operation cancel).",
        ),
    )


def used_up(email: str) -> Rejection:
    """The step was done since: it is to be done once more."""
    return Rejection(
        "used-up",
        Text(
            f"{email} の承認のあとに、この手順は一度行われました。",
            f"The step was done once since {email} approved it.",
        ),
        _ONCE_MORE,
    )


def aged_out(until: datetime) -> Rejection:
    """The approval is too old."""
    return Rejection(
        "aged-out",
        Text(
            f"承認の有効期限（{in_japan(until)}）が過ぎました。",
            f"The approval held until {in_japan(until)}.",
        ),
        Text(
            "計画がまだ妥当か確かめて、もう一度承認してください。",
            "See that the plan still stands, then approve once more.",
        ),
    )


def no_moment() -> Rejection:
    """Of a version before: its signed line has no moment, so that nobody can know its age."""
    return Rejection(
        "no-moment",
        Text(
            "署名した日時のない、以前の版の承認です。いまは数えません。",
            "The approval is of a version before, which signed no moment: it counts no longer.",
        ),
        _ONCE_MORE,
    )


def unknown_moment() -> Rejection:
    """The moment is none that a line can have."""
    return Rejection(
        "unknown-moment",
        Text(
            "署名した日時を読めません（2026-11-26T12:00:00Z の形です）。",
            "The moment of the signature cannot be read; it is written 2026-11-26T12:00:00Z.",
        ),
        _ONCE_MORE,
    )


def signed_in_the_future(signed_at: datetime) -> Rejection:
    """The signer's clock was ahead, or somebody signed for later."""
    return Rejection(
        "future",
        Text(
            f"署名した日時（{in_japan(signed_at)}）が、5分より先の未来です。",
            f"It was signed with a moment more than five minutes ahead: {in_japan(signed_at)}.",
        ),
        Text(
            "署名する機械の時計を合わせて、もう一度承認してください。",
            "Set the clock of the machine that signs, then approve once more.",
        ),
    )
