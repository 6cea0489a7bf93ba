"""A running embedded site for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from moyai.engine.sites import EmbeddedSite, open_site
from moyai.registry.build import SANDBOX
from moyai.registry.models import Site

PROJECT = Path(__file__).resolve().parents[2]
ACCOUNT = SANDBOX.account_id
REGION = SANDBOX.region
BACKUP_REGION = SANDBOX.backup_region


def sandbox_site(name: str = "sandbox") -> Site:
    """The settings of a sandbox, as a file without an entry for it has them."""
    return replace(SANDBOX, name=name)


def open_sandbox(home: Path, project: Path = PROJECT, name: str = "sandbox") -> EmbeddedSite:
    """An embedded site below `home`; not started."""
    return cast("EmbeddedSite", open_site(sandbox_site(name), home, project))


def client_of(site: EmbeddedSite, service: str, region: str | None = None, **given: str) -> Any:
    """A boto3 client of a site, made from its variables alone (`given` replaces some)."""
    variables = {**site.environment(), **given}
    return boto3.session.Session().client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=region or variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
    )


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSite]:
    """A running embedded site in a temporary MOYAI_HOME, stopped at the end."""
    site = open_sandbox(tmp_path_factory.mktemp("moyai-home"))
    site.start()
    yield site
    site.reset()


@pytest.fixture(scope="session")
def aws(sandbox: EmbeddedSite) -> Callable[..., Any]:
    """`aws("s3")`: a boto3 client of the running sandbox; a second argument names a region."""

    def client(service: str, region: str | None = None, **given: str) -> Any:
        return client_of(sandbox, service, region, **given)

    return client
