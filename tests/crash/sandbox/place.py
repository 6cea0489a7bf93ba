"""A small federation on an embedded site of its own, with many releases of e-application A to go to."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import boto3
import psycopg
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.crash.sandbox import recorder
from tests.crash.sandbox.counting import Span
from tests.crash.sandbox.recorder import Request, requests
from tests.crash.sandbox.releases import add_releases
from tests.crash.sandbox.witness import Witness

sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox" / "cli"))
sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox" / "engine"))

from federations import DAY, Federation, make_federation

from moyai.engine.sites import EmbeddedSite, open_site
from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.prepare import logins
from moyai.planning.names import database
from moyai.planning.topology import TENANT
from moyai.registry.load import require
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.roles import connect
from moyai.texts import JAPAN

SERVICE = "eapp-a"
BODIES = ("272035", "272051", "272078", "272272")
"""豊中市, 吹田市, 高槻市, 寝屋川市: e-application A, in environments without a network of their own."""
EDITED = "retention_years"
"""A setting of the service that edits change, from 1 to 30."""
PLANNER, APPROVER = "keikaku@jimukyoku.example.jp", "shonin@jimukyoku.example.jp"
_OPERATIONS = """operations:
  waves:
    - {{ name: 全団体, rest: true }}
  max_concurrent: {at_once}
  failure_tolerance: {{ bodies: 100, mode: soft }}
  same_errors: 0
  max_releases_behind: 100
  aws_calls_per_second: 10000
