"""Lines of runbooks' runs, and what the audit chains are told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from moyai.audit.notes import Note
from moyai.audit.records import FEDERATION, chain_of
from moyai.json_value import JsonValue
from moyai.operations.evidence.lines import Line, LineFiles
from moyai.texts import Text

_TOLD = (
    *("runbook", "site", "source_sha256", "user", "argv", "exit_code", "output_sha256", "said"),
    *("approved_by", "signature", "signed_at", "begun_at", "ended_at"),
)
"""What the federation's chain has of a line."""
_TOLD_TO_BODIES = ("runbook", "exit_code", "output_sha256", "signature", "signed_at")
"""What a body's chain has of it: arguments and answers may name other bodies; a signature names nobody."""


class RunFiles(LineFiles):
    """A file for each run, beside its record."""

    of = "runbook"

    def title(self, key: str) -> Text:
        """See `LineFiles.title`."""
        return Text(f"実行 {key} の証跡", f"the evidence of {key}")

    def notes(self, line: Line) -> dict[str, Note]:
        """See `LineFiles.notes`: the federation's, and those of bodies that the run is about."""
        found = line.read()
        made = {FEDERATION: _note(line, found, _TOLD)}
        bodies = tuple(found.get("bodies", ()))
        if bodies:
            told = made[FEDERATION]
            made[FEDERATION] = replace(told, details={**told.details, "codes": bodies})
        for code in bodies:
            made[chain_of(code)] = _note(line, found, _TOLD_TO_BODIES)
        return made

    def before_putting(self, key: str) -> None:
        """Nothing: a run whose process was killed is gone on with, and says so itself."""

    def settled(self, key: str) -> None:
        """Nothing: evidence stays beside its run."""


def run_files(home: Path) -> RunFiles:
    """Those of a site; `home` is its folder on this machine."""
    return RunFiles(home / "runbooks")


def _note(line: Line, found: Mapping[str, Any], told: tuple[str, ...]) -> Note:
    details: dict[str, JsonValue] = {
        name: found[name] for name in told if found.get(name) is not None
    }
    person = found.get("operator")
    return Note(
        actor="moyai" if person is None else f"operator:{person}",
        action=f"runbook.{found.get('event', 'step')}",
        plan_sha256=found.get("content_sha256"),
        step=found.get("step"),
        result=str(found["status"]),
        details={**details, "evidence_sha256": line.sha256},
    )
