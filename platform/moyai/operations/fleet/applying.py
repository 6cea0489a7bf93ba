"""An approved edit put into tenants.yaml by a person, whereupon workers bring it to the bodies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from moyai.errors import NOTHING_TOUCHED, MoyaiError, Refused
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView, Pause
from moyai.operations.database.steered import words_of
from moyai.operations.database.writing import put_in_file, want
from moyai.operations.deploys.tenants import would_change, write_change
from moyai.operations.evidence.catching_up import put_deeds
from moyai.operations.evidence.deeds import deed_files
from moyai.operations.evidence.doing import About, on_record
from moyai.operations.fleet.approving import missing, not_counted
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.proposing import changes_of, moved
from moyai.planning.fleet.going_on import judge_words, needs_signature
from moyai.planning.fleet.status_words import OPERATIONS, named
from moyai.planning.fleet.wanted import of_plan
from moyai.registry.change import TenantChanged
from moyai.registry.models import Operator, Registry
from moyai.texts import Text, in_japan


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done."""

    operation: str
    was_written: bool
    """False: the file had the edit already."""
    begins: bool
    """Whether workers may begin now."""
    foundation: tuple[str, ...]
    """Stacks of the foundation that are to be deployed by hand first."""
    codes: tuple[str, ...]
    """The bodies that it changes."""
    paused: Pause | None = None
    """Who has paused it, so that nothing begins before a signed resume; None: nobody has."""


def apply(
    office: Office, operation: str, who: str | None, day: date, *, begin: bool = True
) -> Applied:
    """Write the edit of a proposal; may be run again. `begin`: whether workers may then begin.

    The file is written on record: a line on this machine's disk is there before, so that the chains tell of a
    command that was killed over it. Raises `UsageError` for what is no proposal, `Refused` where it is not
    approved, has ended, is paused by a person and would begin, or where the file is another one by now.
    """
    registry = office.workspace.registry
    by = who_plans(registry, who, day)
    with office.engine.connect() as connection:
        view = shown(connection, operation)
    code, changes = changes_of(view.plan)
    codes = [body.code for body in view.plan.bodies]
    require_bodies(by, registry, codes, day)
    if code not in codes:  # whoever approves a plan answers for its bodies alone
        raise _not_as_shown(operation)
    if view.row.ended_at is not None or view.row.wanted in ("cancel", "stop"):
        raise _ended(view)
    absent = missing(view, registry)
    unsaid = tuple(one for one in of_plan(view.plan) if one in absent)
    if unsaid:
        raise _not_approved(view, not_counted(view, registry, unsaid))
    after = view.plan.parameters["after_sha256"]
    has_it = registry.sha256 == after
    if begin:
        with office.engine.connect() as connection:
            _require_not_stopped(connection, view, registry, has_it=has_it)
    changed = None
    if not has_it:
        if registry.sha256 != view.plan.parameters["base_sha256"]:
            raise moved(operation)
        changed = would_change(registry, code, changes)
        # What the approver has read is the difference: a plan may say another than it makes.
        if changed.registry.sha256 != after or changed.diff != _texts(view, "diff"):
            raise _not_as_shown(operation)
    paused = _put(office, view, by, changed, begin=begin)
    done = Applied(operation, changed is not None, begin, _texts(view, "foundation"), tuple(codes))
    return replace(done, paused=paused)


def _put(
    office: Office, view: OperationView, by: Operator, changed: TenantChanged | None, *, begin: bool
) -> Pause | None:
    """Put it into the file, and on record only where that was done; where the answer of the record is lost, it
    is run again. Who has paused it, where nothing is to begin."""
    workspace, operation, actor = office.workspace, view.row.id, f"operator:{by.email}"
    with office.engine.begin() as connection:
        put_in_file(connection, operation, actor, written=changed is not None)
        now = shown(connection, operation)  # nobody steers it from here on: its row is locked
        if begin:
            _require_not_stopped(connection, now, workspace.registry, has_it=changed is None)
            if _is_to_begin(now):
                want(connection, operation, "run", actor)
        if changed is not None:
            about = About("tenant-apply", workspace.site.name, workspace.registry.sha256, by.email)
            facts = {"proposal": operation, "after_sha256": changed.registry.sha256}
            codes = tuple(sorted(body.code for body in view.plan.bodies))
            with on_record(workspace.runtime.home, about, codes, facts):
                write_change(workspace.registry, changed)
    if changed is not None:
        with suppress(MoyaiError, OSError):  # the next command or worker brings it in
            put_deeds(deed_files(workspace.runtime.home), office.engine)
    return now.paused


