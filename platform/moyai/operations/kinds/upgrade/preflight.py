"""The first step of an upgrade: whether the body is what was planned, and well. Changes nothing.

A body that an earlier attempt left half-way is begun again by what that attempt had found: the same
release to come from and the same end. Where it cannot be begun, it stays held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

from moyai.errors import MoyaiError
from moyai.jobs.results import JobError
from moyai.json_value import JsonValue
from moyai.operations.inside.looking import looked
from moyai.operations.kinds.again import Reading
from moyai.operations.kinds.answers import answer_of, available
from moyai.operations.kinds.as_shown import anew, hold_to_shown, not_as_begun, not_as_planned
from moyai.operations.kinds.kind import ALREADY, InDoubt, Moved, Result, Unavailable, Work
from moyai.operations.kinds.older import refuse_older
from moyai.operations.kinds.risks import hold_to_risks
from moyai.operations.kinds.stacks import hold_to_buildable
from moyai.operations.kinds.upgrade.behind import keep_budget
from moyai.operations.kinds.upgrade.body import (
    Subscribed,
    closer,
    is_half_way,
    is_released,
    restored_before,
    subscribed,
)
from moyai.operations.kinds.upgrade.change import (
    UpgradeChange,
    back_sha256,
    change_of,
    contracts_of,
    service_sha256,
    taking_over_sha256,
    way_back,
)
from moyai.operations.kinds.upgrade.found import Found, found_by, found_in
from moyai.operations.kinds.upgrade.verified import keep_said, keep_verified
from moyai.operations.site.places import today
from moyai.planning.conditions import Condition
from moyai.planning.fleet.debts import runs_already
from moyai.planning.fleet.taking_over import TakenOver, taken_over
from moyai.planning.fleet.wanted import lacking, of_risks
from moyai.planning.releases import is_newer
from moyai.texts import Text, document_of


@dataclass(frozen=True, slots=True)
class Preflight(Reading):
    """Condition on record, what would be done, freezes, quotas, health, who has closed writes."""

    name: str = "preflight"
    title: Text = Text("事前確認", "preflight")

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` or `Moved`; of a body that is half-way, `InDoubt`."""
        one = subscribed(self.source, work)
        over = taken_over(work.plan, work.body.code)
        if over is not None and work.took_over != over.ledger:
            raise _went_on(work, over.operation)
        if over is not None and not work.begun:  # not taken over yet, or taken back wholly since
            refuse_older(one.session)
            return self._take_over(one, work, over)
        half_way = is_half_way(work)
        try:
            refuse_older(one.session)
            return self._again(one, work) if half_way else self._first(one, work)
        except (Unavailable, Moved) as error:
            if half_way or (work.attempt > 1 and _has_closed_writes(one, work)):
                raise _stays_held(error) from error
            raise

    def _first(self, one: Subscribed, work: Work) -> Result:
        day = today()
        change = _change(one, None, day)
        self._is_known(one, change)
        before = change.before
        assert before is not None
        if before == one.target or is_newer(before, one.target):
            return _already(one, before)
        if change.sha256 != work.body.change_sha256:
            raise not_as_planned(work, change.texts, change.marks)
        hold_to_shown(one.registry, work, change.texts)
        hold_to_risks(one.registry, work, service=one.service, contracts=change.contracts)
        self._may_begin(work, change)
        planned = {body.code for body in work.plan.bodies}
        keep_budget(one.session, one.service, one.target, day, planned)
        days = one.registry.operations.verified_restore_days
        keep_verified(work, one.service, days, datetime.now(UTC))
        by, kept = available(partial(_seen, one, before, change))
        if by not in (None, closer(work)):
            raise _closed(one.code, str(by))
        if kept and restored_before(work) is None:
            raise _kept(one.code)
        return _found(one, change, before, day).result()

    def _take_over(self, one: Subscribed, work: Work, over: TakenOver) -> Result:
        """What another operation left, as it was when this one was planned."""
        day, on_record = today(), one.record.releases.get(one.service)
        released = over.way in ("open", "afresh")
        if on_record not in ((over.target,) if released else (over.release, over.target)):
            raise _released_otherwise(one, work, on_record)
        before = over.target if over.way == "afresh" else over.release
        change = _change(one, before, day)
        if taking_over_sha256(change, over) != work.body.change_sha256:
            raise not_as_planned(work, (over.text, *change.texts), change.marks)
        hold_to_shown(one.registry, work, (over.text, *change.texts))
        hold_to_risks(one.registry, work, service=one.service, contracts=change.contracts)
        keep_said(work, one.service, one.registry.operations.verified_restore_days)
        self._may_begin(work, change)
        given = (one.registry, one.outputs, one.service, before)
        state = available(lambda: looked(lambda: one.inside().writes_state(*given))).fields
        if state.get("closed_by") not in (None, over.closed_by):
            raise _closed(one.code, str(state["closed_by"]))
        found = _found(one, change, before, day)
        known = work.earlier.get("preflight")
        if known is not None and over.way != "afresh":
            # The steps of the operation before may have gone beyond what this one brings.
            contracts = {*(found_in(known).contracts or ()), *(found.contracts or ())}
            found = replace(found, contracts=tuple(sorted(contracts)))
        return {**found.result(), "half_way": True, "by": work.operation}

    def _again(self, one: Subscribed, work: Work) -> Result:
        """What was approved of the body and found then holds for where it is now."""
        found = found_by(work)
        before = found.release
        mark: dict[str, JsonValue] = {"half_way": True, "by": work.operation}
        on_record = one.record.releases.get(one.service)
        if is_released(work):
            if on_record != one.target:
                raise _released_otherwise(one, work, on_record)
            return {**found.result(), **mark}
        day = today()
        change = _change(one, before, day)
        over = taken_over(work.plan, one.code)
        known = {before, one.target} | ({over.target} if over is not None else set())
        if on_record not in known or change.end_sha256 != found.end_sha256:
            raise not_as_begun(work, change.marks)
        self._may_begin(work, change)
        return {**replace(found, day=day).result(), **mark}

    def _is_known(self, one: Subscribed, change: UpgradeChange) -> None:
        recorded = one.session.state.recorded(one.stack)
        if recorded.condition is not Condition.APPLIED or change.before is None:
            raise Unavailable(
                Text(
                    f"{one.code} の環境の状態が「適用済み」ではありません。",
                    f"{one.code}: its environment is not as it was applied last.",
                ),
                remedy=Text(
                    f"moyai status {one.code} で確かめ、moyai deploy {one.code} で直してください。",
                    f"Look at moyai status {one.code}, and put it right with moyai deploy {one.code}.",
                ),
            )

        if change.before not in one.manifest.releases:
            raise Unavailable(
                Text(
                    f"{one.service} のマニフェストに、{one.code} の今のリリース {change.before} がありません。",
                    f"the manifest of {one.service} has no release {change.before}, which {one.code} runs.",
                ),
                remedy=Text(
                    "マニフェストにそのリリースを戻してください。切戻しに要ります。",
                    "Put that release back into the manifest: the way back needs it.",
                ),
            )

    def _may_begin(self, work: Work, change: UpgradeChange) -> None:
        hold_to_buildable(change.plan, change.stack)
        subject = lacking(of_risks(work.body), work.cleared)
        if subject is not None:
            raise _unapproved(work, subject)


