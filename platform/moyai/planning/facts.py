"""What stacks' data hang on: it must not change unnoticed. Pure."""

from __future__ import annotations

from moyai.planning.topology import cell_stack
from moyai.registry.models import Federation, Site, Tenant


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


def foundation_facts(federation: Federation, site: Site, stack: str) -> dict[str, str]:
    """The facts of a foundation stack, which all that stands on it hangs on; for its record."""
    facts = {
        "federation": federation.slug,
        "domain": federation.domain,
        "account": site.account_id,
        "region": site.region,
        "backup_region": site.backup_region,
    }
    cells = {cell_stack(cell.name): str(cell.cidr) for cell in federation.cells}
    return {**facts, "cidr": cells[stack]} if stack in cells else facts
