"""The names of all resources, in one place (ADR 0001). Pure.

AWS limits lengths (32 for load balancers and target groups, 63 for buckets and databases, 64 for
roles); a longer name is cut and ends with a hash of the whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from moyai.registry.models import Federation, Registry, Site

ROLE_LIMIT = 64
BUCKET_LIMIT = 63
LOAD_BALANCER_LIMIT = 32
DATABASE_LIMIT = 63


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


def secret(code: str, service: str, role: str) -> str:
    """`moyai/271004/eapp-a/app`; `role` is `owner` or `app`."""
    return f"moyai/{code}/{service}/{role}"


def parameter(code: str, service: str, setting: str) -> str:
    """`/moyai/271004/eapp-a/retention_years`."""
    return f"/moyai/{code}/{service}/{setting}"


def database(code: str, service: str) -> DatabaseNames:
    """`eapp_a_271004` and its roles."""
    name = fit(f"{service.replace('-', '_')}_{code}", DATABASE_LIMIT - len("_owner"))
    return DatabaseNames(name, f"{name}_owner", f"{name}_app")


def object_prefix(service: str) -> str:
    """`eapp-a/` inside the body's documents bucket."""
    return f"{service}/"


def host(pattern: str, federation: Federation, slug: str, code: str) -> str:
    """A route's host name from the manifest's pattern."""
    return pattern.format(slug=slug, code=code, domain=federation.domain)


def certificate_domains(registry: Registry) -> tuple[str, ...]:
    """Wildcards for the services' host patterns, where the body's slug stands in front."""
    domain = registry.federation.domain
    patterns = [
        pattern
        for target in registry.services.values()
        for pattern in (target.manifest.routes.public, target.manifest.routes.staff)
        if pattern is not None and pattern.startswith("{slug}.")
    ]
    return tuple(sorted({"*." + p.removeprefix("{slug}.").format(domain=domain) for p in patterns}))
