"""Short hashes of what a change was hashed of, by name, so that a moved body can say what is another. Pure.

The hash that is approved covers all of it; these are for people only, and nothing is decided by them. A plan
has in its parameter `marks` those of all of its bodies together: bodies mostly have the same, and a plan of
many stays short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from moyai.canonical_json import sha256_of
from moyai.json_value import JsonValue
from moyai.planning.fingerprints import reason
from moyai.planning.fleet.plans import OperationPlan
from moyai.texts import Text

PARAMETER = "marks"
_DIGITS = 8
_MOST = 8
_PART, _FILES = "part:", "files:"
_DONE_BY_NOW = frozenset({"action", "onboarding"})
Marks = Mapping[str, str]
"""What was hashed → the first digits of its own hash."""


def files_of(service: str) -> str:
    """The name under which a service's migrations, health check and releases are hashed as a whole."""
    return f"{_FILES}{service}"


def marks_of(hashed: Mapping[str, object], parts: Mapping[str, str | None]) -> dict[str, str]:
    """The marks of a change. `parts`: of the stack's fingerprint, those that differ from what is on record."""
    named = {**hashed, **{f"{_PART}{part}": value for part, value in parts.items()}}
    return {name: sha256_of(value)[:_DIGITS] for name, value in named.items()}


def parameters_of(marks: Iterable[Marks]) -> dict[str, JsonValue]:
    """The marks of a plan's bodies as its parameter; none where there are none. What is another
    with many bodies is left out."""
    found: dict[str, set[str]] = {}
    for one in marks:
        for name, mark in one.items():
            found.setdefault(name, set()).add(mark)
    kept: dict[str, JsonValue] = {
        name: tuple(sorted(some)) for name, some in sorted(found.items()) if len(some) <= _MOST
    }
    return {PARAMETER: kept} if kept else {}


def not_the_same(plan: OperationPlan, now: Marks, *, is_begun: bool = False) -> tuple[Text, ...]:
    """What of a body's change was hashed for no body of the plan, in words; nothing where the plan, which may
    be of a version before or anybody's, has no marks of it.

    `is_begun`: some of it may be done by now, and is no difference.
    """
    given = plan.parameters.get(PARAMETER)
    planned = given if isinstance(given, Mapping) else {}
    return tuple(
        _words(name)
        for name, mark in now.items()
        if not (is_begun and name in _DONE_BY_NOW)
        and isinstance(some := planned.get(name), Sequence)
        and mark not in some
    )


def _words(name: str) -> Text:
    if name.startswith(_PART):
        return reason(name.removeprefix(_PART))
    if name.startswith(_FILES):
        service = name.removeprefix(_FILES)
        return Text(
            f"{service}: 移行・正常性の確認・マニフェストのどれか",
            f"{service}: a migration, the health check or the manifest",
        )
    return _WORDS.get(name, Text(name, name))


_WORDS = {
    "releases": Text("マニフェストのリリースの定義", "the releases' entries in the manifest"),
    "migrations": Text("移行のファイルの中身", "the text of migrations"),
    "health": Text("正常性の確認", "the health check"),
    "action": Text("行うことの種類", "what kind of run it is"),
    "onboarding": Text("導入するサービス", "the services that are onboarded"),
    "from": Text("前のリリース", "the release before"),
}
