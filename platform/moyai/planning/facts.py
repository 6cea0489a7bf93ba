"""What of a body its data hang on: it must not change unnoticed. Pure."""

from __future__ import annotations

from moyai.registry.models import Federation, Tenant


def facts_of(federation: Federation, body: Tenant) -> dict[str, str]:
    """The facts of a body, for its record and its stack's outputs; texts, empty where none."""
    return {
        "federation": federation.slug,
        "slug": body.slug,
        "name": body.name,
        "isolation": body.isolation.value,
        "cell": body.cell,
        "cidr": str(body.cidr or ""),
    }
