"""Whether a run may be carried on, and by whom."""

from __future__ import annotations

from dataclasses import replace

from moyai.approvals.subjects import PLAN_NAMESPACE
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.stepping import why_not_kept
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.planning.fleet import refusals
from moyai.runbook.commands import plain
from moyai.runbook.model import Runbook, Values
from moyai.texts import Text


def no_secrets(values: Values, around: Surroundings) -> None:
    """Raises `UsageError` for a parameter that would put a secret on record."""
    for name, value in plain(values).items():
        for word in value if isinstance(value, list) else [str(value)]:
            why = why_not_kept(word, around)
            if why is not None:
                raise UsageError(
                    Text(f"{name}: {why.ja}。", f"{name}: {why.en}."), touched=NOTHING_TOUCHED
                )


def signed(runbook: Runbook, record: RunRecord, around: Surroundings) -> RunRecord:
    """With the signature of who carries it on, where a step asks for two persons: a name proves nobody.

    Raises `Refused` where that person may not, `CannotSign`.
    """
    if not runbook.gated:
        return record
    person, runners = around.person.name, dict(record.runners)
    if around.signer is not None:
        line = around.judge.run_line(runbook, record)
        runners[person] = around.signer.sign(line, PLAN_NAMESPACE)
        record = replace(record, runners=runners)
    why = around.judge.runner(runbook, record, person, around.now())
    if why is not None or around.signer is None:
        why = why or refusals.unsigned(person)
        raise Refused(why.what, touched=NOTHING_TOUCHED, remedy=why.remedy)
    return record


def still_open(record: RunRecord) -> RunRecord:
    """Raises `Refused` for a run that was taken back."""
    if record.status != "taken-back":
        return record
    raise Refused(
        Text(f"実行 {record.id} は元に戻してあります。", f"{record.id} was taken back."),
        touched=NOTHING_TOUCHED,
        remedy=Text("新しく実行してください。", "Begin a new run."),
    )


def going_forward(record: RunRecord) -> RunRecord:
    """Raises `Refused` for a run that is on its way back."""
    if record.status != "taking-back":
        return record
    raise Refused(
        Text(
            f"実行 {record.id} は元に戻す途中です。先へは進めません。",
            f"{record.id} is being taken back: it does not go forward any more.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai runbook run --back {record.id} で最後まで戻してください。",
            f"moyai runbook run --back {record.id} takes it back to the end.",
        ),
    )


def admitted(runbook: Runbook, record: RunRecord, around: Surroundings) -> RunRecord:
    """A run that may be carried on, signed. Raises `Refused` where the runbook was changed since it began."""
    if runbook.sha256 == record.source_sha256:
        return signed(runbook, record, around)
    raise Refused(
        Text(
            f"手順書 {runbook.name} は、実行 {record.id} を始めたあとに変わりました。",
            f"the runbook {runbook.name} was changed since {record.id} began.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "手順書を元に戻すか、新しく実行してください。",
            "Put the runbook back as it was, or begin a new run.",
        ),
    )
