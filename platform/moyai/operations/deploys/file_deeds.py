"""Bodies added to the file, changed and taken out of it by hand, on record before it is written and after."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from moyai.engine.sites import open_site
from moyai.operations.evidence.catching_up import put_now
from moyai.operations.evidence.doing import About, Facts, Kind, on_record
from moyai.operations.site.places import home_folder
from moyai.operations.site.workspace import Workspace
from moyai.registry.change import EntryEdit, TenantChanged
from moyai.registry.edit import TenantAdded
from moyai.registry.models import Registry


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edits by hand, and where that is on record."""

    site: str
    """In whose operations database; another site's where the file has none of that name."""
    operator: str | None = None
    """See `About.operator`."""

    @contextmanager
    def adding(self, registry: Registry, added: TenantAdded) -> Iterator[None]:
        """While a body is written into the file. Raises `OperationFailed` before that."""
        services = tuple(
            f"{one.service}={one.start.isoformat()}" for one in added.body.subscriptions
        )
        facts: Facts = {"services": services, "after_sha256": sha256(added.content).hexdigest()}
        with self._on_record("tenant-add", registry, (added.body.code,), facts):
            yield

    @contextmanager
    def changing(
        self, registry: Registry, edits: Sequence[EntryEdit], changed: TenantChanged
    ) -> Iterator[None]:
        """While a body's entry is written. Raises `OperationFailed` before that."""
        facts: Facts = {
            "edits": tuple(
                f"-{one.key}" if one.value is None else f"{one.key}={one.value}" for one in edits
            ),
            "after_sha256": sha256(changed.content).hexdigest(),
        }
        with self._on_record("tenant-edit", registry, (changed.body.code,), facts):
            yield

    @contextmanager
    def withdrawing(
        self, registry: Registry, codes: tuple[str, ...], before: bytes
    ) -> Iterator[None]:
        """While bodies that were added are taken out again. Raises `OperationFailed` before that."""
        facts: Facts = {"after_sha256": sha256(before).hexdigest()}
        with self._on_record("tenant-withdraw", registry, codes, facts):
            yield

    @contextmanager
    def _on_record(
        self, kind: Kind, registry: Registry, codes: tuple[str, ...], facts: Facts
    ) -> Iterator[None]:
        workspace = self.workspace(registry)
        if workspace is None:
            yield
            return
        about = About(kind, workspace.site.name, registry.sha256, self.operator)
        with on_record(workspace.runtime.home, about, codes, facts):
            yield
        put_now(workspace)

    def workspace(self, registry: Registry) -> Workspace | None:
        """The site as the file has it; None where it has none."""
        names = sorted(registry.sites)
        if not names:
            return None
        site = registry.sites[self.site if self.site in registry.sites else names[0]]
        project = registry.path.parent
        home = home_folder(project, os.environ)
        return Workspace(registry, site, open_site(site, home, project), home)
