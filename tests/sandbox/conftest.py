"""A running embedded site for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moyai.engine.sites import EmbeddedSite

sys.path.insert(0, str(Path(__file__).parent))

from sandboxes import client_of, open_sandbox


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
