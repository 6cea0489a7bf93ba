"""One step of a run: its command run and judged, or its question asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

from jinja2 import UndefinedError

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.runbooks.asking import Question
from moyai.operations.runbooks.events import OutputLine
from moyai.operations.runbooks.programs import Ended
from moyai.operations.runbooks.records import RunRecord, StepRecord
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.registry.words import not_known
from moyai.runbook.commands import arguments
from moyai.runbook.conditions import evaluate
from moyai.runbook.model import AnswerType, Argument, Precondition, Step
from moyai.runbook.parameters import why_no_text
from moyai.runbook.templates import sentence
from moyai.texts import Text

Told = Generator[OutputLine, None, tuple[StepRecord, Text | None]]
"""What a command writes, and at its end the step's record with what was found."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A command of a step or a precondition, and what is to hold of its JSON."""

    name: str
    argv: tuple[str, ...]
    timeout_seconds: int
    judge: Step | Precondition | None


def argv_of(run: tuple[Argument, ...], record: RunRecord) -> tuple[str, ...]:
    """A command's arguments. Raises `Refused` where an answer is not there yet."""
    try:
        return arguments(run, record.known_values())
    except UndefinedError:
        raise Refused(
            Text(
                "前の質問にまだ答えていないので、この手順は行えません。",
                "this step cannot be done: a question before it has no answer yet.",
            ),
            touched=NOTHING_TOUCHED,
        ) from None


def carried(begun: StepRecord, probe: Probe, record: RunRecord, around: Surroundings) -> Told:
    """Run a command, and hold its JSON against a condition where there is one."""
    ended: Ended | None = None
    with around.store.command(record.id) as lock:
        for one in around.programs.run(probe.argv, probe.timeout_seconds, lock):
            if isinstance(one, Ended):
                ended = one
            elif probe.judge is None:
                yield OutputLine(probe.name, one.words)
    assert ended is not None
    around.store.output(record.id, probe.name, ended.kept)
    done, said = ended.exit_code == 0, ended.why
    if said is None and not done:
        said = _failed(ended)
    if done and probe.judge is not None:
        done, said = _judged(probe.judge, ended.out, record.known_values())
    if said is not None:
        clean = around.programs.without_secrets
        said = Text(clean(said.ja), clean(said.en))
    kept = replace(
        begun,
        status="done" if done else "failed",
        ended_at=around.now().isoformat(),
        exit_code=ended.exit_code,
        output_sha256=hashlib.sha256(ended.kept).hexdigest(),
        said=None if said is None else said.en,
    )
    return kept, said


def _failed(ended: Ended) -> Text:
    """The exit code, and the last line that was written: of a check nothing else is shown."""
    last = next(reversed(ended.kept.decode().rstrip().splitlines()), "")
    return Text(f"終了コード {ended.exit_code}: {last}", f"exit code {ended.exit_code}: {last}")


def asked(
    step: Step, begun: StepRecord, record: RunRecord, around: Surroundings
) -> tuple[StepRecord, Text | None]:
    """Ask; without an answer the step stays begun, and the run waits."""
    assert step.ask is not None
    assert step.answer is not None
    text = sentence(step.ask, record.known_values())
    shape = step.answer
    question = Question(step.id, text, shape.type, shape.choices, step.timeout_seconds)
    answer = around.person.answer(question)
    if answer is None:
        return begun, Text("答えがありません。", "nobody answered.")
    why = why_no_answer(question, answer) or why_not_kept(answer, around)
    if why is not None:
        return begun, why
    wanted = shape.wanted in (None, answer)
    ended = replace(
        begun,
        status="done" if wanted else "stopped",
        ended_at=around.now().isoformat(),
        said=answer,
    )
    return ended, Text(answer, answer)


def _judged(
    judge: Step | Precondition, out: str, values: Mapping[str, object]
) -> tuple[bool, Text]:
    assert judge.expect is not None
    try:
        document = json.loads(out)
    except (ValueError, RecursionError):
        return False, Text("出力が JSON ではありません。", "its output is not JSON.")
    outcome = evaluate(judge.expect, document, values)
    return outcome.holds, outcome.found


def agreed(question: Question, around: Surroundings) -> str | None:
    """`yes` or `no`; None where nobody says either: the run waits."""
    answer = around.person.answer(question)
    return answer if answer in ("yes", "no") else None


def why_not_kept(words: str, around: Surroundings) -> Text | None:
    """Why words are not taken, as they would be on record: a secret, or what looks like one."""
    if around.programs.without_secrets(words) == words:
        return None
    return Text(
        "秘密（パスワードや鍵など）に見えます。記録に残るので使えません",
        "it looks like a secret, such as a password or a key, and would be on record",
    )


def why_no_answer(question: Question, answer: str) -> Text | None:
    """Why words do not answer a question, or None."""
    if question.type is AnswerType.TEXT:
        return why_no_text(answer)
    known = ("yes", "no") if question.type is AnswerType.YES_NO else tuple(question.choices)
    return None if answer in known else not_known(answer, known, "答え", "answer")
