"""Which contents a state backend's URL means: a folder's, or a bucket's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from moyai.engine.aws.sessions import s3_client
from moyai.engine.sites import SiteRuntime
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.bucket_blobs import BucketBlobs, telling
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text


def open_blobs(state_backend: str, environment: Mapping[str, str]) -> Blobs:
    """The contents of a state backend, by its URL and the variables that reach it.

    Raises `UsageError` for one that Moyai cannot read, `OperationFailed` where nobody is signed in.
    """
    url = urlsplit(state_backend)
    if url.scheme == "file":
        return FolderBlobs(Path(unquote(url.netloc + url.path)).expanduser())
    if url.scheme == "s3":
        prefix = url.path.strip("/")
        with telling(url.netloc, NOTHING_TOUCHED):
            client = s3_client(environment, url.query)
        return BucketBlobs(client, url.netloc, f"{prefix}/" if prefix else "")
    raise UsageError(
        Text(
            f"状態の置き場所 {state_backend} は使えません（file:// か s3:// にしてください）。",
            f"the state backend {state_backend} cannot be used; give file:// or s3://.",
        )
    )


def blobs_of(runtime: SiteRuntime) -> Blobs:
    """The backend's blobs. A folder needs no credentials, and the site need not run to be read."""
    is_folder = runtime.state_backend.startswith("file:")
    return open_blobs(runtime.state_backend, {} if is_folder else runtime.environment())
