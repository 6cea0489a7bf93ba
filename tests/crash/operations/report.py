"""`build/crash/report.json`: figures of all campaigns together, by scenario, and each campaign by itself."""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.crash.operations.campaign import Outcome
from tests.crash.operations.check import Findings


def report(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """All of it as JSON values."""
    names = dict.fromkeys(one.scenario for one in outcomes)
    return {
        **_figures(outcomes),
        "cpus": os.cpu_count(),
        "seeds": sorted({one.seed for one in outcomes}),
        "scenarios": {
            name: {
                **_figures(of := [one for one in outcomes if one.scenario == name]),
                "seeds": [one.seed for one in of],
            }
            for name in names
        },
        "wrong": [
            {"scenario": one.scenario, "seed": one.seed, **vars(one.findings)}
            for one in outcomes
            if not one.findings.none
        ],
        "outcomes": [_document(one) for one in outcomes],
    }


def outcomes_of(path: Path) -> list[Outcome]:
    """The campaigns of a report; none where there is no file."""
    if not path.exists():
        return []
    return [_outcome(one) for one in json.loads(path.read_text(encoding="utf-8"))["outcomes"]]


def _document(one: Outcome) -> dict[str, Any]:
    """Without what workers said."""
    found = {each.name: getattr(one, each.name) for each in fields(one) if each.name != "said"}
    return {
        **found,
        "takeovers": list(one.takeovers),
        "statuses": dict(one.statuses),
        "killed": dict(one.killed),
        "phases": dict(one.phases),
        "findings": vars(one.findings),
    }


def _outcome(document: dict[str, Any]) -> Outcome:
    return Outcome(**{**document, "findings": Findings(**document["findings"])})


def _figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    seconds = sorted(second for one in outcomes for second in one.takeovers)
    killed: Counter[str] = Counter()
    for one in outcomes:
        killed.update(one.killed)
    spent = sum(one.seconds + one.phases.get("set-up", 0) for one in outcomes)
    return {
        "campaigns": len(outcomes),
        "bodies": sum(one.bodies for one in outcomes),
        "kills": sum(one.kills for one in outcomes),
        "killed": dict(sorted(killed.items())),
        "freezes": sum(one.freezes for one in outcomes),
        "server_restarts": sum(one.restarts for one in outcomes),
        **{
            name: sum(one.findings.counts()[name] for one in outcomes)
            for name in Findings().counts()
        },
        "takeovers": len(seconds),
        "takeover_p50_s": _percentile(seconds, 50),
        "takeover_p99_s": _percentile(seconds, 99),
        "seconds": round(sum(one.seconds for one in outcomes), 1),
        "kills_per_minute": round(sum(one.kills for one in outcomes) * 60 / spent, 1)
        if spent
        else None,
    }


def _percentile(seconds: Sequence[float], percent: int) -> float | None:
    if not seconds:
        return None
    if len(seconds) == 1:
        return round(seconds[0], 2)
    return round(statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1], 2)
