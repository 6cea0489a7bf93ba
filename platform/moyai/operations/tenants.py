"""Bodies in the file: looking at one, adding one."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from moyai.planning.addresses import free_network
from moyai.planning.fingerprints import plain
from moyai.planning.selectors import only
from moyai.registry import require
from moyai.registry.checks import TENANT_PREFIX
from moyai.registry.edit import NewTenant, TenantAdded, add_tenant, withdraw
from moyai.registry.models import Registry
from moyai.texts import Text


def describe(path: Path, key: str) -> object:
    """One body as plain values, defaults filled in. Raises `UsageError` where there is none."""
    return plain(only(require(path), key))


def add(path: Path, new: NewTenant) -> TenantAdded:
    """Add a body, with a network of its own where its isolation needs one."""
    return add_tenant(path, new, require(path), _free)


class Additions:
    """Bodies added to a file for a command that may not come to do anything with them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = path.read_bytes()
        self._after: str | None = None

    def add(self, new: NewTenant) -> TenantAdded:
        """Add one. Raises as `add` does."""
        added = add(self._path, new)
        self._after = require(self._path).sha256
        return added

    def withdraw(self) -> Text | None:
        """Take all of them out again; what to tell, or None where none was added."""
        if self._after is None:
            return None
        if withdraw(self._path, self._before, self._after):
            return Text(
                f"{self._path.name} は元に戻しました。", f"{self._path.name} is as it was before."
            )
        return Text(
            f"{self._path.name} は別に書き換えられたので、加えた団体が残っています。",
            f"{self._path.name} was changed meanwhile: the added bodies are still in it.",
        )


def _free(registry: Registry) -> IPv4Network:
    taken = [body.cidr for body in registry.tenants if body.cidr is not None]
    return free_network(registry.federation.network.tenants, taken, TENANT_PREFIX)
