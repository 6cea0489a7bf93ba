"""What kinds have in common that go through a body's services, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from moyai.operations.kinds.again import Repeatable
from moyai.planning.fleet.plans import OperationPlan, PlannedBody


@dataclass(frozen=True, slots=True)
class ServiceStep(Repeatable):
    """A step about one service; it may be begun again at any time."""

    service: str
    what: ClassVar[str]
    """What is done: `dump`."""

    @property
    def name(self) -> str:
        """`dump:eapp-a`."""
        return f"{self.what}:{self.service}"


def services_of(plan: OperationPlan, body: PlannedBody) -> tuple[str, ...]:
    """The services that a plan has for a body, in its parameter `services`, by code."""
    planned = plan.parameters.get("services")
    services = planned.get(body.code, ()) if isinstance(planned, Mapping) else ()
    assert isinstance(services, Sequence)
    return tuple(map(str, services))
