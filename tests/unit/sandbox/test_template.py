"""Why there is no template of databases, from what initdb says."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from moyai.sandbox.postgres.instance import no_template

PLACE = Path("/somewhere/template")
REMOVED = 'initdb: removing contents of data directory "/somewhere/template/data"\n'


@pytest.mark.parametrize(
    "cause",
    [
        '2026-11-25 17:59:04 UTC [1] FATAL:  could not write to file "pg_wal/x": File too large',
        '2026-11-25 17:59:04 UTC [1] PANIC:  could not write to file "pg_wal/x": File too large',
        '2026-11-25 17:59:04 UTC [1] ERROR:  could not extend file "base/1/2": Disk quota exceeded',
        'initdb: error: could not create directory "/somewhere": Permission denied',
    ],
)
def test_the_cause_is_told_and_not_what_follows_from_it(cause: str) -> None:
    before = "2026-11-25 17:59:03 UTC [1] LOG:  something else\n"
    after = "2026-11-25 17:59:04 UTC [1] STATEMENT:  CREATE VIEW v\n\tAS SELECT 1;\n"
    said = f"{before}{cause}\n{after}child process exited with exit code 1\n{REMOVED}"
    assert no_template(PLACE, 1, said).what.en.endswith(f"template: {cause}")


def test_a_full_disk_is_said_as_such() -> None:
    said = f'FATAL:  could not write to file "pg_wal/x": No space left on device\n{REMOVED}'
    error = no_template(PLACE, 1, said)
    assert error.what.en == f"the disk is full ({PLACE})."
    assert error.remedy is not None


def test_an_initdb_that_a_signal_ended_has_its_name() -> None:
    assert no_template(PLACE, -signal.SIGXFSZ, "").what.en.endswith("initdb: SIGXFSZ")
    assert no_template(PLACE, 3, "\n").what.en.endswith("initdb: exit code 3")
