"""Budgets with their notifications. AWS Budgets has one home for all regions.

Nothing is spent in the local AWS: a budget is recorded, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.provider.resources import Problem
from moyai.sandbox.aws.client import account
from moyai.sandbox.aws.conversion import from_api, to_api
from moyai.sandbox.aws.fields import Shape, Spelling, many, number, one, shape, text, texts
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags
from moyai.texts import Text

_GONE = ("NotFoundException",)
_NO_END = "2087-06-15_00:00"
"""What AWS sets where a budget has no end."""
_MOMENT = "%Y-%m-%d_%H:%M"
_MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUALLY": 12}


def _number(words: str) -> Decimal | None:
    """A finite number; None for what is none."""
    try:
        found = Decimal(words)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _amount(value: Any) -> Any:
    """AWS gives `1200.0` for what was `1200`; what is no number stays as it is."""
    found = _number(str(value))
    return value if found is None else str(found.normalize())


def _values(*, required: bool = False) -> Shape:
    return shape(
        key=text(required=required),
        matchOptions=texts(is_set=True),
        values=texts(is_set=True, required=required),
    )


_LEAF = shape(dimensions=one(_values(required=True)), tags=one(_values()))
_NOTIFICATION = shape(
    comparisonOperator=text(required=True),
    notificationType=text(required=True),
    threshold=number(required=True),
    thresholdType=text(required=True),
    subscriberEmailAddresses=texts("", is_set=True),
    subscriberSnsTopicArns=texts("", is_set=True),
)
_SUBSCRIBERS = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}
"""Property → AWS's word for the way."""
_Notified = tuple[dict[str, Any], list[dict[str, str]]]
"""A notification and its subscribers, as AWS takes them."""


