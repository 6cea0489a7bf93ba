"""Where one embedded site keeps its files. Everything lies below the site's own folder."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.files import write_private

PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders and files of one embedded site.

    `home` is the site's folder (records and work folders are kept there by others), `cloud` what
    the embedded cloud itself keeps.
    """

    home: Path

    @property
    def state(self) -> Path:
        """Pulumi's file backend."""
        return self.home / "state"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase that encrypts the stacks' secrets."""
        return self.home / "passphrase"

    @property
    def cloud(self) -> Path:
        """Everything that the embedded cloud keeps."""
        return self.home / "cloud"

    @property
    def run_file(self) -> Path:
        """Which process runs the cloud, and where it answers."""
        return self.cloud / "run.json"

    @property
    def last_port(self) -> Path:
        """The port it had last, wished for again."""
        return self.cloud / "port"

    @property
    def alive_lock(self) -> Path:
        """Locked by the cloud's process as long as it lives."""
        return self.cloud / "alive.lock"

    @property
    def change_lock(self) -> Path:
        """Locked by whoever starts, stops or resets the cloud."""
        return self.home / "cloud.lock"

    @property
    def log(self) -> Path:
        """What the cloud's process writes."""
        return self.cloud / "cloud.log"

    @property
    def snapshots(self) -> Path:
        """Snapshots of what was created."""
        return self.cloud / "snapshots"

    @property
    def objects(self) -> Path:
        """Contents of large S3 objects, by hash."""
        return self.cloud / "objects"

    @property
    def databases(self) -> Path:
        """Data folders of the PostgreSQL instances."""
        return self.cloud / "postgres"

    @property
    def work(self) -> Path:
        """Private folders of running jobs, emptied at every start."""
        return self.cloud / "work"

    @property
    def doubts(self) -> Path:
        """Spans whose changes may be lost."""
        return self.cloud / "doubts.json"

    @property
    def changed(self) -> Path:
        """There while something changed that no snapshot holds yet."""
        return self.cloud / "changed"

    @property
    def aws_config(self) -> Path:
        """An AWS configuration file in place of the operator's own."""
        return self.cloud / "aws-config"

    def prepare(self) -> None:
        """Make the folders, the passphrase and the AWS configuration where they are not there."""
        for folder in (self.home, self.state, self.cloud, self.snapshots, self.objects, self.work):
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.databases.mkdir(mode=0o711, exist_ok=True)
        if not self.passphrase.exists():
            write_private(self.passphrase, secrets.token_urlsafe(32).encode())
        if not self.aws_config.exists():
            write_private(self.aws_config, b"[default]\n")


def write_json(path: Path, document: Mapping[str, object] | list[object]) -> None:
    """Replace a JSON file atomically, readable by its owner only."""
    write_private(path, json.dumps(document, ensure_ascii=False, indent=1).encode())


def read_json(path: Path) -> object | None:
    """The content of a JSON file; None where it is not there or was cut short."""
    try:
        return json.loads(path.read_bytes())  # type: ignore[no-any-return]  # object, checked by callers
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
