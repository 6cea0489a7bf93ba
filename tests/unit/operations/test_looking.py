"""A look whose job is killed from outside is taken once more, and no oftener."""

from __future__ import annotations

import pytest

from moyai.job_target import from_outputs
from moyai.jobs.failures import JobFailed, failed, no_result, not_started
from moyai.operations.inside.looking import looked

TARGET = from_outputs(
    {
        "cluster_arn": "c",
        "task_definition_arn": "t",
        "subnets": [],
        "security_groups": [],
        "log_group": "l",
        "stream_prefix": "p",
    }
)
KILLED = no_result("health", "arn/1", TARGET, 137)
STOPPED = not_started("health", "arn/1", TARGET, {"stopCode": "UserInitiated"}, {})
ILL = failed("health", "arn/1", TARGET, 4, {"code": "unhealthy"})
CRASHED = no_result("health", "arn/1", TARGET, 2)


def _asked(*answers: JobFailed | str) -> tuple[object, int]:
    """What comes of it, and how often was asked."""
    left = list(answers)

    def look() -> str:
        answer = left.pop(0)
        if isinstance(answer, JobFailed):
            raise answer
        return answer

    try:
        found: object = looked(look)
    except JobFailed as error:
        found = error
    return found, len(answers) - len(left)


@pytest.mark.parametrize("cut_off", [KILLED, STOPPED])
def test_a_job_that_was_killed_is_asked_for_once_more(cut_off: JobFailed) -> None:
    assert _asked(cut_off, "well") == ("well", 2)
    assert _asked(cut_off, cut_off, "well") == (cut_off, 2)
    assert _asked(cut_off, ILL, "well") == (ILL, 2)


@pytest.mark.parametrize("said", [ILL, CRASHED])
def test_a_job_that_ended_by_itself_is_believed(said: JobFailed) -> None:
    assert _asked(said, "well") == (said, 1)
