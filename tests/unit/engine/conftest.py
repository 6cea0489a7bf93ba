"""A state backend of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from moyai.engine.state.blobs import Blobs
from moyai.engine.state.bucket_blobs import BucketBlobs
from moyai.engine.state.folder_blobs import FolderBlobs


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketBlobs]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        client: Any = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="state")
        yield BucketBlobs(client, "state", "moyai/")


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return FolderBlobs(tmp_path)
    found: BucketBlobs = request.getfixturevalue("bucket")
    return found
