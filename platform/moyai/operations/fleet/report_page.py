"""A report as Markdown, in one language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from moyai.operations.audit.record_words import action_word, outcome, said_of
from moyai.operations.fleet.reporting import BodyReport, Report, StepReport
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import BODIES, STEPS, WAVES, ended_word, word
from moyai.planning.fleet.wanted import needs_approval
from moyai.texts import Lang, Text, in_japan, text_in, visible

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|])")


def markdown(report: Report, lang: Lang) -> str:
    """The whole page, with a line feed at its end."""
    return "\n".join(_lines(report, lang)) + "\n"


def _lines(report: Report, lang: Lang) -> Iterator[str]:
    row, plan = report.view.row, report.view.plan
    title = Text("一斉作業の報告", "Report of operation")
    yield f"# {title.of(lang)} {row.id}"
    yield ""
    yield from _table(
        (),
        [
            (_W["kind"].of(lang), f"{word(TITLES, row.kind, lang)} {_md(row.subject)}".strip()),
            (_W["status"].of(lang), _status(report, lang)),
            (_W["planned"].of(lang), f"{_md(row.planned_by)}, {in_japan(row.planned_at)}"),
            (_W["began"].of(lang), _moment(row.began_at)),
            (_W["ended"].of(lang), _moment(row.ended_at)),
            (_W["totals"].of(lang), _totals(report.totals, lang)),
            ("SHA-256", row.plan_sha256),
        ],
    )
    yield from _approvals(report, lang)
    yield from _waves(report, lang)
    yield from _course(report, lang)
    for body in report.bodies:
        yield from _body(body, lang)
    yield from _debts(report, lang)
    if not plan.bodies:
        yield ""


def _status(report: Report, lang: Lang) -> str:
    row = report.view.row
    reason = "" if row.reason is None else f": {_md(row.reason.of(lang))}"
    return f"{ended_word(row.kind, row.status, row.counts).of(lang)}{reason}"


def _totals(totals: Mapping[str, int], lang: Lang) -> str:
    return ", ".join(f"{word(BODIES, status, lang)} {n}" for status, n in sorted(totals.items()))


def _approvals(report: Report, lang: Lang) -> Iterator[str]:
    yield from _heading(2, Text("承認", "Approvals"), lang)
    rows = [
        (
            _md(one.row.subject),
            _md(one.row.operator),
            in_japan(one.row.received_at),
            _md((_COUNTS if one.why_not is None else does_not_count(one.why_not)).of(lang)),
        )
        for one in report.approvals
    ]
    if rows:
        yield from _table((_W["subject"], _W["who"], _W["when"], _W["counts"]), rows, lang)
    elif not needs_approval(report.view.plan):
        yield Text("この種類の作業に承認は要りません。", "This kind of work needs none.").of(lang)
    else:
        yield Text("まだありません。", "None yet.").of(lang)


def _waves(report: Report, lang: Lang) -> Iterator[str]:
    yield from _heading(2, Text("適用枠", "Waves"), lang)
    counts: dict[int, int] = {}
    for body in report.bodies:
        counts[body.row.wave] = counts.get(body.row.wave, 0) + 1
    rows = [
        (
            str(wave.number),
            _md(wave.name),
            str(counts.get(wave.number, 0)),
            word(WAVES, wave.status, lang),
            _moment(wave.began_at),
            "" if wave.reason is None else _md(wave.reason.of(lang)),
        )
        for wave in report.view.waves
    ]
    heads = (_W["number"], _W["name"], _W["bodies"], _W["status"], _W["began"], _W["reason"])
    yield from _table(heads, rows, lang)


def _course(report: Report, lang: Lang) -> Iterator[str]:
    """What became of the whole, and who asked for what."""
    yield from _heading(2, Text("経過", "Course"), lang)
    rows = [
        (
            in_japan(one.at),
            _md(one.actor),
            _md(action_word(one.action).of(lang)),
            _md(outcome(one).of(lang)),
            _md(said_of(one).of(lang)),
        )
        for one in report.events
    ]
    if rows:
        yield from _table(
            (_W["when"], _W["actor"], _W["what"], _W["status"], _W["about"]), rows, lang
        )
    else:
        yield Text("ありません。", "Nothing.").of(lang)


def _body(body: BodyReport, lang: Lang) -> Iterator[str]:
    row = body.row
    yield ""
    yield f"## {row.code} {_md(row.name)}: {word(BODIES, row.status, lang)}"
    yield ""
    for change in body.change:
        yield f"- {_md(change.of(lang))}"
    for error in errors_of(row.error):
        yield f"- **{_md(error.of(lang))}**"
    if row.waits is not None:
        yield f"- {_md(row.waits.of(lang))}"
    if body.steps:
        yield ""
        heads = (_W["attempt"], _W["step"], _W["status"], _W["began"], _W["seconds"], _W["remark"])
        yield from _table(heads, [_step(step, lang) for step in body.steps], lang)


def _step(step: StepReport, lang: Lang) -> tuple[str, ...]:
    title = step.title.of(lang)
    if step.is_back:
        title = Text(f"{title}（切戻しの手順）", f"way back of {title}").of(lang)
    found = Text("（済みと確認）", " (found done)").of(lang) if step.was_found else ""
    return (
        str(step.attempt),
        _md(title),
        word(STEPS, step.status, lang) + found,
        in_japan(step.began_at),
        "" if step.ended_at is None else f"{(step.ended_at - step.began_at).total_seconds():.1f}",
        _md(_remark(step, lang)),
    )


def _remark(step: StepReport, lang: Lang) -> str:
    said = step.error or step.remark if step.way_back is None else step.way_back.said
    return "" if said is None else said.of(lang)


def _debts(report: Report, lang: Lang) -> Iterator[str]:
    yield from _heading(2, Text("残っている作業", "Still owed"), lang)
    rows = [(one.code, _md(one.reason.of(lang)), in_japan(one.opened_at)) for one in report.debts]
    if rows:
        yield from _table((_W["code"], _W["reason"], _W["since"]), rows, lang)
    else:
        yield Text("ありません。", "Nothing.").of(lang)


def does_not_count(why: Text) -> Text:
    """What is said of an approval on record that does not count."""
    return Text(f"数えない: {why.ja}", f"does not count: {why.en}")


_COUNTS = Text("有効", "counts")


def errors_of(error: Mapping[str, object] | None) -> tuple[Text, ...]:
    """The sentences of an error on record: what, touched, remedy, as far as there are any."""
    found = (text_in(error, part) for part in ("what", "touched", "remedy"))
    return tuple(one for one in found if one is not None)


def _heading(level: int, text: Text, lang: Lang) -> Iterator[str]:
    yield ""
    yield f"{'#' * level} {text.of(lang)}"
    yield ""


def _table(
    heads: Iterable[Text], rows: Iterable[tuple[str, ...]], lang: Lang = "ja"
) -> Iterator[str]:
    listed = list(rows)
    names = [one.of(lang) for one in heads] or [""] * (len(listed[0]) if listed else 0)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in listed:
        yield f"| {' | '.join(row)} |"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else in_japan(moment)


def _md(words: str) -> str:
    """Words that mean nothing to Markdown."""
    return _MARKS.sub(r"\\\1", visible(words))


_W: Mapping[str, Text] = {
    "kind": Text("種類", "kind"),
    "status": Text("状態", "status"),
    "planned": Text("計画", "planned"),
    "began": Text("開始", "began"),
    "ended": Text("終了", "ended"),
    "totals": Text("団体", "bodies"),
    "subject": Text("対象", "subject"),
    "who": Text("承認者", "by"),
    "when": Text("日時", "at"),
    "counts": Text("有効か", "counts"),
    "actor": Text("誰が", "who"),
    "what": Text("何を", "what"),
    "about": Text("内容", "about"),
    "number": Text("番号", "number"),
    "name": Text("名前", "name"),
    "bodies": Text("団体数", "bodies"),
    "reason": Text("理由", "reason"),
    "attempt": Text("回", "attempt"),
    "step": Text("手順", "step"),
    "seconds": Text("秒", "seconds"),
    "remark": Text("備考", "remark"),
    "code": Text("コード", "code"),
    "since": Text("いつから", "since"),
}
