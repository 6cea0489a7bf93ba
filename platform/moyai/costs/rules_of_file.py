"""The rules of cost sharing that tenants.yaml has, for a period."""

from __future__ import annotations

from moyai.costs.periods import Period
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.cost_rules import CostSharing, RuleSet
from moyai.registry.models import Registry
from moyai.texts import Text


def sharing_of(registry: Registry) -> CostSharing:
    """The rules of the file. Raises `UsageError` where it has none."""
    if registry.cost_sharing is None:
        raise UsageError(
            Text(
                f"{registry.path.name} に cost_sharing（負担金の規則）がありません。",
                f"{registry.path.name} has no cost_sharing, the rules of cost sharing.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return registry.cost_sharing


def rules_of(sharing: CostSharing, period: Period) -> RuleSet:
    """Those that hold on a period's first day. Raises `UsageError` where none do."""
    found = sharing.on(period.first)
    if found is None:
        raise _no_rules(period)
    return found


def _no_rules(period: Period) -> UsageError:
    return UsageError(
        Text(
            f"{period.first} に有効な規則が cost_sharing の rule_sets にありません。",
            f"no rule set of cost_sharing holds on {period.first}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "tenants.yaml の cost_sharing.rule_sets に、from がその日以前の規則を書いてください。",
            "Write one into cost_sharing.rule_sets of tenants.yaml whose from is that day or before.",
        ),
    )
