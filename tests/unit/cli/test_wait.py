"""How long a deploy waits for another one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("seconds", ["-5", "nan", "inf", "1e9", "soon"])
def test_what_is_no_span_of_time_is_wrong_usage(seconds: str, moyai: Run) -> None:
    done = moyai("deploy", "--wait", seconds)
    assert done.returncode == 2
    assert "'--wait'" in done.stderr
