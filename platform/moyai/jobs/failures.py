"""Why a job did not end well, as its caller is told: the caller's half."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moyai.errors import MoyaiError
from moyai.job_target import KnownTarget
from moyai.jobs.results import AWAY, Fields
from moyai.texts import Text, text_of

CONTAINER = "job"


class JobFailed(MoyaiError):
    """A job did not end well. `code` is the job's own, or `not-started`, `no-place`, `too-long`,
    `no-result`."""

    def __init__(
        self,
        what: Text,
        *,
        verb: str,
        code: str,
        task_arn: str | None = None,
        exit_code: int | None = None,
        fields: Fields | None = None,
        touched: Text | None = None,
        remedy: Text | None = None,
        was_cut_off: bool = False,
    ) -> None:
        super().__init__(what, touched=touched, remedy=remedy)
        self.verb = verb
        self.code = code
        self.task_arn = task_arn
        self.job_exit_code = exit_code
        """The container's; None where it never ran."""
        self.fields: Fields = fields or {}
        self.was_cut_off = was_cut_off
        """Whether its task was ended from outside: before the container ran, or by a signal."""

    @property
    def is_away(self) -> bool:
        """Whether the database was not reached, or the connection to it was lost on the way."""
        return self.fields.get(AWAY) is True


def failed(
    verb: str, arn: str, target: KnownTarget, exit_code: int, fields: dict[str, Any]
) -> JobFailed:
    """Of a job that said why."""
    reason = text_of(fields.get("reason")) or Text("理由は不明です。", "it does not say why.")
    return JobFailed(
        Text(f"ジョブ {verb} が失敗しました: {reason.ja}", f"the job {verb} failed: {reason.en}"),
        verb=verb,
        code=str(fields.get("code") or "failed"),
        task_arn=arn,
        exit_code=exit_code,
        fields=fields,
        touched=text_of(fields.get("touched")),
        remedy=_remedy(target, arn, fields),
    )


def _remedy(target: KnownTarget, arn: str, fields: Mapping[str, Any]) -> Text:
    """The job's own, with where the whole error is, if the job has written it."""
    said = text_of(fields.get("remedy"))
    if said is None:
        return _look_at(target, arn)
    if fields.get("logged") is not True:
        return said
    place = f"{target.log_group} {stream(target, arn)}"
    return Text(
        f"{said.ja}詳しい内容は、団体の環境のログ（CloudWatch Logs の {place}）にだけあります"
        "（住民の情報を含むことがあります）。",
        f"{said.en} The whole is in the log of the body's environment alone (CloudWatch Logs, "
        f"{place}): it may have residents' data in it.",
    )


def not_started(verb: str, arn: str, target: KnownTarget, task: Any, container: Any) -> JobFailed:
    """Of a task whose container never ran."""
    words = container.get("reason") or task.get("stoppedReason") or task.get("stopCode") or "?"
    return JobFailed(
        Text(
            f"ジョブ {verb} のタスクが動きませんでした（{words}）。",
            f"the task of the job {verb} did not run ({words}).",
        ),
        verb=verb,
        code="not-started",
        task_arn=arn,
        touched=Text("ジョブは何も変えていません。", "The job changed nothing."),
        remedy=_look_at(target, arn),
        was_cut_off=True,
    )


def no_result(verb: str, arn: str, target: KnownTarget, exit_code: int) -> JobFailed:
    """Of a job that ended without a word."""
    return JobFailed(
        Text(
            f"ジョブ {verb} は終了コード {exit_code} で終わりましたが、ロググループ "
            f"{target.log_group} に結果がありません。",
            f"the job {verb} ended with exit code {exit_code}, but the log group "
            f"{target.log_group} has no result of it.",
        ),
        verb=verb,
        code="no-result",
        task_arn=arn,
        exit_code=exit_code,
        touched=_PERHAPS,
        remedy=_look_at(target, arn),
        was_cut_off=exit_code > _BY_SIGNAL,
    )


def timed_out(target: KnownTarget, verb: str, arn: str, elapsed: float) -> JobFailed:
    """Of one that was stopped."""
    return JobFailed(
        Text(
            f"ジョブ {verb} が {elapsed:.0f} 秒で終わらないため、停止しました。",
            f"the job {verb} did not end in {elapsed:.0f} seconds and was stopped.",
        ),
        verb=verb,
        code="too-long",
        task_arn=arn,
        touched=_PERHAPS,
        remedy=_look_at(target, arn),
    )


_BY_SIGNAL = 128
"""Exit codes above it are of a container that a signal ended."""
_PERHAPS = Text(
    "ジョブは途中まで進んでいるかもしれません。もう一度実行すれば続きから行います。",
    "The job may have done a part; run again, it goes on from there.",
)


def _look_at(target: KnownTarget, arn: str) -> Text:
    place = f"{target.log_group} {stream(target, arn)}"
    return Text(
        f"ログ（CloudWatch Logs の {place}）を見て原因を除き、もう一度実行してください。",
        f"Look into its log (CloudWatch Logs, {place}), remove the cause, and run it again.",
    )


def stream(target: KnownTarget, arn: str) -> str:
    """The stream of a task's log."""
    return f"{target.stream_prefix}/{CONTAINER}/{arn.rpartition('/')[2]}"