def _already(one: Subscribed, release: str) -> Result:
    """A body that runs the release, or a newer one, and is well. Raises `Unavailable` where it is not."""
    given = (one.registry, one.outputs, one.service, release)

    def seen() -> object:
        inside = one.inside()
        looked(lambda: inside.health(*given))
        return looked(lambda: inside.writes_state(*given)).fields.get("closed_by")

    by = available(seen)
    if by is not None:
        raise _closed(one.code, str(by))
    return {ALREADY: document_of(runs_already(one.service, release)), "release": release}


def _unapproved(work: Work, subject: str) -> Unavailable:
    risk = subject.partition(":")[0]
    return Unavailable(
        Text(
            f"「{risk}」の承認がありません。",
            f"nobody has approved {risk} of this body.",
        ),
        remedy=Text(
            f"承認者が moyai operation approve {work.operation} {subject} を実行してから、"
            "moyai operation retry を実行してください。",
            f"An approver runs moyai operation approve {work.operation} {subject}; "
            "then run moyai operation retry.",
        ),
    )


def _found(one: Subscribed, change: UpgradeChange, before: str, day: date) -> Found:
    return Found(
        release=before,
        end_sha256=change.end_sha256,
        back_sha256=way_back(one.session, one.code, one.service, day),
        stack_sha256=back_sha256(change.stack.fingerprint),
        service_sha256=service_sha256(one.manifest, before, one.target),
        contracts=contracts_of(change.migrations),
        day=day,
    )