def _moment(words: str) -> datetime | None:
    """A moment in UTC; None for what is none."""
    try:
        return datetime.strptime(words, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


_MOMENTS = Text("2026-04-01_00:00 の形で書きます", "is written like 2026-04-01_00:00")
_FORMS: Mapping[str, tuple[Callable[[str], object], Text]] = {
    "limitAmount": (_number, Text("数ではありません", "is no number")),
    "timePeriodEnd": (_moment, _MOMENTS),
    "timePeriodStart": (_moment, _MOMENTS),
}
"""Property → what its text is (None where it is none), and what it has to be."""


class Budget(AwsResource):
    """aws:budgets/budget:Budget. Its id is `account:name`.

    Of filters it takes `filterExpression` only, with a list in it that is not nested again.
    """

    service = "budgets"
    regional = False
    tagging = ServiceTags(
        "tag_resource",
        "untag_resource",
        "list_tags_for_resource",
        target="ResourceARN",
        tags="ResourceTags",
        keys="ResourceTagKeys",
    )
    tag_by = "arn"
    autoname = AutoName(limit=100)
    properties = shape(
        accountId=text("", replaces=True, chosen=True),
        budgetType=text(required=True),
        filterExpression=one(
            shape(_LEAF, **{"not": one(_LEAF)},
                  ands=many(_LEAF, "And", is_set=True), ors=many(_LEAF, "Or", is_set=True))
        ),
        limitAmount=text("", normal=_amount),
        limitUnit=text(""),
        metrics=text(""),
        name=text("BudgetName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        notifications=many(_NOTIFICATION, "", is_set=True),
        timePeriodEnd=text("", default=_NO_END),
        timePeriodStart=text("", chosen=True),
        timeUnit=text(required=True),
    )  # fmt: skip
    computed = frozenset({"arn"})

    def prepare(self, inputs: Properties) -> tuple[Properties, list[Problem]]:
        """The amount and the moments are texts, which moto takes as they come."""
        known, problems = super().prepare(inputs)
        for name, (read, reason) in _FORMS.items():
            value = known.get(name)
            if isinstance(value, str) and read(value) is None:
                problems.append(Problem(name, reason))
        return known, problems

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        owner, name = str(inputs.get("accountId") or account()), inputs["name"]
        start = inputs.get("timePeriodStart") or _first_day(inputs["timeUnit"])
        self.call(
            inputs,
            "create_budget",
            AccountId=owner,
            Budget=self._budget(inputs, start),
            NotificationsWithSubscribers=[
                {"Notification": notification, "Subscribers": told}
                for notification, told in _notified(inputs)
            ],
            **self.created_tags(inputs),
        )
        values = {"accountId": owner, "timePeriodStart": start, "arn": _arn(owner, name)}
        return Seen(f"{owner}:{name}", values)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The budget, its notifications, who hears of each, its tags."""
        which = _which(id_)
        answer = self.call(inputs, "describe_budget", **which, gone=_GONE)
        if answer is None:
            return None
        told = answer["Budget"]
        owner, name = which["AccountId"], which["BudgetName"]
        period = told["TimePeriod"]
        values = {
            **self.told(told),
            "accountId": owner,
            "limitAmount": told["BudgetLimit"]["Amount"],
            "limitUnit": told["BudgetLimit"]["Unit"],
            "metrics": next(iter(told.get("Metrics", ())), None),
            "notifications": self._told_notifications(which, inputs),
            "timePeriodStart": _words(period["Start"]),
            "timePeriodEnd": _words(period["End"]),
            "tags": self.read_tags(_arn(owner, name), inputs),
            "arn": _arn(owner, name),
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """The budget whole; notifications one by one."""
        which = _which(id_)
        if set(changed) - {"notifications", "namePrefix"}:
            start = new.get("timePeriodStart") or old["timePeriodStart"]
            wanted = self._budget(new, start)
            self.call(new, "update_budget", AccountId=which["AccountId"], NewBudget=wanted)
        before, after = _notified(old), _notified(new)
        for notification, told in before:
            if (notification, told) not in after:
                self.call(
                    new, "delete_notification", **which, Notification=notification, gone=_GONE
                )
        for notification, told in after:
            if (notification, told) not in before:
                self.call(
                    new,
                    "create_notification",
                    **which,
                    Notification=notification,
                    Subscribers=told,
                )
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call, which takes its notifications along."""
        self.call(state, "delete_budget", **_which(id_), gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Account and name."""
        return f"{inputs.get('accountId') or account()}:{inputs['name']}"

    def _budget(self, inputs: Properties, start: str) -> dict[str, Any]:
        metrics, amount = inputs.get("metrics"), inputs.get("limitAmount")
        limit = {"Amount": amount, "Unit": inputs.get("limitUnit")}
        return {
            **self.parameters(inputs),
            **({"BudgetLimit": limit} if amount else {}),
            **({"Metrics": [metrics]} if metrics else {}),
            "TimePeriod": {
                "Start": _moment(start),
                "End": _moment(inputs.get("timePeriodEnd") or _NO_END),
            },
        }

    def _told_notifications(self, which: dict[str, str], inputs: Properties) -> list[Properties]:
        answer = self.call(inputs, "describe_notifications_for_budget", **which)
        found: list[Properties] = []
        for notification in answer["Notifications"]:
            heard = self.call(
                inputs, "describe_subscribers_for_notification", **which, Notification=notification
            )["Subscribers"]
            found.append(_told(notification, heard))
        return found


def _which(id_: str) -> dict[str, str]:
    owner, _, name = id_.partition(":")
    return {"AccountId": owner, "BudgetName": name}


def _arn(owner: str, name: str) -> str:
    return f"arn:aws:budgets::{owner}:budget/{name}"


def _notified(inputs: Properties) -> list[_Notified]:
    return [
        (
            to_api(_NOTIFICATION, one, Spelling.PASCAL),
            [
                {"SubscriptionType": way, "Address": address}
                for name, way in _SUBSCRIBERS.items()
                for address in sorted(one.get(name) or ())
            ],
        )
        for one in inputs.get("notifications") or ()
    ]


def _told(notification: Any, subscribers: Any) -> Properties:
    ways = {
        name: [one["Address"] for one in subscribers if one["SubscriptionType"] == way]
        for name, way in _SUBSCRIBERS.items()
    }
    return {**from_api(_NOTIFICATION, notification, Spelling.PASCAL), **ways}


def _words(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_MOMENT)


def _first_day(unit: str) -> str:
    """What AWS takes for the start where none is said: of the present day, month, quarter or year."""
    now = datetime.now(UTC)
    months = _MONTHS.get(unit)
    if months is None:
        return f"{now:%Y-%m-%d}_00:00"
    return f"{now.year}-{now.month - (now.month - 1) % months:02}-01_00:00"
