"""Budgets that AWS watches, which tell the topic of alarms before they are passed.

Nothing of this stops anything. Costs are seen by the tags that every resource has (`Scope.tags`), once
these are activated as cost allocation tags.
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from moyai.infra.scope import SERVICE_TAG, TENANT_TAG, Scope
from moyai.planning.budgets import AwsBudget

METRIC = "UnblendedCost"
"""What the invoice has."""


def watch(
    budgets: Iterable[AwsBudget],
    scope: Scope,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Make budgets of a scope, each with what it tells the topic."""
    for budget in budgets:
        owner = scope.of_service(budget.service) if budget.service else scope
        expression = _filter(budget)
        aws.budgets.Budget(
            f"budget-{budget.service}" if budget.service else "budget",
            name=budget.name,
            budget_type="COST",
            time_unit="MONTHLY",
            # Without an end: AWS deletes a budget that is over, warnings and all.
            time_period_start=f"{budget.start}_00:00",
            limit_amount=budget.monthly_usd,
            limit_unit="USD",
            filter_expression=expression,
            metrics=None if expression is None else METRIC,
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[topic_arn],
                )
                for kind, percent in _warnings(budget)
            ],
            tags=owner.tags(),
            opts=opts,
        )


def _warnings(budget: AwsBudget) -> list[tuple[str, float]]:
    """AWS takes no notification twice."""
    told = {("ACTUAL", budget.warn_percent), ("ACTUAL", 100.0), ("FORECASTED", 100.0)}
    return sorted(told)


def _filter(budget: AwsBudget) -> aws.budgets.BudgetFilterExpressionArgs | None:
    """By tags; None for the account's whole bill, with what cannot be tagged."""
    wanted = {TENANT_TAG: budget.body, SERVICE_TAG: budget.service}
    tags = [(key, value) for key, value in wanted.items() if value is not None]
    if len(tags) > 1:
        return aws.budgets.BudgetFilterExpressionArgs(
            ands=[
                aws.budgets.BudgetFilterExpressionAndArgs(
                    tags=aws.budgets.BudgetFilterExpressionAndTagsArgs(key=key, values=[value])
                )
                for key, value in tags
            ]
        )
    for key, value in tags:
        return aws.budgets.BudgetFilterExpressionArgs(
            tags=aws.budgets.BudgetFilterExpressionTagsArgs(key=key, values=[value])
        )
    return None
