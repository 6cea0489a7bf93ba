"""Which migrations an onboarding may apply: those that were there when whoever onboards looked."""

from __future__ import annotations

from moyai.errors import MoyaiError
from moyai.jobs.migrations import read_migrations
from moyai.jobs.results import JobError
from moyai.jobs.settings import approved_word
from moyai.registry.load import require
from moyai.registry.models import Registry


def migrations_looked_at(registry: Registry, service: str, release: str) -> str | None:
    """The migrations up to a release, for the job; None where services' files are others by now than they were
    when the registry was read."""
    manifest = registry.services[service].manifest
    newest = manifest.releases[release].schema_version
    try:
        found = read_migrations(manifest.folder)
        if require(registry.path).sources_sha256 != registry.sources_sha256:
            return None
    except (JobError, MoyaiError):
        return None
    return approved_word((one.version, one.sha256) for one in found if one.version <= newest)
