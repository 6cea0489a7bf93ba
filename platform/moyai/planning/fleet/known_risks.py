"""What is known of bodies when work on them is planned, beyond what has to be approved. Pure.

A plan has it in its parameter `known_risks`, by code: waves may take bodies by it (`waves.divide`), so it is
part of what is approved. What a worker finds otherwise makes the body *moved* (`operations.kinds.risks`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from moyai.json_value import JsonValue
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.registry.operation_settings import OperationSettings

PARAMETER = "known_risks"


def known_risks(plan: OperationPlan) -> dict[str, frozenset[str]]:
    """Code → what a plan says of a body: the risks to be approved, and what else is known."""
    return {one.code: risks_of(plan, one) for one in plan.bodies}


def risks_of(plan: OperationPlan, body: PlannedBody) -> frozenset[str]:
    """The same of one body."""
    return frozenset((*body.risks, *beside_risks(plan, body)))


def beside_risks(plan: OperationPlan, body: PlannedBody) -> tuple[str, ...]:
    """What a plan says is known of a body, beside the risks that have to be approved."""
    given = plan.parameters.get(PARAMETER)
    return _names(given.get(body.code)) if isinstance(given, Mapping) else ()


def _names(given: object) -> tuple[str, ...]:
    """What stands in a plan, which may be anybody's."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        return ()
    return tuple(one for one in given if isinstance(one, str))


def parameters_of(known: Mapping[str, Collection[str]]) -> dict[str, JsonValue]:
    """The same as a plan's parameter; none where nothing is known."""
    found: dict[str, JsonValue] = {
        code: tuple(sorted(names)) for code, names in known.items() if names
    }
    return {PARAMETER: found} if found else {}


def asked_for(settings: OperationSettings) -> frozenset[str]:
    """The risks by which waves take bodies."""
    return frozenset(one.value for wave in settings.waves for one in wave.risks)
