"""A deploy by hand on record: what of which bodies is about to be done, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from moyai.canonical_json import sha256_of
from moyai.errors import SITE_UNREAD, MoyaiError, Refused, SiteTrouble
from moyai.json_value import JsonValue
from moyai.operations.deploys.events import (
    DeployEvent,
    End,
    Interrupted,
    Planned,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.evidence.doing import About, Deed, Facts, Result
from moyai.operations.site.session import Session
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import TENANT
from moyai.texts import Text


@dataclass(slots=True)
class DeployRecord:
    """What is put on record of one deploy, by its events."""

    session: Session
    wish: Wish
    by: ByHand
    _deed: Deed = field(init=False)
    _interrupted: bool = field(default=False, init=False)
    _has_failed: bool = field(default=False, init=False)
    _ended: dict[str, StackEnded] = field(default_factory=dict, init=False)
    _moved: set[str] = field(default_factory=set, init=False)
    _refused: set[str] = field(default_factory=set, init=False)
    _stacks: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        workspace = self.session.workspace
        about = About(
            self.by.kind, workspace.site.name, workspace.registry.sha256, self.by.operator
        )
        self._deed = Deed(workspace.runtime.home, about)

    def begins(self, plan: Plan) -> None:
        """Before anything is done: the plan, and all that would run. Raises `OperationFailed`."""
        said: dict[str, JsonValue] = {"selector": self.wish.selector, "day": plan.day.isoformat()}
        self._say([one for one in plan.stacks if one.runs], said, _hash_of(plan, self.wish))

    def goes_on(self, stacks: Sequence[PlannedStack]) -> None:
        """Before stacks run, some of which may not have been planned to. Raises `OperationFailed`."""
        known = self._deed.bodies | self._stacks
        more = [one for one in stacks if one.name not in known]
        if more:
            self._say(more, {}, None)

    def sees(self, event: DeployEvent) -> None:
        """Note what happened."""
        if isinstance(event, StackEnded):
            self._ended[event.subject] = event
        elif isinstance(event, StackMoved):
            self._moved.add(event.subject)
        elif isinstance(event, Planned):
            refused = (one for one in event.plan.stacks if one.action == "refused")
            self._refused = {one.name for one in refused}
        elif isinstance(event, Interrupted):
            self._interrupted = True

    def ends(self) -> None:
        """All is over. Raises `OperationFailed`."""
        bodies = {code: self._end_of(code) for code in sorted(self._deed.bodies)}
        results = Counter(result for result, _ in bodies.values())
        results.update(self._end_of(name)[0] for name in self._stacks)
        results.update(["failed"] if self._has_failed else [])
        whole = _whole(results, interrupted=self._interrupted)
        codes = {
            f"{result}_codes": tuple(code for code, (one, _) in bodies.items() if one == result)
            for result in dict.fromkeys(one for one, _ in bodies.values())
        }
        why: dict[str, JsonValue] = {
            name: {"what": {"ja": what.ja, "en": what.en}} for name, what in self._failures()
        }
        stacks: dict[str, JsonValue] = {
            name: self._end_of(name)[0] for name in sorted(self._stacks)
        }
        said: dict[str, JsonValue] = {"stacks": stacks, **codes, "failures": why}
        self._deed.end(whole, bodies, {name: one for name, one in said.items() if one})

    def fails(self, error: BaseException) -> None:
        """The whole ended by an error, or somebody interrupted it; that is what is told then."""
        with suppress(MoyaiError):
            if self._deed.has_begun and not self._deed.has_ended:
                self._interrupted = not isinstance(error, Exception)
                self._has_failed = not self._interrupted
                self.ends()

    def close(self) -> None:
        """It is not at work any more."""
        self._deed.close()

    def _say(self, stacks: Sequence[PlannedStack], said: Facts, plan_sha256: str | None) -> None:
        bodies = {one.name: _facts(one) for one in stacks if one.project == TENANT}
        others = {one.name for one in stacks if one.project != TENANT}
        named: dict[str, JsonValue] = {"codes": tuple(sorted(bodies))}
        if others:
            named["stacks"] = tuple(sorted(others))
        self._stacks |= others
        self._deed.begin(bodies, {**said, **named}, plan_sha256)

    def _end_of(self, name: str) -> tuple[str, Facts]:
        ended = self._ended.get(name)
        if ended is None:
            if name in self._moved:
                return "interrupted", {}
            return ("refused" if name in self._refused else "nothing"), {}
        counts = _counts(ended)
        if ended.end is End.DONE:
            return ("nothing" if ended.note is not None else "applied"), counts
        if ended.end is End.NOT_BEGUN:
            return "nothing", {}
        result = "refused" if isinstance(ended.error, Refused) and not counts else "failed"
        return result, {**counts, "type": type(ended.error).__name__}

    def _failures(self) -> Iterable[tuple[str, Text]]:
        for name, ended in sorted(self._ended.items()):
            if ended.end is End.FAILED and ended.error is not None:
                trouble = isinstance(ended.error, SiteTrouble)
                yield name, SITE_UNREAD if trouble else ended.error.what


def _facts(stack: PlannedStack) -> Facts:
    """What a body's chain is told of what is about to be done: nothing of any other body."""
    return {
        "wanted": stack.action,
        "releases": dict(stack.releases),
        "end_sha256": sha256_of(dict(stack.fingerprint)),
    }


def _counts(ended: StackEnded) -> Facts:
    """Resources created, updated, replaced and deleted."""
    counts = Counter(step.op for step in ended.steps if step.op in _CHANGES)
    return dict(sorted(counts.items()))


_CHANGES = frozenset({"create", "update", "replace", "delete"})


def _hash_of(plan: Plan, wish: Wish) -> str:
    stacks = {
        f"{one.project}/{one.name}": {
            "action": one.action,
            "fingerprint": dict(one.fingerprint),
            "releases": dict(one.releases),
        }
        for one in plan.stacks
        if one.runs
    }
    day = plan.day.isoformat()
    wanted = {"selector": wish.selector, "day": day, "refresh": wish.refresh, "stacks": stacks}
    return sha256_of({"schema": "moyai.deed/1", **wanted})


def _whole(results: Mapping[str, int], *, interrupted: bool) -> Result:
    if interrupted or results.get("interrupted"):
        return "interrupted"
    for result in ("failed", "applied", "refused"):
        if results.get(result):
            return result
    return "nothing"