def _went_on(work: Work, operation: str) -> Moved:
    code = work.body.code
    return Moved(
        Text(
            f"{operation} での {code} の状態が、計画のあとに変わりました。",
            f"{operation} has gone on with {code} since this was planned.",
        ),
        remedy=anew(work),
    )


def _has_closed_writes(one: Subscribed, work: Work) -> bool:
    """What the database says: a job that a dead worker had asked for may have closed them since."""
    release = one.record.releases.get(one.service)
    if release is None or release not in one.manifest.releases:
        return False
    given = (one.registry, one.outputs, one.service, release)
    state = answer_of(lambda: looked(lambda: one.inside().writes_state(*given)))
    if isinstance(state, MoyaiError):
        return False
    return bool(state.fields.get("closed_by") == closer(work))


def _seen(one: Subscribed, before: str, change: UpgradeChange) -> tuple[object, bool]:
    """Who has closed writes of a service that is well, and whether a database that a restore replaced is there
    yet; that is looked for where contract steps are to come. Raises `JobFailed`."""
    inside, given = one.inside(), (one.registry, one.outputs, one.service, before)
    looked(lambda: inside.health(*given))
    by = looked(lambda: inside.writes_state(*given)).fields.get("closed_by")
    if not any(each.contracts for each in change.migrations):
        return by, False
    return by, bool(looked(lambda: inside.restore_state(one.outputs, one.service)).fields["kept"])


def _change(one: Subscribed, begun_at: str | None, day: date) -> UpgradeChange:
    """Raises `Unavailable` where the service's folder cannot be read, `Moved` where the release is gone."""
    try:
        return change_of(one.session, one.code, one.service, one.target, day, begun_at)
    except JobError as error:
        raise Unavailable(error.what, remedy=error.remedy) from error
    except KeyError:
        raise Moved(
            Text(
                f"{one.service} のマニフェストにリリース {one.target} がもうありません。",
                f"the manifest of {one.service} has no release {one.target} any more.",
            )
        ) from None


def _released_otherwise(one: Subscribed, work: Work, on_record: str | None) -> Moved:
    return Moved(
        Text(
            f"{one.service} の記録上のリリースは {on_record} で、{one.target} ではなくなっています。",
            f"the release of {one.service} on record is {on_record}, and not {one.target} any more.",
        ),
        remedy=anew(work),
    )


def _closed(code: str, by: str) -> Unavailable:
    return Unavailable(
        Text(
            f"{code} の書込みは {by} が止めています。",
            f"{code}: writes were closed by {by}.",
        ),
        remedy=Text(
            f"moyai operation retry {by} {code} で終わらせるか、moyai upgrade で計画を作り直して引き継いで"
            "ください（計画にどこから引き継ぐかが出ます）。",
            f"Bring it to its end with moyai operation retry {by} {code}, or take it over by a new plan of "
            "moyai upgrade, which says what it takes over.",
        ),
    )


def _kept(code: str) -> Unavailable:
    return Unavailable(
        Text(
            f"{code} に、前の復元で置き換えたデータベースが残っています。"
            "それがあるあいだは、失敗したときにデータを戻せません。",
            f"{code} still has the database that a restore replaced: data could not be put back "
            "after a failure.",
        ),
        remedy=Text(
            "要らないことを確かめ、データベースの管理者が <名前>_before_restore を DROP DATABASE で"
            "削除してから、moyai operation retry を実行してください。",
            "Make sure that it is not wanted, have the database's administrator drop it (DROP DATABASE "
            "<name>_before_restore), then run moyai operation retry.",
        ),
    )


def _stays_held(error: MoyaiError) -> InDoubt:
    return InDoubt(
        Text(
            f"途中まで進んだ団体ですが、続きを始められません: {error.what.ja}",
            f"the body is half-way, and cannot be gone on with: {error.what.en}",
        ),
        touched=Text(
            "前の試行のまま、何も変えていません。",
            "It is as the attempt before left it; nothing was changed.",
        ),
        remedy=error.remedy,
    )