def _require_not_stopped(
    connection: sa.Connection, view: OperationView, registry: Registry, *, has_it: bool
) -> None:
    """Raises `Refused` where a person has paused it, or what let it go on since then does not count."""
    operation, plan = view.row.id, view.plan
    if view.paused is not None:
        by, since = view.paused.email, in_japan(view.paused.at)
        why = Text(
            f"{operation} は、{by} が一時停止しています（{since} から）。",
            f"{operation} is paused by {by}, since {since}.",
        )
        raise _stopped(operation, why, has_it=has_it)
    if needs_signature(plan, registry):
        words = words_of(connection, operation)
        said = judge_words(words, operation, view.row.plan_sha256, registry, plan.bodies).why
        if said is not None:
            why = Text(f"{operation}: {said.ja}", f"{operation}: {said.en}")
            raise _stopped(operation, why, has_it=has_it)


def _is_to_begin(view: OperationView) -> bool:
    """Whether its approvals let it begin: what has begun, or was resumed after a pause, goes on by signatures,
    and an unsigned word would hold it."""
    return view.last_pause is None and not any(body.attempts for body in view.bodies)


def _texts(view: OperationView, name: str) -> tuple[str, ...]:
    """One of the plan's lists."""
    found = view.plan.parameters.get(name, ())
    assert isinstance(found, Sequence)
    return tuple(str(one) for one in found)


def _ended(view: OperationView) -> Refused:
    status = named(OPERATIONS, view.row.status if view.row.ended_at is not None else "cancelled")
    return Refused(
        Text(
            f"{view.row.id} は「{status.ja}」で、もう適用できません。",
            f"{view.row.id} is {status.en}: it cannot be applied any more.",
        ),
        touched=NOTHING_TOUCHED,
    )


def _not_approved(view: OperationView, why: Sequence[Text]) -> Refused:
    ja = "".join(f"\n{one.ja}" for one in why)
    en = "".join(f"\n{one.en}" for one in why)
    return Refused(
        Text(
            f"{view.row.id} は承認されていません。{ja}",
            f"{view.row.id} is not approved.{en}",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"計画した人とは別の承認者が moyai operation approve {view.row.id} を実行してください。",
            f"Another person than the planner runs moyai operation approve {view.row.id}.",
        ),
    )


def _stopped(operation: str, why: Text, *, has_it: bool) -> Refused:
    resume = f"moyai operation resume {operation}"
    hold = f"moyai tenant apply {operation} --hold"
    remedy = Text(
        f"進めてよければ、{hold} で書くだけ書き、{resume} で、担当者の署名を付けて再開してください。",
        f"Once it may go on: {hold} only writes it, and {resume}, signed by an operator, lets it go on.",
    )
    if has_it:
        remedy = Text(
            f"tenants.yaml にはもう書かれています。{resume} で、担当者の署名を付けて再開してください。",
            f"tenants.yaml has it already: {resume}, signed by an operator, lets it go on.",
        )
    return Refused(why, touched=NOTHING_TOUCHED, remedy=remedy)


def _not_as_shown(operation: str) -> Refused:
    return Refused(
        Text(
            f"{operation} の変更では、承認された差分のとおりの tenants.yaml になりません。",
            f"the edits of {operation} do not make of tenants.yaml what its difference shows.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("もう一度提案してください。", "Propose it anew."),
    )
