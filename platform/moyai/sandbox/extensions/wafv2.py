"""WAF: an update says everything. moto takes what it does not say for what is to stay."""

from __future__ import annotations

import inspect
from typing import Any

from moto.wafv2.models import FakeIPSet, WAFV2Backend

from moyai.sandbox.extensions.replacing import replace

_OPTIONAL = (
    "association_config",
    "captcha_config",
    "challenge_config",
    "custom_response_bodies",
    "token_domains",
)


def extend() -> None:
    """What an update leaves out is gone afterwards."""
    _update_whole_acls()
    _update_whole_sets()


def _update_whole_acls() -> None:
    def update_web_acl(self: Any, *given: Any, **named: Any) -> str:
        token: str = old(self, *given, **named)
        asked = called.bind(self, *given, **named).arguments
        acl = self.get_web_acl(None, asked["name"], asked["_id"])
        acl.rules = acl.rules if asked["rules"] else []
        acl.description = asked["description"] or ""
        for name in _OPTIONAL:
            setattr(acl, name, asked[name])
        return token

    old = replace(WAFV2Backend, "update_web_acl", update_web_acl)
    called = inspect.signature(old)


def _update_whole_sets() -> None:
    def update(self: Any, description: str | None, addresses: list[str]) -> None:
        old(self, description, addresses)
        self.description = description

    old = replace(FakeIPSet, "update", update)
