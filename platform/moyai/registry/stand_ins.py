"""Right values in the place of wrong ones, so that the rest of a part can be read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from moyai.registry.paths import Path
from moyai.registry.shape_errors import without_key_step

_STAND_INS: Mapping[str, object] = {
    "name": "-",
    "prefecture": "大阪府",
    "domain": "example.jp",
    "cost_centre": "-",
    "network": {"cells": ["255.255.255.254/32"], "tenants": ["255.255.255.255/32"]},
    "cells": [{"name": "unknown", "cidr": "255.255.255.254/32"}],
    "cidr": "255.255.255.255/32",
    "lgwan": "255.255.255.255/32",
    "office": "255.255.255.255/32",
    "tenants": "255.255.255.255/32",
    "account_id": "000000000000",
    "state_backend": "s3://unknown",
    "secrets_provider": "awskms://unknown",
    "email": "unknown@example.jp",
    "role": "viewer",
    "expires": "2026-04-01",
    "ssh_key": "-",
    "until": "2026-04-01",
    "release": "0.0.0",
    "kind": "一般市",
    "count": 0,
    "as_of": "2026-04-01",
    "source": "-",
    "section": "-",
    "days": ["sat"],
    "start": "22:00",
    "hours": 1,
    "first": "2026-04-01",
    "last": "2026-04-01",
    "reason": "-",
    "service": "unknown",
    "from": "2026-04-01",
    "issuer": {"name": "-"},
    "fiscal_year": 2026,
    "amount": 0,
    "monthly_usd": 1,
    "column": "-",
    "by": "equal",
    "when": "before",
    "pool": "-",
    "percent": 100,
    "host": "unknown.example.jp",
    "url": "https://unknown.example.jp",
    "secret_file": "/unknown",
    "topic_arn": "arn:aws:sns:ap-northeast-1:000000000000:unknown",
    "events": ["done"],
}
"""Key → a value of the right shape. Checks never see a problem in it, because its path is muted."""

_ITEMS: Mapping[str, object] = {
    "budgets": {"fiscal_year": 2026, "amount": 0},
    "rule_sets": {"name": "-", "from": "2026-04-01"},
    "proposals": {"name": "-"},
    "direct": {"name": "-", "column": "-"},
    "pools": {"name": "-"},
    "shares": {"by": "equal"},
    "subsidies": {"name": "-", "when": "before"},
    "flows_into": {"pool": "-", "percent": 100},
    "waves": {"name": "-", "rest": True},
    "webhooks": {
        "url": "https://unknown.example.jp",
        "secret_file": "/unknown",
        "events": ["done"],
    },
    "sns": {
        "topic_arn": "arn:aws:sns:ap-northeast-1:000000000000:unknown",
        "events": ["done"],
    },
    "approvers": {
        "name": "-",
        "email": "unknown@example.jp",
        "expires": "2026-04-01",
        "ssh_key": "-",
    },
}
"""Lists of `cost_sharing`, of `operations` and of bodies → an item of theirs."""


def _stand_in(path: Path, index: int) -> object:
    """A value for a required key or an item of a list; unique where values must differ."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if key in ("code", "former_codes"):
        return f"unknown {index} {path}"
    if key == "slug":
        return f"unknown-{index}"
    if key == "services":
        return {"service": "unknown", "from": "2026-04-01"}
    if key == "freezes":
        return {"first": "2026-04-01", "last": "2026-04-01", "reason": "-"}
    if key == "contacts":
        return {"section": "-", "email": "unknown@example.jp"}
    if isinstance(path[-1], int) and key == "cells":
        parent = path[-3] if len(path) > 2 else None
        return "255.255.255.254/32" if parent == "network" else {"name": "unknown"}
    if path[0] == "notifications" and (key == "from" or isinstance(path[-1], int)):
        return _notice(path)
    if "instalments" in path:
        return "04-01" if isinstance(path[-1], int) else ["04-01"]
    if isinstance(path[-1], int) and key in _ITEMS:
        return _ITEMS[key]
    if key == "rule_sets":
        return [_ITEMS[key]]
    if isinstance(path[-1], int) and key == "days":
        return "sat"
    return _STAND_INS.get(str(key))


def _notice(path: Path) -> object:
    """Of mail's sender, an item of a list of hooks, or an event."""
    if path[-1] == "from":
        return "unknown@example.jp"
    return _ITEMS[str(path[-2])] if path[-2] in ("webhooks", "sns") else "done"


def mend(root: Any, error: ErrorDetails, index: int) -> None:
    """Take out what is wrong: an unknown or optional key goes, anything else gets a stand-in."""
    path = without_key_step(error["loc"])
    holder = root
    for step in path[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1]
    if isinstance(holder, list) and isinstance(last, int):
        holder[last] = _stand_in(path, index)
    elif isinstance(holder, dict):
        holder.pop(str(last), None)
        if error["type"] == "missing":
            holder[str(last)] = _stand_in(path, index)
