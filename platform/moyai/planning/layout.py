"""What a cell consists of: zones, subnets, endpoints, sizes of its database. Pure.

Components build from it and quotas count from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

ZONES: Mapping[str, tuple[str, ...]] = {
    "ap-northeast-1": ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"),
    "ap-northeast-3": ("ap-northeast-3a", "ap-northeast-3b", "ap-northeast-3c"),
}
"""The zones of Tokyo and Osaka that new accounts get (AWS Regions and Availability Zones)."""

ZONES_PER_CELL = 3

TIERS = ("public", "private", "data")

INTERFACE_ENDPOINTS = ("secretsmanager", "kms", "logs", "ssm", "ecr.api", "ecr.dkr", "ecs")
"""AWS services that tasks reach inside the VPC; S3 comes by a gateway endpoint."""

DATABASE_CLASS = "db.r7g.large"
DATABASE_INSTANCES = 2
"""A writer and a reader in another zone, which takes over."""

MAX_CONNECTIONS: Mapping[str, int] = {
    "db.r7g.large": 1600,
    "db.r7g.xlarge": 3300,
    "db.r7g.2xlarge": 5000,
    "db.r7g.4xlarge": 5000,
}
"""`max_connections` by instance class (Amazon Aurora User Guide, Maximum connections to an Aurora
PostgreSQL DB instance: LEAST(memory / 9,531,392, 5000))."""

KEPT_CONNECTIONS = 0.25
"""The part that is kept for jobs, dumps, superusers, and the moments of a failover."""


def connections(instance_class: str) -> int:
    """Connections that bodies' services may hold in all on one cluster."""
    return int(MAX_CONNECTIONS[instance_class] * (1 - KEPT_CONNECTIONS))


def subnets(network: IPv4Network, zones: int) -> dict[str, tuple[IPv4Network, ...]]:
    """Tier → one network a zone. A sixteenth of the VPC each, so that nearly half stays free."""
    parts = list(network.subnets(prefixlen_diff=4))
    return {
        tier: tuple(parts[number * zones : (number + 1) * zones])
        for number, tier in enumerate(TIERS)
    }


BACKUP_TIERS: Mapping[str, int] = {"daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}
"""Days between two backups of a tier; a body's backups lie below `daily/`, `weekly/` and so on."""
