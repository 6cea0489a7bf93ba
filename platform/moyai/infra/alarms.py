"""Alarms that tell the topic of alarms, when something is wrong and when it is well again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from moyai.infra.scope import Scope

PERIOD_SECONDS = 300
PERIODS = 3
"""A quarter of an hour on end, so that a moment wakes nobody."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric and where it begins to be wrong."""

    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    threshold: float
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"] = "Average"
    below: bool = False
    """Whether less than the threshold is wrong, not more."""


def raise_alarms(
    name: str,
    called: Mapping[str, str],
    alarms: Mapping[str, Alarm],
    scope: Scope,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    about: str | None = None,
) -> None:
    """Make alarms, each under the name that `called` has for its use; `about` is who it is about.

    A metric that is not there says nothing: a service that is stopped is not wrong.
    """
    for use, alarm in alarms.items():
        comparison = "LessThanThreshold" if alarm.below else "GreaterThanThreshold"
        aws.cloudwatch.MetricAlarm(
            f"{name}-{use}",
            name=called[use],
            alarm_description=f"{about or called[use]}: {alarm.metric}",
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=alarm.statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=PERIODS,
            threshold=alarm.threshold,
            comparison_operator=comparison,
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            treat_missing_data="notBreaching",
            tags=scope.tags(),
            opts=opts,
        )
