"""Where a site's cost ledger is: below `.moyai/costs` of its state backend."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from moyai.costs.ledger.store import Store
from moyai.engine.sites import SiteRuntime
from moyai.engine.state.ledger_folder import LedgerFolder

_PLACE = ".moyai/costs"


def open_ledger_store(runtime: SiteRuntime) -> Store:
    """The files of a site's ledger. A folder needs no credentials, and the site need not run."""
    url = urlsplit(runtime.state_backend)
    return LedgerFolder(Path(unquote(url.netloc + url.path)).expanduser() / _PLACE)
