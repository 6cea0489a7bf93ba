"""Where a site's operations database is, remembered: what is only read starts without the registry.

What is remembered holds for one content of tenants.yaml and one version of Moyai; whoever finds that the
database does not answer there opens the site and learns it anew. No password is in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

import moyai

_SITE = re.compile(r"[a-z0-9][a-z0-9-]*")


def remembered(home: Path, site: str, file: Path) -> str | None:
    """libpq's connection string for operators, or None where it is not known of this content of `file`.

    `home` is the folder of all that Moyai keeps for the federation.
    """
    if _SITE.fullmatch(site) is None:
        return None
    try:
        known = json.loads(_place(home, site).read_bytes())
        if known["for"] != _subject(site, file):
            return None
        return str(known["conninfo"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def remember(home: Path, site: str, file: Path, conninfo: str) -> None:
    """Remember it; not where that cannot be written."""
    from moyai.engine.files import write_private

    document = {"for": _subject(site, file), "conninfo": conninfo}
    with suppress(OSError):
        write_private(_place(home, site), json.dumps(document).encode())


def _place(home: Path, site: str) -> Path:
    return home / "sites" / site / "operations" / "whereabouts.json"


def _subject(site: str, file: Path) -> list[str]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return [moyai.__version__, site, str(file), digest]
