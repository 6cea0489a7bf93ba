"""No code of operations writes a table of the operations database: its functions alone do."""

from __future__ import annotations

import re
from pathlib import Path

import moyai.operations

_WRITES = re.compile(r"\b(?:UPDATE|INSERT\s+INTO|DELETE\s+FROM|TRUNCATE)\s+moyai\.")


def test_statements_read_or_call_functions() -> None:
    [folder] = moyai.operations.__path__
    files = list(Path(folder).rglob("*.py"))
    assert len(files) > 100
    joined = re.compile(r'"\s*\n\s*"')
    found = [
        (str(file.relative_to(folder)), match[0])
        for file in files
        for match in _WRITES.finditer(joined.sub("", file.read_text(encoding="utf-8")))
    ]
    assert found == []
