"""Where a site's cost ledger is: below `.moyai/costs` of its state backend."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from moyai.costs.ledger.store import Store
from moyai.engine.aws.sessions import s3_client
from moyai.engine.sites import SiteRuntime
from moyai.engine.state.bucket_blobs import telling
from moyai.engine.state.ledger_folder import LedgerFolder
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text

_PLACE = ".moyai/costs"


def open_ledger_store(runtime: SiteRuntime) -> Store:
    """The files of a site's ledger. A folder needs no credentials, and the site need not run.

    Raises `UsageError` for a backend that Moyai cannot read, `OperationFailed` where nobody is signed
    in.
    """
    url = urlsplit(runtime.state_backend)
    if url.scheme == "file":
        return LedgerFolder(Path(unquote(url.netloc + url.path)).expanduser() / _PLACE)
    if url.scheme == "s3":
        # boto3 takes a fifth of a second to import, which a folder need not wait for.
        from moyai.engine.state.ledger_bucket import LedgerBucket

        prefix = "".join(f"{part}/" for part in (url.path.strip("/"), _PLACE) if part)
        with telling(url.netloc, NOTHING_TOUCHED):
            client = s3_client(runtime.environment(), url.query)
        return LedgerBucket(client, url.netloc, prefix, runtime.home / "costs-cache")
    raise UsageError(
        Text(
            f"状態の置き場所 {runtime.state_backend} は使えません（file:// か s3:// にしてください）。",
            f"the state backend {runtime.state_backend} cannot be used; give file:// or s3://.",
        )
    )
