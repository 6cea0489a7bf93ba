"""A site that is an AWS account: state in a bucket, secrets under a key, the caller or a role.

Nothing runs for it but the engine and the plugins; what is checked before a run is that the account
is the one that tenants.yaml names, and that bucket and key are there.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from moyai.engine.aws.sessions import aws_session, aws_trouble, s3_client
from moyai.engine.files import private_folder
from moyai.engine.sites import Doubt, Plugin
from moyai.errors import NOTHING_TOUCHED, SiteTrouble, UsageError
from moyai.registry.models import Site
from moyai.texts import Text, of_system

_PROFILE = "moyai"
_CONNECT_SECONDS = 5
_READ_SECONDS = 10


def open_site(site: Site, home: Path, project: Path) -> AwsSite:  # noqa: ARG001 - as all runtimes
    """Open an AWS account; nothing is asked of it yet.

    Raises `UsageError` where the site names no bucket for its state or no key for its secrets (a
    folder on one person's machine is neither shared nor kept), or a role of another account.
    """
    mend = Text("tenants.yaml の sites を直してください。", "Mend sites in tenants.yaml.")
    for setting, value, scheme in (
        ("state_backend", site.state_backend, "s3"),
        ("secrets_provider", site.secrets_provider, "awskms"),
    ):
        if value is None or urlsplit(value).scheme != scheme:
            raise UsageError(
                Text(
                    f"拠点 {site.name} の {setting} は {scheme}:// で始まる必要があります。",
                    f"site {site.name}: {setting} has to begin with {scheme}://.",
                ),
                remedy=mend,
            )
    if site.role_arn is not None and site.role_arn.split(":")[4] != site.account_id:
        raise UsageError(
            Text(
                f"拠点 {site.name} の role_arn は、アカウント {site.account_id} のものではありません。",
                f"site {site.name}: role_arn is not of account {site.account_id}.",
            ),
            remedy=mend,
        )
    return AwsSite(site, home / "sites" / site.name)


@dataclass(frozen=True, slots=True)
class AwsSite:
    """One AWS account. See `moyai.engine.sites.SiteRuntime`."""

    site: Site
    home: Path

    @property
    def state_backend(self) -> str:
        """The bucket's URL."""
        assert self.site.state_backend is not None
        return self.site.state_backend

    @property
    def secrets_provider(self) -> str:
        """The key's URL."""
        assert self.site.secrets_provider is not None
        return self.site.secrets_provider

    def environment(self) -> Mapping[str, str]:
        """Region, and who is calling: the caller as they are, or a profile that assumes the role.

        With a role, the caller's own identity is put out of force under its usual names and handed
        on under others, for `credentials` alone. Raises `SiteTrouble` where the profile
        cannot be written.
        """
        common = {
            "AWS_REGION": self.site.region,
            "AWS_DEFAULT_REGION": self.site.region,
            "PULUMI_BACKEND_URL": self.state_backend,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # The engine brings the official `aws` plugin in by itself.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false",
        }
        if self.site.role_arn is None:
            return {**common, **_callers_profile()}
        return {**common, **_hidden_identity(), **self._role_profile(self.site.role_arn)}

    def operations_database(self) -> str:
        """As tenants.yaml has it. Raises `UsageError` where it has none."""
        if self.site.operations_database is None:
            raise UsageError(
                Text(
                    f"拠点 {self.site.name} に operations_database がありません。",
                    f"the site {self.site.name} has no operations_database.",
                ),
                remedy=Text(
                    "運用データベース（PostgreSQL）の URL を tenants.yaml の sites に書いてください。",
                    "Write the URL of a PostgreSQL database into its entry of tenants.yaml.",
                ),
            )
        return self.site.operations_database

    def plugins(self) -> tuple[Plugin, ...]:
        """Moyai's own; the official `aws` plugin is the engine's business."""
        return (Plugin("moyai", (sys.executable, "-m", "moyai.provider")),)

    def doubts(self) -> tuple[Doubt, ...]:
        """None: what AWS confirmed is there."""
        return ()

    def ensure_ready(self) -> None:
        """Look that account, bucket and key answer.

        Raises `SiteTrouble` for missing or expired credentials, another account than the file
        names, and a bucket or key that is not there.
        """
        from botocore.config import Config

        settings = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 3},
        )
        session = self._enter(settings)
        self._check_bucket()
        self._check_key(session, settings)

    def _enter(self, settings: Any) -> Any:
        """A session of this very account."""
        from botocore.exceptions import BotoCoreError, ClientError

        what = Text(
            f"拠点 {self.site.name}（アカウント {self.site.account_id}）に入れません",
            f"site {self.site.name} (account {self.site.account_id}) cannot be entered",
        )
        try:
            session: Any = aws_session(self.environment())
            caller = session.client("sts", config=settings).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise aws_trouble(what, error, NOTHING_TOUCHED, SiteTrouble) from None
        if caller["Account"] != self.site.account_id:
            raise self._wrong_account(caller["Account"], caller["Arn"])
        return session

    def _wrong_account(self, account: str, arn: str) -> SiteTrouble:
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        ja = f"（AWS_ENDPOINT_URL={endpoint} に問い合わせています）" if endpoint else ""
        en = f" (AWS_ENDPOINT_URL={endpoint} is asked)" if endpoint else ""
        return SiteTrouble(
            Text(
                f"拠点 {self.site.name} はアカウント {self.site.account_id} ですが、今の資格情報は"
                f"アカウント {account} のものです: {arn}{ja}。",
                f"site {self.site.name} is account {self.site.account_id}, but these credentials are "
                f"of account {account}: {arn}{en}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "AWS_PROFILE などで正しいアカウントを選んで、もう一度実行してください。",
                "Choose the right account, by AWS_PROFILE for one, then run again.",
            ),
        )

    def _check_bucket(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        url = urlsplit(self.state_backend)
        bucket = url.netloc
        what = Text(
            f"状態を置くバケット {bucket} を使えません",
            f"the state's bucket {bucket} cannot be used",
        )
        try:
            s3_client(self.environment(), url.query).head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                raise aws_trouble(what, error, NOTHING_TOUCHED, SiteTrouble) from None
            raise _missing(
                Text(f"状態を置くバケット {bucket}", f"the state's bucket {bucket}"),
                Text("バージョニングと暗号化を有効にして", "with versioning and encryption, "),
            ) from None
        except BotoCoreError as error:
            raise aws_trouble(what, error, NOTHING_TOUCHED, SiteTrouble) from None

    def _check_key(self, session: Any, settings: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        key, region = _key_of(self.secrets_provider)
        name = Text(f"状態の秘密を守る鍵 {key}", f"the key of the state's secrets {key}")
        try:
            session.client("kms", region, config=settings).describe_key(KeyId=key)
        except ClientError as error:
            # Encrypting and decrypting may be allowed without describing: then the engine tells.
            if error.response["Error"]["Code"] == "NotFoundException":
                raise _missing(name, Text("", "")) from None
        except BotoCoreError as error:
            what = Text(f"{name.ja}を確かめられません", f"{name.en} cannot be looked at")
            raise aws_trouble(what, error, NOTHING_TOUCHED, SiteTrouble) from None

    def _role_profile(self, role: str) -> dict[str, str]:
        config = self.home / "aws-config"
        # The region is last: a value that begins and ends with a quote would lose both in Go's SDK.
        command = (sys.executable, "-P", "-m", "moyai.engine.aws.credentials")
        process = shlex.join((*command, str(config), role, self.site.region))
        text = (
            f"[profile {_PROFILE}]\nregion = {self.site.region}\ncredential_process = {process}\n"
        )
        try:
            _write(config, text)
        except OSError as error:
            why = of_system(error)
            raise SiteTrouble(
                Text(
                    f"{config} を書けません（{why.ja}）。",
                    f"{config} cannot be written ({why.en}).",
                ),
                remedy=Text(
                    "空き容量と権限を確かめて、もう一度実行してください。",
                    "Look at free space and permissions, then run again.",
                ),
            ) from None
        return {
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PROFILE": _PROFILE,
            "AWS_DEFAULT_PROFILE": _PROFILE,  # boto3 takes this one first
        }


def _callers_profile() -> dict[str, str]:
    """The caller's profile, where SDKs of all languages would take it: keys come before it."""
    profile = os.environ.get("AWS_PROFILE")
    return {"AWS_PROFILE": profile} if profile and not os.environ.get("AWS_ACCESS_KEY_ID") else {}


def _hidden_identity() -> dict[str, str]:
    from moyai.engine.aws.credentials import CALLER, IDENTITY

    handed_on = {CALLER + name: os.environ[name] for name in IDENTITY if os.environ.get(name)}
    return {**handed_on, **dict.fromkeys(IDENTITY, "")}


def _write(path: Path, text: str) -> None:
    """Replace a file of the owner's alone, unless it says so already. Raises `OSError`."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    private_folder(path.parent)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _key_of(url: str) -> tuple[str, str | None]:
    """What KMS calls the key of an `awskms://` URL (an id, an alias or an ARN), and its region."""
    parts = urlsplit(url)
    region = parse_qs(parts.query).get("region")
    return (parts.netloc + parts.path).strip("/"), region[-1] if region else None


def _missing(name: Text, how: Text) -> SiteTrouble:
    return SiteTrouble(
        Text(f"{name.ja} がありません。", f"there is no such thing: {name.en}."),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"{how.ja}作ってから、もう一度実行してください。", f"Make it {how.en}then run again."
        ),
    )
