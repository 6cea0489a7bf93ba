"""What people and programs read of a plan."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_people_read_words_and_programs_the_actions_themselves(moyai: Run) -> None:
    arguments = ("plan", "271004", "--no-preview", "--as-of", "2026-11-23")
    table = moyai(*arguments, MOYAI_LANG="ja").stdout
    assert table.splitlines()[0].split() == ["コード", "団体", "操作", "理由"]
    assert [line.split()[2] for line in table.splitlines()[1:4]] == ["新規"] * 3
    assert moyai(*arguments).stdout.splitlines()[3].split()[2] == "create"
    told = moyai(*arguments, "--output", "json", MOYAI_LANG="ja").stdout
    assert [one["action"] for one in json.loads(told)] == ["create"]
