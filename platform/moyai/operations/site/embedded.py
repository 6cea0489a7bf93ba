"""The embedded site as an operator handles it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from moyai.engine.sites import EmbeddedSite, open_site
from moyai.errors import UsageError
from moyai.operations.site.places import home_folder
from moyai.planning.selectors import only
from moyai.registry.load import require
from moyai.texts import Text

SITE = "sandbox"


def embedded_site(path: Path) -> EmbeddedSite:
    """The sandbox of the checkout that a file belongs to; nothing is started."""
    registry = require(path)
    home = home_folder(path.parent, os.environ)
    return cast("EmbeddedSite", open_site(registry.sites[SITE], home, path.parent))


def database_shell(
    path: Path, key: str, service: str, database: str | None
) -> tuple[list[str], dict[str, str]]:
    """Command and variables for psql on a body's database with its application's credentials."""
    registry = require(path)
    body = only(registry, key)
    if body.subscription(service) is None:
        used = ", ".join(one.service for one in body.subscriptions)
        raise UsageError(
            Text(
                f"{key} は {service} を利用していません。利用しているもの: {used or 'なし'}",
                f"{key} has no subscription of {service}; it has: {used or 'none'}",
            )
        )
    argv, environ = embedded_site(path).psql(body.code, service, database)
    return list(argv), dict(environ)
