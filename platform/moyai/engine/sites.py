"""What the rest of Moyai knows of a site while it runs: its variables, plugins and folders.

Nothing asks which site it is on. A runtime is opened by the name in the site's settings
(`Site.runtime`), from the table below; the embedded cloud is one entry of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from moyai.errors import UsageError
from moyai.registry.models import Site
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Plugin:
    """A resource provider plugin that stacks may share: its package name and how it is started.

    Started with no further arguments it prints its port on one line, as Pulumi's plugins do, and
    serves on the loopback until its standard input closes or it is ended.
    """

    package: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A span in which the site lost changes: what was applied in it may not be there (UTC)."""

    since: datetime
    until: datetime
    reason: Text = Text("変更が失われたおそれがあります。", "changes may have been lost.")


class SiteRuntime(Protocol):
    """One opened site."""

    @property
    def site(self) -> Site:
        """Its settings."""
        ...

    @property
    def home(self) -> Path:
        """The folder in which Moyai keeps this site's records, work folders and file state."""
        ...

    @property
    def state_backend(self) -> str:
        """The Pulumi backend's URL."""
        ...

    @property
    def secrets_provider(self) -> str:
        """`passphrase`, or the URL of a key."""
        ...

    def ensure_ready(self) -> Text | None:
        """Start what must run (the sandbox), or look that the account answers.

        Says what was started; None where nothing had to be.

        Raises `OperationFailed` with what to do next where that cannot be had.
        """
        ...

    def environment(self) -> Mapping[str, str]:
        """Variables for the engine, its plugins, the programs and boto3 (credentials by reference
        where the site has them so; the passphrase as a file's path, never its words)."""
        ...

    def plugins(self) -> tuple[Plugin, ...]:
        """Plugins that run once for all stacks of this site's account."""
        ...

    def doubts(self) -> tuple[Doubt, ...]:
        """Spans whose changes may be lost: stacks applied in one are `unknown` until looked at."""
        ...

    def operations_database(self) -> str:
        """The URL of the database of durable operations, without a password in it.

        Raises `UsageError` where the site has none, `OperationFailed` where it does not run.
        """
        ...


class EmbeddedSite(SiteRuntime, Protocol):
    """A runtime that Moyai itself can start and stop."""

    def start(self) -> bool:
        """Start it; returns when it answers. False where it runs already."""
        ...

    def stop(self) -> None:
        """Stop it; everything created stays for the next start."""
        ...

    def reset(self) -> None:
        """Stop it and forget everything that was created in it, state and records included."""
        ...

    def status(self) -> Mapping[str, object]:
        """`running`, `endpoint`, `pid`, `databases`, `snapshot_age_seconds`, `folder`.

        Of one that runs also `snapshot_problem` (why the last one could not be taken, or None) and
        `not_kept` (what snapshots leave out), or `problem` where it does not answer.
        """
        ...

    def psql(
        self, code: str, service: str, database: str | None
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """Command and variables for psql with a subscription's application credentials.

        `database` names another database than its own. Raises `OperationFailed` where the site does
        not run or the subscription has no database yet.
        """
        ...


_RUNTIMES: dict[str, str] = {
    "aws": "moyai.engine.aws.site",
    "embedded": "moyai.sandbox.site",
}


def open_site(site: Site, home: Path, project: Path) -> SiteRuntime:
    """Open a site by the runtime its settings name.

    `home` is the folder of all that Moyai keeps for this federation (`MOYAI_HOME`), `project` the
    folder of tenants.yaml, beside which `stacks/` lies. Each runtime module has
    `open_site(site, home, project)`. Raises `UsageError` for an unknown runtime.
    """
    module = _RUNTIMES.get(site.runtime)
    if module is None:
        known = ", ".join(sorted(_RUNTIMES))
        raise UsageError(
            Text(
                f"拠点 {site.name} の runtime「{site.runtime}」はありません。使えるもの: {known}",
                f"site {site.name}: there is no runtime '{site.runtime}'; known: {known}",
            )
        )
    return cast("SiteRuntime", import_module(module).open_site(site, home, project))
