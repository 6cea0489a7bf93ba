"""AWS Budgets: a budget can be changed and has tags; a notification tells who hears of it."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse

from moyai.sandbox.extensions.replacing import add, replace


def extend() -> None:
    """The actions that moto lacks, and the tags that it does not look at."""
    add(BudgetsResponse, "update_budget", _update)
    add(BudgetsResponse, "describe_subscribers_for_notification", _subscribers)
    add(BudgetsResponse, "tag_resource", _tag)
    add(BudgetsResponse, "untag_resource", _untag)
    add(BudgetsResponse, "list_tags_for_resource", _list_tags)
    _take_tags()


def _take_tags() -> None:
    def create_budget(self: Any) -> str:
        answer: str = old(self)
        _tags(_found(self, self._get_param("Budget")["BudgetName"])).update(_given(self))
        return answer

    old = replace(BudgetsResponse, "create_budget", create_budget)


def _update(self: Any) -> str:
    asked = self._get_param("NewBudget")
    found = _found(self, asked["BudgetName"])
    # A new one fills in defaults; notifications and tags stay with the budget.
    found.budget = Budget(asked, []).budget
    return json.dumps({})


def _subscribers(self: Any) -> str:
    asked = self._get_param("Notification")
    for one in _found(self, self._get_param("BudgetName")).notifications:
        if one.details == asked:
            return json.dumps({"Subscribers": one.subscribers})
    raise NotFoundException("Unable to get subscribers - the notification doesn't exist.")


def _tag(self: Any) -> str:
    _tags(_named(self)).update(_given(self))
    return json.dumps({})


def _untag(self: Any) -> str:
    tags = _tags(_named(self))
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return json.dumps({})


def _list_tags(self: Any) -> str:
    tags = _tags(_named(self))
    return json.dumps({"ResourceTags": [{"Key": key, "Value": tags[key]} for key in tags]})


def _given(self: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags") or ()}


def _tags(budget: Any) -> dict[str, str]:
    """A budget's tags, which go with it; one that was kept before had none."""
    tags: dict[str, str] = budget.__dict__.setdefault("resource_tags", {})
    return tags


def _named(self: Any) -> Any:
    """The budget of an ARN."""
    arn = str(self._get_param("ResourceARN"))
    return _found(self, arn.partition(":budget/")[2], arn.split(":")[4])


def _found(self: Any, name: str, account: str | None = None) -> Any:
    found = self.backend.budgets[account or self._get_param("AccountId")].get(name)
    if found is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return found
