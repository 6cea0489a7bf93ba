"""Embedded sites for tests, and clients of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from tests.sample import PROJECT

from moyai.engine.sites import EmbeddedSite, open_site
from moyai.registry.build import SANDBOX
from moyai.registry.models import Site

ACCOUNT = SANDBOX.account_id
REGION = SANDBOX.region
BACKUP_REGION = SANDBOX.backup_region


_SESSION = boto3.session.Session()
"""One for all: it reads the description of a service once."""


def sandbox_site(name: str = "sandbox") -> Site:
    """The settings of a sandbox, as a file without an entry for it has them."""
    return replace(SANDBOX, name=name)


def open_sandbox(home: Path, project: Path = PROJECT, name: str = "sandbox") -> EmbeddedSite:
    """An embedded site below `home`; not started."""
    return cast("EmbeddedSite", open_site(sandbox_site(name), home, project))


def client_of(site: EmbeddedSite, service: str, region: str | None = None, **given: str) -> Any:
    """A boto3 client of a site, made from its variables alone (`given` replaces some)."""
    variables = {**site.environment(), **given}
    return _SESSION.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=region or variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
    )


@contextmanager
def disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, mounted at a folder that is made. Skips the test where none may be."""
    place.mkdir()
    options = f"size={megabytes}m,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no permission to mount a disk")
    try:
        yield place
    finally:
        # Lazily, as a process that ends may still have a log open there.
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def make_read_only(disk: Path) -> None:
    """From now on nothing on a mounted disk can be written."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
