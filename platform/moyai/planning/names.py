"""The names of all resources, in one place (ADR 0001). Pure.

AWS limits lengths (32 for load balancers and target groups, 63 for buckets and databases, 64 for
roles); a longer name is cut and ends with a hash of the whole. What exists several times (roles,
security groups, buckets, secrets) comes as a mapping from use to name: components take the names
from it and quotas count it, so that the two cannot drift apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moyai.registry.models import Federation, Registry, Site

ROLE_LIMIT = 64
BUCKET_LIMIT = 63
LOAD_BALANCER_LIMIT = 32
DATABASE_LIMIT = 63
BUDGET_LIMIT = 100


def fit(name: str, limit: int) -> str:
    """The name, or its beginning and a hash of it where it is longer than the limit."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:7]
    return f"{name[: limit - 8].rstrip('-_')}-{digest}"


@dataclass(frozen=True, slots=True)
class DatabaseNames:
    """A subscription's database and its two roles."""

    database: str
    owner: str
    app: str


def shared_name(federation: Federation, use: str) -> str:
    """`osaka-alarms`: what an account has once."""
    return f"{federation.slug}-{use}"


def cell_prefix(federation: Federation, cell: str) -> str:
    """`osaka-cell-a`."""
    return f"{federation.slug}-cell-{cell}"


def tenant_prefix(federation: Federation, code: str) -> str:
    """`osaka-271004`."""
    return f"{federation.slug}-{code}"


def subscription_prefix(federation: Federation, code: str, service: str) -> str:
    """`osaka-271004-eapp-a`."""
    return f"{federation.slug}-{code}-{service}"


def bucket(federation: Federation, site: Site, scope: str, use: str) -> str:
    """`osaka-271004-documents-123456789012`; `scope` is a code or `shared`."""
    return fit(f"{federation.slug}-{scope}-{use}-{site.account_id}", BUCKET_LIMIT)


def shared_buckets(federation: Federation, site: Site) -> Mapping[str, str]:
    """Use → name of what an account has once."""
    return {use: bucket(federation, site, "shared", use) for use in ("trail",)}


def body_buckets(federation: Federation, site: Site, code: str) -> Mapping[str, str]:
    """Use → name of a body's buckets."""
    return {use: bucket(federation, site, code, use) for use in ("documents", "backups")}


def cell_roles(prefix: str) -> Mapping[str, str]:
    """Use → role of one cell, shared or a body's own."""
    uses = ("flow-log", "database-admin", "database-admin-exec")
    return {use: fit(f"{prefix}-{use}", ROLE_LIMIT) for use in uses}


def body_roles(federation: Federation, code: str) -> Mapping[str, str]:
    """Use → role of a body, whatever it subscribes to."""
    return {"auditor": fit(f"{tenant_prefix(federation, code)}-auditor", ROLE_LIMIT)}


def subscription_roles(federation: Federation, code: str, service: str) -> Mapping[str, str]:
    """Use → role of a subscription: `task` runs the service and is there while it is active, `job`
    migrates, `exec` is the one with which ECS starts either."""
    prefix = subscription_prefix(federation, code, service)
    return {use: fit(f"{prefix}-{use}", ROLE_LIMIT) for use in ("task", "job", "exec")}


def cell_groups(prefix: str) -> Mapping[str, str]:
    """Use → security group of one cell."""
    uses = ("endpoints", "db", "db-clients", "lb-public", "lb-staff", "jobs")
    return {use: f"{prefix}-{use}" for use in uses}


def body_groups(federation: Federation, code: str) -> Mapping[str, str]:
    """Use → security group of a body."""
    return {"tasks": f"{tenant_prefix(federation, code)}-tasks"}


def balancers(prefix: str) -> Mapping[str, str]:
    """Way → load balancer of one cell."""
    return {way: fit(f"{prefix}-{way}", LOAD_BALANCER_LIMIT) for way in ("public", "staff")}


def cell_alarms(prefix: str) -> Mapping[str, str]:
    """Use → alarm of one cell."""
    uses = ("database-cpu", "database-connections", "database-memory", "public-5xx", "staff-5xx")
    return {use: f"{prefix}-{use}" for use in uses}


def service_alarms(prefix: str, ways: Sequence[str]) -> Mapping[str, str]:
    """Use → alarm of a running service; `prefix` is its subscription's, `ways` those that lead
    to it."""
    uses = ("cpu", "memory", *(f"{way}-unhealthy" for way in ways))
    return {use: f"{prefix}-{use}" for use in uses}


def budget(federation: Federation, code: str | None, service: str | None) -> str:
    """`osaka-budget-271004-chat`: a budget that AWS watches, of a body, a service, both, or in all."""
    parts = (federation.slug, "budget", code, service)
    return fit("-".join(part for part in parts if part), BUDGET_LIMIT)


def secrets(code: str, service: str) -> Mapping[str, str]:
    """Database role → its secret, `moyai/271004/eapp-a/app`."""
    return {role: f"moyai/{code}/{service}/{role}" for role in ("owner", "app")}


def service_secret(code: str, service: str, use: str) -> str:
    """A secret of a service's own component, beside those of its database."""
    return f"moyai/{code}/{service}/{use}"


def parameter(code: str, service: str, setting: str) -> str:
    """`/moyai/271004/eapp-a/retention_years`."""
    return f"/moyai/{code}/{service}/{setting}"


def log_group(federation: Federation, *parts: str) -> str:
    """`/osaka/271004`, `/osaka/cell-a/jobs`: all logs of a body begin alike, its own cell's too."""
    return "/".join(("", federation.slug, *parts))


def database_log_group(cluster: str) -> str:
    """Where RDS itself sends a cluster's log; its name cannot be chosen."""
    return f"/aws/rds/cluster/{cluster}/postgresql"


def database(code: str, service: str) -> DatabaseNames:
    """`eapp_a_271004` and its roles."""
    name = fit(f"{service.replace('-', '_')}_{code}", DATABASE_LIMIT - len("_owner"))
    return DatabaseNames(name, f"{name}_owner", f"{name}_app")


def object_prefix(service: str) -> str:
    """`eapp-a/` inside the body's documents bucket."""
    return f"{service}/"


BACKUPS = "backups/"
"""Of a body's bucket of backups: what operations put there before they change something."""


def backup_prefix(service: str) -> str:
    """`backups/eapp-a/` inside the body's backups bucket."""
    return f"{BACKUPS}{service}/"


def host(pattern: str, federation: Federation, slug: str, code: str) -> str:
    """A route's host name from the manifest's pattern."""
    return pattern.format(slug=slug, code=code, domain=federation.domain)


def certificate_domains(registry: Registry) -> tuple[str, ...]:
    """The names on the certificate that all load balancers of an account show, the main one first.

    Wildcards for the services' host patterns, which tell bodies apart in their first label.
    """
    domain = registry.federation.domain
    wildcards: set[str] = set()
    for target in registry.services.values():
        for pattern in (target.manifest.routes.public, target.manifest.routes.staff):
            front, _, rest = (pattern or "").partition(".")
            if "{" in front:
                wildcards.add("*." + rest.format(domain=domain))
    return (domain, *sorted(wildcards))
