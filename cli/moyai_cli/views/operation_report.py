"""The report of an operation, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from moyai.audit.records import to_document
from moyai.operations.audit.record_words import action_word, outcome, said_of
from moyai.operations.fleet.report_page import does_not_count, errors_of
from moyai.operations.fleet.reporting import BodyReport, Report, StepReport
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import BODIES, STEPS, word
from moyai.planning.fleet.ways_back import Way
from moyai.texts import in_japan
from moyai_cli.called import copyable
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, Record, listing, show_json, show_line
from moyai_cli.views.operation_records import (
    approval_record,
    body_record,
    utc,
    whole_record,
)
from moyai_cli.views.operation_words import counts_line, status_of


def show_report(made: Report, output: Output, saved: Path | None) -> None:
    """Body by body; CSV has a line for each step."""
    if output is Output.JSON:
        show_json(json.dumps(_record(made), ensure_ascii=False, indent=2))
        return
    if output is Output.CSV:
        columns = [Column(key, key) for key in ("code", "name", "body_status", *_STEP_KEYS)]
        listing(list(_rows(made)), columns, output)
        return
    for line in _lines(made):
        show_line(line)
    if saved is not None:
        show_line(say(f"{saved} に書きました。", f"Written to {saved}."))


def _record(made: Report) -> Record:
    view = made.view
    record = whole_record(view.row, view.waves, view.bodies)
    approvals = [
        {
            **approval_record(one.row),
            "counts": one.why_not is None,
            "why_not": None if one.why_not is None else of(one.why_not),
        }
        for one in made.approvals
    ]
    debts = [
        {"code": one.code, "reason": of(one.reason), "opened_at": utc(one.opened_at)}
        for one in made.debts
    ]
    return {
        **record,
        "totals": dict(made.totals),
        "bodies": [_body_record(body) for body in made.bodies],
        "approvals": approvals,
        "debts": debts,
        "events": [to_document(one) for one in made.events],
    }


def _body_record(body: BodyReport) -> Record:
    return {
        **body_record(body.row),
        "change": [of(text) for text in body.change],
        "taken_back": list(body.taken_back),
        "stays": list(body.steps_that(Way.STAYS)),
        "nothing_to_take_back": list(body.steps_that(Way.NOTHING)),
        "not_known": list(body.steps_that(Way.UNKNOWN)),
        "steps": [_step_record(step) for step in body.steps],
    }


_STEP_KEYS = (
    "attempt",
    "step",
    "is_back",
    "status",
    "began_at",
    "ended_at",
    "seconds",
    "was_found",
    "error",
    "way_back",
    "remark",
)


def _step_record(step: StepReport) -> dict[str, object]:
    values = (
        step.attempt,
        step.step,
        step.is_back,
        step.status,
        utc(step.began_at),
        utc(step.ended_at),
        _seconds(step),
        step.was_found,
        None if step.error is None else of(step.error),
        None if step.way_back is None else str(step.way_back.way),
        None if step.remark is None else of(step.remark),
    )
    return {**dict(zip(_STEP_KEYS, values, strict=True)), "title": of(step.title)}


def _rows(made: Report) -> Iterator[Record]:
    for body in made.bodies:
        head = {"code": body.row.code, "name": body.row.name, "body_status": body.row.status}
        for step in body.steps:
            yield {**head, **_step_record(step)}
        if not body.steps:
            yield head


def _seconds(step: StepReport) -> float | None:
    if step.ended_at is None:
        return None
    return round((step.ended_at - step.began_at).total_seconds(), 3)


def _lines(made: Report) -> Iterator[str]:
    row = made.view.row
    status = status_of(row)
    reason = "" if row.reason is None else f" — {of(row.reason)}"
    yield f"{row.id} {word(TITLES, row.kind, LANG)} {row.subject}".rstrip() + f": {status}{reason}"
    yield say("計画: ", "planned: ") + f"{row.planned_by}, {in_japan(row.planned_at)}"
    for one in made.approvals:
        about = f"{one.row.operator} ({one.row.subject}), {in_japan(one.row.received_at)}"
        if one.why_not is None:
            yield say("承認: ", "approved: ") + about
        else:
            yield f"{say('承認の記録: ', 'approval on record: ')}{about} — {of(does_not_count(one.why_not))}"
    for event in made.events:
        about = of(said_of(event))
        yield (
            f"  {in_japan(event.at)} {event.actor}: {of(action_word(event.action))}: "
            f"{of(outcome(event))}" + (f" — {about}" if about else "")
        )
    yield say("団体: ", "bodies: ") + counts_line(made.totals)
    for body in made.bodies:
        yield ""
        yield from _body_lines(body)
    if made.debts:
        yield ""
        yield say("残っている作業:", "Still owed:")
        for debt in made.debts:
            yield f"  {debt.code}: {copyable(of(debt.reason))}"


def _body_lines(body: BodyReport) -> Iterator[str]:
    row = body.row
    yield f"{row.code} {row.name}: {word(BODIES, row.status, LANG)}"
    for step in body.steps:
        title = of(step.title)
        if step.is_back:
            title = say(f"{title}（切戻しの手順）", f"way back of {title}")
        attempt = say(f"（{step.attempt}回目）", f" (attempt {step.attempt})")
        seconds = _seconds(step)
        took = "" if seconds is None else f" {seconds:.1f}s"
        again = attempt if row.attempts > 1 else ""
        ended = word(STEPS, step.status, LANG)
        if step.way_back is not None:
            ended = of(step.way_back.said)
        if step.remark is not None:
            ended = f"{ended} — {of(step.remark)}"
        yield f"  {in_japan(step.began_at)[11:19]} {title}{again}: {ended}{took}"
    for error in errors_of(row.error):
        yield f"  ! {copyable(of(error))}"
    if row.waits is not None and row.status == "waiting":
        yield f"  … {copyable(of(row.waits))}"
