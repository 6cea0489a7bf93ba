"""Where a command works: the registry it read, the folder Moyai keeps, and one opened site."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.sites import SiteRuntime, open_site
from moyai.errors import UsageError
from moyai.operations.site.places import find_registry_file, home_folder
from moyai.registry.load import require
from moyai.registry.models import Registry, Site
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Workspace:
    """A valid registry and an opened site."""

    registry: Registry
    site: Site
    runtime: SiteRuntime
    home: Path

    @property
    def project(self) -> Path:
        """The folder of tenants.yaml, beside which `stacks/` lies."""
        return self.registry.path.parent

    def program(self, name: str) -> Path:
        """The Pulumi program `foundation` or `tenant`."""
        return self.project / "stacks" / name / "__main__.py"


def open_workspace(file: Path | None, site_name: str) -> Workspace:
    """Read tenants.yaml and open a site of it.

    Raises `RegistryError` with every problem of the file, `UsageError` for an unknown site.
    """
    path = find_registry_file(file)
    registry = require(path)
    site = registry.sites.get(site_name)
    if site is None:
        known = ", ".join(sorted(registry.sites))
        raise UsageError(
            Text(
                f"拠点「{site_name}」は tenants.yaml にありません。あるもの: {known}",
                f"tenants.yaml has no site '{site_name}'; it has: {known}",
            )
        )
    home = home_folder(path.parent, os.environ)
    return Workspace(registry, site, open_site(site, home, path.parent), home)
