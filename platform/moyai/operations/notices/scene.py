"""What words of a notice are made of: the operation, its plan, how its bodies stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moyai.operations.notices.sentences import BODY_ENDS
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.registry.operation_settings import Event
from moyai.texts import Text, text_in


@dataclass(frozen=True, slots=True)
class Happened:
    """One happening as it is on record."""

    key: str
    event: Event
    operation: str
    code: str | None
    facts: Mapping[str, Any]
    at: datetime

    @property
    def subjects(self) -> tuple[str, ...]:
        """What is to be approved."""
        return tuple(str(one) for one in self.facts.get("subjects", ()))

    @property
    def codes(self) -> tuple[str, ...]:
        """Bodies that it names."""
        return tuple(str(one) for one in self.facts.get("codes", ()))

    def text(self, name: str) -> Text | None:
        """One of its sentences."""
        return text_in(self.facts, name)


@dataclass(frozen=True, slots=True)
class BodyNow:
    """How a body stands. `error` as it is on record."""

    status: str
    error: Mapping[str, Any] | None
    is_begun: bool = True
    """Whether it was ever begun."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One operation."""

    federation: str
    operation: str
    title: Text
    """Of its kind: 一斉更新."""
    site: str
    plan: OperationPlan
    plan_sha256: str
    bodies: Mapping[str, BodyNow]

    @property
    def name(self) -> Text:
        """What it is called: 一斉更新 eapp-a 1.1.0."""
        subject = self.plan.subject
        return Text(f"{self.title.ja} {subject}".strip(), f"{self.title.en} {subject}".strip())

    def planned(self, code: str | None) -> PlannedBody | None:
        """A body of the plan, or None."""
        return next((one for one in self.plan.bodies if one.code == code), None)

    def name_of(self, code: str) -> Text:
        """A body for people."""
        body = self.planned(code)
        name = f"{'?' if body is None else body.name}（{code}）"
        return Text(name, name.replace("（", " (").replace("）", ")"))

    def status_of(self, code: str) -> str:
        """How it stands."""
        now = self.bodies.get(code)
        return "waiting" if now is None else now.status

    def is_in_hand(self, code: str) -> bool:
        """Whether it was begun and has not ended."""
        return self.status_of(code) == "running"

    def of_body(self, code: str) -> Text:
        """A body with how it stands and why."""
        name, end = self.name_of(code), BODY_ENDS.get(self.status_of(code))
        now = self.bodies.get(code)
        why = None if now is None else text_in(now.error, "what")
        said = [one for one in (end, why) if one is not None]
        ja, en = "。".join(one.ja for one in said), ". ".join(one.en for one in said)
        return Text(f"{name.ja}: {ja}", f"{name.en}: {en}")

    def wave_name(self, number: object) -> str | None:
        """A wave's name, or None."""
        return next((one.name for one in self.plan.waves if one.number == number), None)
