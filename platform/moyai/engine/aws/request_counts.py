"""How many requests load balancers counted for target groups, by CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from moyai.costs.periods import Period
from moyai.engine.aws.sessions import aws_session, aws_trouble
from moyai.errors import NOTHING_TOUCHED
from moyai.texts import JAPAN, Text

_HOUR_SECONDS = 3600
"""CloudWatch keeps hours for 455 days; a month of hours is read in one request."""
_GONE = ("TargetGroupNotFound", "TargetGroupNotFoundException")


class RequestCounts:
    """Counts of one site. May be used by several threads."""

    def __init__(self, environment: Mapping[str, str], region: str) -> None:
        session, endpoint = aws_session(environment, region), environment.get("AWS_ENDPOINT_URL")
        self._balancers = session.client("elbv2", endpoint_url=endpoint)
        self._metrics = session.client("cloudwatch", endpoint_url=endpoint)

    def count(self, groups: Iterable[str], period: Period) -> int | None:
        """Requests to target groups, by name, in a period of Japan's days; None where none of them has
        any count: no load balancer counted.

        Raises `OperationFailed` where AWS refuses or does not answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = [
                counted
                for name in groups
                for group in self._described(name)
                for balancer in group["LoadBalancerArns"]
                for counted in self._counted(
                    _suffix(group["TargetGroupArn"]), _suffix(balancer), period
                )
            ]
        except (BotoCoreError, ClientError) as error:
            what = Text("リクエスト数を読めません", "requests cannot be counted")
            raise aws_trouble(what, error, NOTHING_TOUCHED) from None
        return sum(found) if found else None

    def _described(self, name: str) -> list[Any]:
        from botocore.exceptions import ClientError

        try:
            answer = self._balancers.describe_target_groups(Names=[name])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return []
            raise
        return list(answer["TargetGroups"])

    def _counted(self, group: str, balancer: str, period: Period) -> list[int]:
        """One number an hour that has any."""
        metric = {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCount",
            "Dimensions": [
                {"Name": "TargetGroup", "Value": group},
                {"Name": "LoadBalancer", "Value": balancer},
            ],
        }
        stat = {"Metric": metric, "Period": _HOUR_SECONDS, "Stat": "Sum"}
        pages = self._metrics.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[{"Id": "requests", "MetricStat": stat, "ReturnData": True}],
            StartTime=datetime.combine(period.first, time(), JAPAN),
            EndTime=datetime.combine(period.end, time(), JAPAN),
        )
        return [
            round(value)
            for page in pages
            for result in page["MetricDataResults"]
            for value in result["Values"]
        ]


def _suffix(arn: str) -> str:
    """`targetgroup/name/0123` and `app/name/0123`, as metrics are called."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")
