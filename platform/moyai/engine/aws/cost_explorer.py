"""AWS Cost Explorer: what a billing period cost by service and body, as rows of FOCUS."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from moyai.costs.periods import Period
from moyai.engine.aws.sessions import aws_session, aws_trouble
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

TENANT_TAG = "moyai:tenant"
_REGION = "us-east-1"
"""Cost Explorer's one endpoint."""
_NET = "NetUnblendedCost"
_METRICS = ["UnblendedCost", _NET]
_TAX = "Tax"
"""Cost Explorer's service of taxes."""
COLUMNS = (
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ProviderName",
    "InvoiceIssuerName",
    "ServiceName",
    "Tags",
    f"x_{_NET}",
    "x_Estimated",
)


class Granularity(StrEnum):
    """What one row is of."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Explored:
    """What Cost Explorer said of a period."""

    rows: tuple[Mapping[str, str], ...]
    """Column of `COLUMNS` → text; amounts as Cost Explorer wrote them. In an order of their values."""
    estimated: bool
    """Whether AWS calls some of it an estimate."""


def client_of(environment: Mapping[str, str]) -> Any:
    """A client by a site's variables."""
    endpoint = environment.get("AWS_ENDPOINT_URL")
    return aws_session(environment, _REGION).client("ce", endpoint_url=endpoint)


def explore(client: Any, period: Period, granularity: Granularity) -> Explored:
    """Ask for a period by invoicing entity, service and body.

    Raises `OperationFailed` where Cost Explorer refuses, does not answer, or has nothing of the period.
    """
    # A request groups by two things at most: one request an entity, then.
    entities = {
        str(keys[0])
        for _, keys, _ in _groups(client, period, Granularity.MONTHLY, [_dimension(_ENTITY)], None)
    }
    rows = [
        _row(period, entity, result, keys, metrics)
        for entity in sorted(entities)
        for result, keys, metrics in _groups(client, period, granularity, _BY, entity)
    ]
    if not rows:
        raise OperationFailed(
            Text(
                f"Cost Explorer に {period} の費用がありません。",
                f"Cost Explorer has no cost of {period}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    ordered = sorted(rows, key=lambda row: [row[column] for column in COLUMNS[1:]])
    return Explored(tuple(ordered), any(row["x_Estimated"] == "true" for row in rows))


def write(explored: Explored, path: Path) -> None:
    """Write rows as a FOCUS file."""
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(explored.rows)


_ENTITY = "INVOICING_ENTITY"


def _dimension(key: str) -> Mapping[str, str]:
    return {"Type": "DIMENSION", "Key": key}


_BY = [_dimension("SERVICE"), {"Type": "TAG", "Key": TENANT_TAG}]


def _groups(
    client: Any,
    period: Period,
    granularity: Granularity,
    by: list[Mapping[str, str]],
    entity: str | None,
) -> Iterator[tuple[Any, list[str], Any]]:
    """Each group of each result, with its keys and its metrics."""
    from botocore.exceptions import BotoCoreError, ClientError

    asked: dict[str, Any] = {
        "TimePeriod": {"Start": str(period.first), "End": str(period.end)},
        "Granularity": granularity.value.upper(),
        "Metrics": _METRICS,
        "GroupBy": by,
    }
    if entity is not None:
        asked["Filter"] = {"Dimensions": {"Key": _ENTITY, "Values": [entity]}}
    while True:
        try:
            answer = client.get_cost_and_usage(**asked)
        except (BotoCoreError, ClientError) as error:
            what = Text("Cost Explorer に問い合わせられません", "Cost Explorer cannot be asked")
            raise aws_trouble(what, error, NOTHING_TOUCHED) from None
        for result in answer["ResultsByTime"]:
            for group in result["Groups"]:
                yield result, group["Keys"], group["Metrics"]
        if not answer.get("NextPageToken"):
            return
        asked["NextPageToken"] = answer["NextPageToken"]


def _row(
    period: Period, entity: str, result: Any, keys: list[str], metrics: Any
) -> Mapping[str, str]:
    service, tag = keys
    body = tag.partition("$")[2]
    cost = metrics["UnblendedCost"]
    tags = {TENANT_TAG: body} if body else {}
    return {
        "BilledCost": cost["Amount"],
        "BillingCurrency": cost["Unit"],
        "BillingPeriodStart": f"{period.first}T00:00:00Z",
        "BillingPeriodEnd": f"{period.end}T00:00:00Z",
        "ChargePeriodStart": f"{result['TimePeriod']['Start']}T00:00:00Z",
        "ChargePeriodEnd": f"{result['TimePeriod']['End']}T00:00:00Z",
        "ChargeCategory": _TAX if service == _TAX else "Usage",
        "ProviderName": "AWS",
        "InvoiceIssuerName": entity,
        "ServiceName": service,
        "Tags": json.dumps(tags, ensure_ascii=False),
        f"x_{_NET}": metrics[_NET]["Amount"],
        "x_Estimated": "true" if result.get("Estimated") else "false",
    }
