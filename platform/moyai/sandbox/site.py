"""The embedded site: an AWS of its own on this machine, without an account."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.sites import Doubt, Plugin
from moyai.registry.models import Site
from moyai.sandbox import control
from moyai.sandbox.layout import Layout
from moyai.sandbox.processes import LOOPBACK
from moyai.texts import Text

ACCESS_KEY = "AKIAMOYAISANDBOX0001"
_SECRET_KEY = "not-a-secret-of-any-account"  # noqa: S105  # the embedded cloud checks none


def open_site(site: Site, home: Path, project: Path) -> Embedded:
    """Open an embedded site; nothing is started and nothing is made yet."""
    return Embedded(site, Layout(home / "sites" / site.name), project)


@dataclass(frozen=True, slots=True)
class Embedded:
    """One embedded site. See `moyai.engine.sites.EmbeddedSite`."""

    site: Site
    layout: Layout
    project: Path

    @property
    def home(self) -> Path:
        """The site's folder."""
        return self.layout.home

    @property
    def state_backend(self) -> str:
        """Pulumi's backend: a folder of the site, unless the file names another."""
        return self.site.state_backend or self.layout.state.as_uri()

    @property
    def secrets_provider(self) -> str:
        """A passphrase kept in the site's folder, unless the file names a key."""
        return self.site.secrets_provider or "passphrase"

    def ensure_ready(self) -> Text | None:
        """Start the cloud where it is not running."""
        if not self.start():
            return None
        return Text("サンドボックスを開始しました。", "The sandbox was started.")

    def environment(self) -> Mapping[str, str]:
        """Variables that point every AWS client and the engine at the embedded cloud.

        Raises `OperationFailed` where it is not running. The operator's own AWS profile, settings
        and proxies are put out of force.
        """
        running = control.running(self.layout)
        return {
            "AWS_ENDPOINT_URL": running.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "AWS_REGION": self.site.region,
            "AWS_DEFAULT_REGION": self.site.region,
            "AWS_PROFILE": "default",
            "AWS_CONFIG_FILE": str(self.layout.aws_config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.layout.aws_config),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": _with_loopback("NO_PROXY"),
            "no_proxy": _with_loopback("no_proxy"),
            "PULUMI_BACKEND_URL": self.state_backend,
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.layout.passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "DO_NOT_TRACK": "1",
        }

    def plugins(self) -> tuple[Plugin, ...]:
        """The local `aws` provider and Moyai's own."""
        return (
            Plugin("aws", (sys.executable, "-m", "moyai.sandbox.aws")),
            Plugin("moyai", (sys.executable, "-m", "moyai.provider")),
        )

    def doubts(self) -> tuple[Doubt, ...]:
        """Spans whose changes may be lost; of a cloud that was killed and not started again too."""
        return control.doubts(self.layout)

    def operations_database(self) -> str:
        """The URL of the operations database (a password file is named in it, no password).

        Raises `OperationFailed` where the cloud is not running.
        """
        return self.site.operations_database or control.running(self.layout).operations_database

    def psql(
        self, code: str, service: str, database: str | None
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """See `EmbeddedSite.psql`."""
        from moyai.sandbox import access  # boto3 is slow to import, and not always needed

        return access.psql(self, code, service, database)

    def start(self) -> bool:
        """Start the cloud; returns when it answers, False where it did so before.

        Raises `OperationFailed` where it does not.
        """
        return control.start(self.layout, self.site, self.project)

    def stop(self) -> None:
        """Stop the cloud, and what a killed one left running."""
        control.stop(self.layout)

    def reset(self) -> None:
        """Stop the cloud and delete the site's folder, state and records included."""
        self.stop()
        shutil.rmtree(self.layout.home, ignore_errors=True)

    def status(self) -> Mapping[str, object]:
        """See `EmbeddedSite.status`."""
        return control.status(self.layout)


def _with_loopback(name: str) -> str:
    listed = os.environ.get(name) or os.environ.get(name.lower()) or os.environ.get(name.upper())
    return ",".join(part for part in (listed, LOOPBACK, "localhost") if part)
