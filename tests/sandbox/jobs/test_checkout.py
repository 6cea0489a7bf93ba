"""The checkout's own services, whatever they are: each release is reached and healthy for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from moyai.registry.manifests import Folder, load_manifest
from moyai.registry.models import Manifest

from .conftest import Cluster

SERVICES = Path(__file__).resolve().parents[3] / "stacks" / "services"
NAMES = sorted(folder.name for folder in SERVICES.glob("[!._]*/"))


@pytest.mark.parametrize("service", NAMES)
def test_each_service_migrates_release_by_release(cluster: Cluster, service: str) -> None:
    manifest = load_manifest(Folder(SERVICES / service, service), service)
    assert isinstance(manifest, Manifest)
    body = cluster.body(service)
    body.more.update(SERVICES_DIR=str(SERVICES))
    body.done("database-create")
    for version in sorted({release.schema_version for release in manifest.releases.values()}):
        body.done("migrate", SCHEMA_VERSION=str(version))
        checks = body.done("health", SCHEMA_VERSION=str(version))["checks"]
        assert all(check["ok"] for check in checks)
        body.done("meter", PERIOD_FIRST="2026-11-01", PERIOD_NEXT="2026-12-01")
    body.done("database-delete")