"""


@dataclass(frozen=True)
class Place:
    """The federation, and what looks at it from outside."""

    federation: Federation
    codes: Sequence[str]
    at_once: int
    base: Path
    """Outside of what Moyai writes: the record of requests, keys, what commands said."""
    witness: Witness

    @property
    def record(self) -> Path:
        """The cloud's record of requests."""
        return self.base / "requests.jsonl"

    @property
    def home(self) -> Path:
        """Its MOYAI_HOME."""
        return self.federation.home

    @cached_property
    def site(self) -> EmbeddedSite:
        """Its site, opened."""
        settings = require(self.federation.file).sites["sandbox"]
        opened = open_site(settings, self.home, self.federation.folder)
        return cast("EmbeddedSite", opened)

    def client(self, service: str) -> Any:
        """A client of its AWS."""
        given = self.site.environment()
        return boto3.session.Session().client(
            service,
            endpoint_url=given["AWS_ENDPOINT_URL"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            region_name=given["AWS_REGION"],
        )

    def engine(self) -> sa.Engine:
        """To its operations database, as operators."""
        places = logins(database_url(self.site.operations_database()), self.site.home)
        return open_engine(places.of("moyai_operator"), name="moyai-crash")

    def held(self, operation: str, code: str) -> list[Span]:
        """When a body was held for a person, by its records: until it was begun again, or to this day."""
        words = sa.text(
            "SELECT extract(epoch FROM at)::float8, CAST(content AS jsonb) ->> 'result' FROM moyai.audit "
            "WHERE chain = :chain AND CAST(content AS jsonb) ->> 'operation' = :operation "
            "AND (CAST(content AS jsonb) ->> 'action' = 'operation.begin' "
            "OR CAST(content AS jsonb) ->> 'action' LIKE '%.body') ORDER BY seq"
        )
        given = {"chain": f"body:{code}", "operation": operation}
        engine = self.engine()
        try:
            with engine.connect() as connection:
                turns = [(float(row[0]), row[1]) for row in connection.execute(words, given)]
        finally:
            engine.dispose()
        ends = [at for at, _ in turns[1:]] + [float("inf")]
        return [
            Span(code, at, end)
            for (at, result), end in zip(turns, ends, strict=True)
            if result == "held"
        ]

    def checkpoint(self, code: str) -> Checkpoint:
        """What the engine has on record of a body."""
        found = open_checkpoints(self.site).read(StackId(TENANT, code))
        assert found is not None
        return found

    def requests(self, since: float) -> list[Request]:
        """What was asked of AWS and answered since a moment of the host's clock."""
        return [one for one in requests(self.record) if one.at >= since]

    def database(self, code: str) -> str:
        """The name of a body's database."""
        return database(code, SERVICE).database

    @property
    def keys(self) -> Path:
        """Private keys of two persons."""
        return self.base / "keys"

    @property
    def federation_slug(self) -> str:
        """What names of its resources begin with."""
        return require(self.federation.file).federation.slug

    @property
    def cell(self) -> str:
        """The ECS cluster of all its bodies."""
        return f"{self.federation_slug}-cell-a"

    def family(self, code: str) -> str:
        """The name of a body's service and of its task definitions."""
        return f"{self.federation_slug}-{code}-{SERVICE}"

    def superuser(self, code: str) -> psycopg.Connection:
        """A body's database, as nobody of Moyai's."""
        for server in Fleet(self.witness.folder).all():
            with suppress(psycopg.OperationalError):
                return connect(server, self.database(code))
        raise AssertionError(f"no server has the database of {code}")

    def operations(self) -> list[dict[str, Any]]:
        """`moyai operation list`, the newest first."""
        return list(self.federation.ok("operation", "list", "--output", "json").json())

    def shown(self, operation: str) -> Mapping[str, Any] | None:
        """`moyai operation show`; None while that cannot be had."""
        answer = self.federation.moyai("operation", "show", operation, "--output", "json")
        return dict(answer.json()) if answer.code == 0 else None

    def statuses(self) -> Mapping[str, Any]:
        """`moyai status` of each body."""
        return self.federation.statuses()

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command as a person does, to be killed perhaps; what it says goes to a file."""
        with (self.base / "commands.txt").open("ab") as said:
            return subprocess.Popen(
                self.federation.command(*arguments),
                cwd=self.federation.folder,
                env=self.federation.environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def set_windows(self) -> None:
        """From now on bodies may be worked on now, and the last one not before hours have passed."""
        now = datetime.now(JAPAN)
        days = "[mon, tue, wed, thu, fri, sat, sun]"
        window = f'maintenance_window: {{{{ days: {days}, start: "{{:%H:%M}}", hours: 6 }}}}'
        text = self.federation.file.read_text(encoding="utf-8")
        opened = window.format(now - timedelta(hours=1))
        text, found = re.subn(r"(?m)^  maintenance_window: .*$", f"  {opened}", text)
        assert found == 1
        shut = window.format(now + timedelta(hours=7))
        head = f'  - code: "{self.codes[-1]}"\n'
        assert head in text
        self.federation.file.write_text(text.replace(head, f"{head}    {shut}\n"), encoding="utf-8")

    def upgrade(self, release: str) -> list[str]:
        """The command that plans an upgrade."""
        key = str(self.keys / "keikaku")
        return [
            *("upgrade", SERVICE, release, "--as-of", DAY, "--any-time"),
            *("--operator", PLANNER, "--key", key),
        ]

    def backup(self) -> list[str]:
        """The command that plans a backup of all."""
        return ["backup", "run", "--as-of", DAY, "--operator", PLANNER]

    def deploy(self) -> list[str]:
        """Set another edition in the file; the command that plans its deploy by workers."""
        text = self.federation.file.read_text(encoding="utf-8")
        after, found = re.subn(
            rf"(?m)^(  {SERVICE}:.*\n    release: .*\n    defaults:\n      edition: )(\S+)",
            lambda one: one[1] + {"standard": "large", "large": "standard"}[one[2]],
            text,
        )
        assert found == 1
        # A file that was there before is an older one: nothing is planned by that.
        after = f"{after.rstrip()}\n# {time.time_ns()}\n"
        self.federation.file.write_text(after, encoding="utf-8")
        key = str(self.keys / "keikaku")
        return ["deploy", "all", "--by-workers", "--any-time", "--operator", PLANNER, "--key", key]

    def rotate(self) -> list[str]:
        """The command that plans new passwords of all."""
        key = str(self.keys / "keikaku")
        given = ("--any-time", "--operator", PLANNER, "--key", key)
        return ["rotate", "database-passwords", "all", *given]

    def setting(self, code: str) -> int:
        """What tenants.yaml has of the setting that edits change."""
        body = require(self.federation.file).tenant(code)
        assert body is not None
        [found] = [one.settings[EDITED] for one in body.subscriptions if one.service == SERVICE]
        assert isinstance(found, int)
        return found

    def edit(self, code: str, value: int) -> list[str]:
        """The command that proposes an edit of one body."""
        key = str(self.keys / "keikaku")
        return [
            *("tenant", "edit", code, "--set", f"services.{SERVICE}.settings.{EDITED}={value}"),
            *("--propose", "--any-time", "--operator", PLANNER, "--key", key),
        ]

    def apply(self, operation: str) -> list[str]:
        """The command that writes an approved edit."""
        return ["tenant", "apply", operation, "--operator", PLANNER]

    def approve(self, operation: str) -> list[str]:
        """The command that approves all of it."""
        key = str(self.keys / "shonin")
        return [
            *("operation", "approve", operation, "--everything"),
            *("--operator", APPROVER, "--key", key),
        ]

    def reset(self) -> None:
        """Stop its cloud and delete it."""
        self.federation.moyai("sandbox", "reset", "--yes")


def make_place(base: Path, bodies: int, at_once: int, disk: Path | None = None) -> Place:
    """Lay it out, start its cloud and deploy it; half a minute and more. `disk`: where Moyai writes."""
    home, codes = (disk or base) / "home", BODIES[:bodies]
    federation = make_federation((disk or base) / "project", home, codes)
    witness = Witness(home / "sites" / "sandbox" / "cloud" / "postgres", SERVICE)
    place = Place(federation, codes, at_once, base, witness)
    _settle(federation, place.keys, codes, at_once)
    add_releases(federation.folder / "stacks" / "services" / SERVICE, SERVICE)
    place.record.touch()
    recorder.start(home, federation.folder, place.record)
    federation.ok("deploy", "--as-of", DAY)
    federation.ok("operation", "prepare")
    witness.look()
    return place


def _settle(federation: Federation, keys: Path, codes: Sequence[str], at_once: int) -> None:
    """Keys of two persons in the file, waves that wait for nobody, no other service."""
    keys.mkdir()
    text = federation.file.read_text(encoding="utf-8")
    for name in ("keikaku", "shonin"):
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        (keys / name).touch(0o600)
        (keys / name).write_bytes(private)
        (keys / f"{name}.pub").write_text(public)
        text, found = re.subn(rf"ssh_key: ssh-ed25519 \S+ {name}", f"ssh_key: {public}", text)
        assert found == 1
    text = re.sub(r"(?m)^ +- \{ service: chat, .*\n", "", text)
    settled = _OPERATIONS.format(at_once=at_once)
    text, found = re.subn(r"(?s)operations:\n  waves:\n.*?(?=\n# 団体。)", settled, text)
    assert found == 1
    federation.file.write_text(text, encoding="utf-8")
