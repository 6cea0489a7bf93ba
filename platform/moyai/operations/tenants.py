"""Bodies in the file: looking at one, adding one."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from moyai.planning.addresses import free_network
from moyai.planning.fingerprints import plain
from moyai.planning.selectors import only
from moyai.registry import require
from moyai.registry.checks import TENANT_PREFIX
from moyai.registry.edit import NewTenant, TenantAdded, add_tenant
from moyai.registry.models import Registry


def describe(path: Path, key: str) -> object:
    """One body as plain values, defaults filled in. Raises `UsageError` where there is none."""
    return plain(only(require(path), key))


def add(path: Path, new: NewTenant) -> TenantAdded:
    """Add a body, with a network of its own where its isolation needs one."""
    return add_tenant(path, new, require(path), _free)


def _free(registry: Registry) -> IPv4Network:
    taken = [body.cidr for body in registry.tenants if body.cidr is not None]
    return free_network(registry.federation.network.tenants, taken, TENANT_PREFIX)
