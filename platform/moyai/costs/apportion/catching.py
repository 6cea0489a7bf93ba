"""Which rule a row belongs to: the first that catches it. Pure.

What these functions say of one row, `moyai.costs.ledger.sorting` says of all in SQL; a test holds the two
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moyai.costs.apportion.inputs import Caught
from moyai.registry.cost_rules import Condition, Direct, Pool, RuleSet


def catch(
    rules: RuleSet, values: Mapping[str, str | None], names: Mapping[str, str]
) -> Caught | None:
    """The rule that rows with these values belong to, or None.

    `names` says which body a value of a direct rule's column means.
    """
    for direct in rules.direct:
        body = body_of(direct, values, names)
        if body is not None:
            return Caught(direct.name, body)
    for pool in rules.pools:
        if pool.where is not None and all_hold(pool.where, values):
            return Caught(pool.name, None)
    return None


def every_catch(
    rules: RuleSet, values: Mapping[str, str | None], names: Mapping[str, str]
) -> list[Direct | Pool]:
    """All the rules that rows with these values would belong to, were they alone."""
    found: list[Direct | Pool] = [
        direct for direct in rules.direct if body_of(direct, values, names) is not None
    ]
    found += [
        pool for pool in rules.pools if pool.where is not None and all_hold(pool.where, values)
    ]
    return found


def body_of(
    direct: Direct, values: Mapping[str, str | None], names: Mapping[str, str]
) -> str | None:
    """The body that a direct rule charges rows with these values to, or None."""
    value = values.get(direct.column)
    if value is None or not all_hold(direct.where, values):
        return None
    return direct.bodies.get(value) or names.get(value)


def all_hold(where: Iterable[Condition], values: Mapping[str, str | None]) -> bool:
    """Whether rows with these values meet all conditions."""
    return all(condition.holds(values.get(condition.column)) for condition in where)
