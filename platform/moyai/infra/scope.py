"""For whom resources are made: the one place where tags come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from moyai.registry.models import Federation, Site

SHARED = "shared"
NO_SERVICE = "-"
TENANT_TAG = "moyai:tenant"
SERVICE_TAG = "moyai:service"


@dataclass(frozen=True, slots=True)
class Scope:
    """A federation on a site; a body, or what all share; a service, or none."""

    federation: Federation
    site: Site
    tenant: str = SHARED
    service: str = NO_SERVICE
    extra: Mapping[str, str] | None = None
    """A body's own tags from tenants.yaml, under `moyai:tag:`."""

    def of_service(self, service: str) -> Scope:
        """The same body, one of its services."""
        return replace(self, service=service)

    def tags(self, name: str | None = None) -> dict[str, str]:
        """The tags of one resource."""
        tags = {
            "moyai:federation": self.federation.slug,
            "moyai:site": self.site.name,
            TENANT_TAG: self.tenant,
            SERVICE_TAG: self.service,
            "moyai:cost-centre": self.federation.cost_centre,
            **{f"moyai:tag:{key}": value for key, value in (self.extra or {}).items()},
        }
        return {"Name": name, **tags} if name else tags
