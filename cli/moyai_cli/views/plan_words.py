"""A plan's limits, spans and parameters in words."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.planning.fleet import known_risks, marks
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedWave
from moyai.planning.fleet.wanted import PARAMETER
from moyai.texts import Text
from moyai_cli.language import of, say

_SHOWN_ELSEWHERE = (
    *("diff", "takes_over", "edits", PARAMETER, known_risks.PARAMETER, marks.PARAMETER),
    *("code", "base_sha256", "after_sha256"),
)
"""Parameters that are not values: a difference is shown as one and bound by hashes, what is taken over and
what is known of a body stand beside it, and short hashes are nothing to read."""
_NAMES: Mapping[str, Text] = {
    "service": Text("サービス", "service"),
    "services": Text("サービス", "services"),
    "release": Text("リリース", "release"),
    "soak_seconds": Text("団体ごとの見守り", "soak of each body"),
    "allow_older": Text("古いリリースも可", "older releases allowed"),
    "foundation": Text("共有環境の変更", "changes of what all share"),
    "what": Text("新しくするもの", "what is made anew"),
}
_VALUES: Mapping[object, Text] = {
    True: Text("はい", "yes"),
    "passwords": Text("パスワード", "passwords"),
}


def span(seconds: int) -> str:
    """A time that something takes."""
    if seconds and seconds % 3600 == 0:
        return say(f"{seconds // 3600} 時間", f"{seconds // 3600} h")
    if seconds and seconds % 60 == 0:
        return say(f"{seconds // 60} 分", f"{seconds // 60} min")
    return say(f"{seconds} 秒", f"{seconds} s")


def limits_words(limits: Limits) -> str:
    """How many go on at once, and what stops them."""
    last = limits.tolerance + 1
    stops = say(
        f"{last} 団体が失敗したら新しく着手しない",
        "none is begun after the first failure"
        if last == 1
        else f"none is begun once {last} have failed",
    )
    if limits.mode != "strict":
        at_once = limits.max_concurrent
        return say(
            f"同時に {at_once} 団体まで、{stops}（着手済みの団体は最後まで進む）",
            f"{at_once} at a time, {stops} (those begun go on to their end)",
        )
    at_once = min(limits.max_concurrent, last)
    if at_once == 1:
        return say(f"1 団体ずつ、{stops}", f"one after another, {stops}")
    return say(
        f"同時に {at_once} 団体まで（失敗するたびに減らし、失敗は {last} 団体を超えない）、{stops}",
        f"{at_once} at a time (fewer with each failure: never more than {last} fail), {stops}",
    )


def wave_line(wave: PlannedWave) -> str:
    """One wave of a plan: how many at once, what stops it, its soak, whether it asks for an approval."""
    soak, limits = span(wave.soak_seconds), limits_words(wave.limits)
    asked = say("、始める前に承認", ", begins with an approval") if wave.needs_approval else ""
    return (
        say(
            f"適用枠 {wave.number} {wave.name}: {limits}、見守り {soak}",
            f"wave {wave.number} {wave.name}: {limits}, soak {soak}",
        )
        + asked
    )


def given_words(plan: OperationPlan) -> str:
    """What was asked for, in words; what says nothing is left out."""
    return say("、", ", ").join(
        f"{_name(key)} {_value(key, value)}"
        for key, value in sorted(plan.parameters.items())
        if key not in _SHOWN_ELSEWHERE and value not in (None, "", False, (), [], {}, 0)
    )


def _name(key: str) -> str:
    return of(_NAMES[key]) if key in _NAMES else key


def _value(key: str, value: object) -> str:
    if key == "soak_seconds" and isinstance(value, int):
        return span(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{one}: {_value('', found)}" for one, found in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_value("", one) for one in value)
    if isinstance(value, (str, bool)) and value in _VALUES:
        return of(_VALUES[value])
    return str(value)
