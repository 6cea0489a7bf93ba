"""Results of runs as the driver's callers get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from moyai.engine.stacks import RunResult, StackId
from moyai.engine.worker.events import Tally
from moyai.engine.worker.failures import what_was_touched
from moyai.engine.worker.known_failures import AGAIN
from moyai.engine.worker.messages import Outcome
from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed
from moyai.texts import Text

CANCELLED = OperationFailed(
    Text("中断したため、始めていません。", "not begun, as the whole was interrupted."),
    touched=NOTHING_TOUCHED,
    remedy=AGAIN,
)


def result_of(stack: StackId, outcome: Outcome) -> RunResult:
    """What a worker's outcome is to the caller."""
    error = None if outcome.failure is None else outcome.failure.error()
    return RunResult(
        stack=stack,
        ok=error is None,
        steps=outcome.steps,
        drift=outcome.drift,
        outputs=outcome.outputs or {},
        checkpoint_sha256=outcome.checkpoint_sha256,
        seconds=outcome.seconds,
        error=error,
        repaired=outcome.repaired,
        summary=outcome.summary or {},
        gave_way=outcome.gave_way,
    )


def blame_plugin(stack: StackId, outcome: Outcome, dead: Mapping[str, Path]) -> RunResult:
    """The same for a run that failed while a shared plugin (package → its log) died."""
    assert outcome.failure is not None
    names = ", ".join(dead)
    logs = ", ".join(str(log) for log in dead.values())
    result = result_of(stack, outcome)
    error = OperationFailed(
        Text(
            f"プロバイダー {names} のプラグインが途中で終了しました。",
            f"the plugin of the provider {names} ended in the middle.",
        ),
        touched=outcome.failure.touched,
        remedy=Text(
            f"もう一度実行してください。現状を確かめて、続きから行います。記録は {logs} です。",
            f"Run again: it looks at what is there and goes on. Its log is {logs}.",
        ),
    )
    return replace(result, error=error)


def lost(stack: StackId, tally: Tally, checkpoint_sha256: str | None, seconds: float) -> RunResult:
    """Of a run whose worker died; `tally` is what the driver heard of it."""
    error = OperationFailed(
        Text("作業プロセスが途中で終了しました。", "the worker process ended in the middle."),
        touched=what_was_touched(tally),
        remedy=AGAIN,
    )
    steps = tuple(tally.steps)
    return RunResult(stack, False, steps, (), {}, checkpoint_sha256, seconds, error)


def not_begun(stack: StackId, error: MoyaiError) -> RunResult:
    """Of a run that no worker took."""
    return RunResult(stack, False, (), (), {}, None, 0.0, error, begun=False)
